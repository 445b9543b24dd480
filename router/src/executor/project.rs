//! Writes the client's answer: what was fetched, in the client's shape, with nulls where the specification puts them.

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name, Variables};
use reel_error::{ErrorCode, Language};

use super::errors::ErrorLog;
use super::shape::{Content, Projection, Shape, ShapeField, ShapeId, ValueKind, ValueShape};
use super::sink::Sink;
use crate::path::{PathLink, Step, resolve};
use crate::pipeline::OnDenied;

type Object = IndexMap<Name, ConstValue>;
type Path<'a> = Option<&'a PathLink<'a>>;

/// A null where none may be: the nearest nullable value around it becomes null instead.
struct Bubble;

/// Writes `data` in the shape of `projection`. `on_denied` is about objects that the caller may not see.
pub(crate) fn project<S: Sink>(
    projection: &Projection,
    on_denied: OnDenied,
    variables: &Variables,
    data: &Object,
    errors: &mut ErrorLog,
    sink: &mut S,
) {
    let mark = sink.mark();
    let mut projector = Projector { projection, variables, errors, sink, met_denied: false };
    let is_void = projector.object(projection.root, data, None).is_err()
        || (on_denied == OnDenied::RefuseRequest && projector.met_denied);
    if is_void {
        sink.roll_back(mark);
        sink.null();
    }
}

struct Projector<'a, S> {
    projection: &'a Projection,
    variables: &'a Variables,
    errors: &'a mut ErrorLog,
    sink: &'a mut S,
    /// Whether there was an object that the caller may not see.
    met_denied: bool,
}

impl<S: Sink> Projector<'_, S> {
    fn object(&mut self, shape: ShapeId, data: &Object, path: Path<'_>) -> Result<(), Bubble> {
        let projection = self.projection;
        let shape = &projection.shapes[shape];
        self.sink.begin_object(shape.fields.len());
        for (position, field) in shape.fields.iter().enumerate() {
            if !field.when.holds(self.variables) {
                continue;
            }
            self.sink.key(field);
            let link = PathLink { parent: path, step: Step::Key(&field.key) };
            self.field(shape, field, position, data, &link)?;
        }
        self.sink.end_object();
        Ok(())
    }

    fn field(
        &mut self,
        shape: &Shape,
        field: &ShapeField,
        position: usize,
        data: &Object,
        path: &PathLink<'_>,
    ) -> Result<(), Bubble> {
        match &field.content {
            Content::Typename => {
                // The shape was chosen by the object's own word where that counts.
                self.sink.text(&shape.type_name);
                Ok(())
            }
            Content::Denied { code, nullable } => {
                self.errors.add_at(*code, code.message(Language::English), resolve(Some(path)));
                self.absent(*nullable)
            }
            Content::Value(value) => {
                let found = lookup(data, position, &field.key);
                self.value(value, found, path, &|| format!("{}.{}", shape.type_name, field.name))
            }
        }
    }

    fn value(
        &mut self,
        shape: &ValueShape,
        value: Option<&ConstValue>,
        path: &PathLink<'_>,
        field: &dyn Fn() -> String,
    ) -> Result<(), Bubble> {
        let Some(value) = value.filter(|value| **value != ConstValue::Null) else {
            return self.null(shape, path, field);
        };
        let mark = self.sink.mark();
        match self.present(shape, value, path, field) {
            Err(Bubble) if shape.nullable => {
                self.sink.roll_back(mark);
                self.sink.null();
                Ok(())
            }
            result => result,
        }
    }

    fn present(
        &mut self,
        shape: &ValueShape,
        value: &ConstValue,
        path: &PathLink<'_>,
        field: &dyn Fn() -> String,
    ) -> Result<(), Bubble> {
        match (&shape.kind, value) {
            (ValueKind::Leaf, value) => self.sink.leaf(value),
            (ValueKind::Id, ConstValue::Number(number)) => self.sink.text(&number.to_string()),
            (ValueKind::Id, value) => self.sink.leaf(value),
            (ValueKind::Enum(values), ConstValue::Enum(name)) if values.contains(name) => self.sink.text(name),
            (ValueKind::Enum(values), ConstValue::String(text)) if values.contains(text.as_str()) => {
                self.sink.text(text);
            }
            (ValueKind::List(inner), ConstValue::List(items)) => return self.list(inner, items, path, field),
            (ValueKind::Object(shape), ConstValue::Object(data)) => return self.permitted(*shape, data, path),
            (ValueKind::Abstract { shapes, fallback }, ConstValue::Object(data)) => {
                let shape = match typename(data) {
                    Some(name) => shapes.get(name).copied().or_else(|| self.fallback(*fallback, name)),
                    None => Some(*fallback),
                };
                match shape {
                    Some(shape) => return self.permitted(shape, data, path),
                    None => return self.mismatch(path, field),
                }
            }
            _ => return self.mismatch(path, field),
        }
        Ok(())
    }

    /// A subgraph that knows an interface only as an object says the interface's own name.
    fn fallback(&self, fallback: ShapeId, name: &str) -> Option<ShapeId> {
        (self.projection.shapes[fallback].type_name == *name).then_some(fallback)
    }

    /// Objects of a type that this viewer may not see are null, whichever way they were reached.
    fn permitted(&mut self, shape: ShapeId, data: &Object, path: &PathLink<'_>) -> Result<(), Bubble> {
        if let Some(code) = self.projection.shapes[shape].denied {
            self.errors.add_at(code, code.message(Language::English), resolve(Some(path)));
            self.met_denied = true;
            return Err(Bubble);
        }
        self.object(shape, data, Some(path))
    }

    fn list(
        &mut self,
        inner: &ValueShape,
        items: &[ConstValue],
        path: &PathLink<'_>,
        field: &dyn Fn() -> String,
    ) -> Result<(), Bubble> {
        self.sink.begin_list(items.len());
        for (index, item) in items.iter().enumerate() {
            self.sink.item();
            let link = PathLink { parent: Some(path), step: Step::Index(index) };
            self.value(inner, Some(item), &link, field)?;
        }
        self.sink.end_list();
        Ok(())
    }

    fn null(&mut self, shape: &ValueShape, path: &PathLink<'_>, field: &dyn Fn() -> String) -> Result<(), Bubble> {
        if !shape.nullable {
            let path = resolve(Some(path));
            // The subgraph that failed to give it has already said so.
            if !self.errors.covers(&path) {
                let message = format!("Cannot return null for non-nullable field {}.", field());
                self.errors.add_at(ErrorCode::Internal, &message, path);
            }
        }
        self.absent(shape.nullable)
    }

    /// The subgraph's answer does not fit the schema, or has a value that clients may not see.
    fn mismatch(&mut self, path: &PathLink<'_>, field: &dyn Fn() -> String) -> Result<(), Bubble> {
        let message = format!("The value of {} cannot be shown.", field());
        self.errors.add_at(ErrorCode::Internal, &message, resolve(Some(path)));
        Err(Bubble)
    }

    fn absent(&mut self, nullable: bool) -> Result<(), Bubble> {
        if !nullable {
            return Err(Bubble);
        }
        self.sink.null();
        Ok(())
    }
}

/// Answers mostly come in the order that was asked for, so the position is tried before the hash.
fn lookup<'a>(data: &'a Object, position: usize, key: &Name) -> Option<&'a ConstValue> {
    match data.get_index(position) {
        Some((found, value)) if found == key => Some(value),
        _ => data.get(key),
    }
}

/// The type that an object says it has.
pub(crate) fn typename(data: &Object) -> Option<&str> {
    match data.get("__typename") {
        Some(ConstValue::String(name)) => Some(name),
        Some(ConstValue::Enum(name)) => Some(name),
        _ => None,
    }
}
