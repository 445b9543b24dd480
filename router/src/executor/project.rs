//! Writes the client's answer: what was fetched, in the client's shape, with nulls where the specification puts them.

use std::ops::Range;

use async_graphql_value::{ConstValue, Variables};
use reel_error::{ErrorCode, Language};

use super::errors::ErrorLog;
use super::layout::Lookup;
use super::shape::{Content, Projection, Shape, ShapeField, ShapeId, ValueKind, ValueShape};
use super::sink::Sink;
use super::store::{Leaf, List, NodeId, ROOT, Store, Value};
use crate::error::GraphqlError;
use crate::path::{PathLink, Step, resolve};
use crate::pipeline::OnDenied;
use crate::schema::Schema;

type Path<'a> = Option<&'a PathLink<'a>>;

/// A null where none may be: the nearest nullable value around it becomes null instead.
struct Bubble;

/// What was fetched, and what says how it is to be shown.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) projection: &'a Projection,
    pub(crate) variables: &'a Variables,
    pub(crate) schema: &'a Schema,
    pub(crate) store: &'a Store,
}

/// What an answer may be.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// What becomes of it with an object that the caller may not see.
    pub(crate) on_denied: OnDenied,
    /// How long it may be, in bytes.
    pub(crate) longest: usize,
}

/// Writes what was fetched in the shape of the projection.
pub(crate) fn project<S: Sink>(source: Source<'_>, rules: Rules, errors: &mut ErrorLog, sink: &mut S) {
    let (mark, longest) = (sink.mark(), sink.length().saturating_add(rules.longest));
    let Source { projection, variables, schema, store } = source;
    let mut projector = Projector {
        projection,
        variables,
        schema,
        store,
        errors,
        sink,
        lookups: vec![Lookup::default(); projection.fields],
        written: Written::default(),
        met_denied: false,
        longest,
        is_too_long: false,
    };
    let is_void = projector.whole().is_err() || (rules.on_denied == OnDenied::RefuseRequest && projector.met_denied);
    if is_void {
        sink.roll_back(mark);
        sink.null();
    }
}

struct Projector<'a, S> {
    projection: &'a Projection,
    variables: &'a Variables,
    schema: &'a Schema,
    store: &'a Store,
    errors: &'a mut ErrorLog,
    sink: &'a mut S,
    /// One for each field of the projection.
    lookups: Vec<Lookup>,
    /// Where objects that may be at several places were written without an error.
    written: Written,
    /// Whether there was an object that the caller may not see.
    met_denied: bool,
    /// Where the answer ends at the latest, and whether it would have gone on.
    longest: usize,
    is_too_long: bool,
}

impl<S: Sink> Projector<'_, S> {
    fn whole(&mut self) -> Result<(), Bubble> {
        self.object(self.projection.root, ROOT, None)?;
        if self.sink.length() > self.longest { self.too_long() } else { Ok(()) }
    }

    /// An object; one that was written before is copied.
    fn shared_object(&mut self, shape: ShapeId, data: NodeId, path: Path<'_>) -> Result<(), Bubble> {
        if !self.store.is_shared {
            return self.object(shape, data, path);
        }
        if let Some(written) = self.written.find(data, shape) {
            if self.sink.length().saturating_add(written.len()) > self.longest {
                return self.too_long();
            }
            if self.sink.repeat(written) {
                return Ok(());
            }
        }
        let (mark, seen) = (self.sink.mark(), self.errors.seen());
        self.object(shape, data, path)?;
        // An error names its place, so it has to be found again at each.
        if self.errors.seen() == seen {
            self.written.insert(data, shape, mark..self.sink.mark());
        }
        Ok(())
    }

    fn object(&mut self, shape: ShapeId, data: NodeId, path: Path<'_>) -> Result<(), Bubble> {
        if self.sink.length() > self.longest {
            return self.too_long();
        }
        let projection = self.projection;
        let shape = &projection.shapes[shape];
        self.sink.begin_object(shape.fields.len());
        for field in &shape.fields {
            if !field.when.holds(self.variables) {
                continue;
            }
            self.sink.key(field);
            let link = PathLink { parent: path, step: Step::Key(&field.shown) };
            self.field(shape, field, data, &link)?;
        }
        self.sink.end_object();
        Ok(())
    }

    fn field(&mut self, shape: &Shape, field: &ShapeField, data: NodeId, path: &PathLink<'_>) -> Result<(), Bubble> {
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
                let found = self.store.get(data, &field.key, &mut self.lookups[field.number]);
                self.value(value, found, path, &|| format!("{}.{}", shape.type_name, field.name))
            }
        }
    }

    fn value(
        &mut self,
        shape: &ValueShape,
        value: Value,
        path: &PathLink<'_>,
        field: &dyn Fn() -> String,
    ) -> Result<(), Bubble> {
        if value == Value::Null {
            return self.null(shape, path, field);
        }
        let mark = self.sink.mark();
        match self.present(shape, value, path, field) {
            // An answer without what is too long would be only a little shorter.
            Err(Bubble) if shape.nullable && !self.is_too_long => {
                self.sink.roll_back(mark);
                self.written.forget_all();
                self.sink.null();
                Ok(())
            }
            result => result,
        }
    }

    fn present(
        &mut self,
        shape: &ValueShape,
        value: Value,
        path: &PathLink<'_>,
        field: &dyn Fn() -> String,
    ) -> Result<(), Bubble> {
        match (&shape.kind, value) {
            (ValueKind::List(inner), Value::List(items)) => return self.list(inner, items, path, field),
            (ValueKind::Object(shape), Value::Object(data)) => return self.permitted(*shape, data, path),
            (ValueKind::Abstract { shapes, fallback }, Value::Object(data)) => {
                let shape = match self.store.typename(self.schema, data) {
                    Some(name) => shapes.get(name).copied().or_else(|| self.fallback(*fallback, name)),
                    None => Some(*fallback),
                };
                match shape {
                    Some(shape) => return self.permitted(shape, data, path),
                    None => return self.mismatch(path, field),
                }
            }
            (_, Value::Object(_)) => return self.mismatch(path, field),
            (ValueKind::Leaf, value) => self.sink.leaf(self.store, value),
            (ValueKind::Id, value) => self.id(value),
            (ValueKind::Enum(values), value) => match self.store.text(value) {
                Some(name) if values.contains(name) => self.sink.text(name),
                _ => return self.mismatch(path, field),
            },
            _ => return self.mismatch(path, field),
        }
        Ok(())
    }

    /// An id is a text, whatever the subgraph thinks.
    fn id(&mut self, value: Value) {
        match self.store.leaf(value) {
            Some(Leaf::Text(number)) if !number.starts_with(b"\"") => {
                self.sink.text(&String::from_utf8_lossy(number));
            }
            Some(Leaf::Const(ConstValue::Number(number))) => self.sink.text(&number.to_string()),
            _ => self.sink.leaf(self.store, value),
        }
    }

    /// A subgraph that knows an interface only as an object says the interface's own name.
    fn fallback(&self, fallback: ShapeId, name: &str) -> Option<ShapeId> {
        (self.projection.shapes[fallback].type_name == *name).then_some(fallback)
    }

    /// Objects of a type that this viewer may not see are null, whichever way they were reached.
    fn permitted(&mut self, shape: ShapeId, data: NodeId, path: &PathLink<'_>) -> Result<(), Bubble> {
        if let Some(code) = self.projection.shapes[shape].denied {
            self.errors.add_at(code, code.message(Language::English), resolve(Some(path)));
            self.met_denied = true;
            return Err(Bubble);
        }
        self.shared_object(shape, data, Some(path))
    }

    fn list(
        &mut self,
        inner: &ValueShape,
        items: List,
        path: &PathLink<'_>,
        field: &dyn Fn() -> String,
    ) -> Result<(), Bubble> {
        let items = self.store.items(items);
        self.sink.begin_list(items.len());
        for (index, item) in items.iter().enumerate() {
            self.sink.item();
            let link = PathLink { parent: Some(path), step: Step::Index(index) };
            self.value(inner, *item, &link, field)?;
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

    fn too_long(&mut self) -> Result<(), Bubble> {
        self.is_too_long = true;
        self.errors.add_first(GraphqlError::generic(ErrorCode::AnswerLimit));
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

/// Where objects were written, by their number: the last shape of each.
#[derive(Default)]
struct Written {
    places: Vec<Option<(ShapeId, u32, Range<usize>)>>,
    /// What was written in an earlier one was taken back.
    generation: u32,
}

impl Written {
    fn find(&self, object: NodeId, shape: ShapeId) -> Option<Range<usize>> {
        match self.places.get(object as usize)? {
            Some((of, generation, place)) if (*of, *generation) == (shape, self.generation) => Some(place.clone()),
            _ => None,
        }
    }

    fn insert(&mut self, object: NodeId, shape: ShapeId, place: Range<usize>) {
        let number = object as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, None);
        }
        self.places[number] = Some((shape, self.generation, place));
    }

    fn forget_all(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }
}
