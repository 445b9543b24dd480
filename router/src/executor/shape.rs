//! The shape of the answer: the client's selections, merged per concrete type once, so that writing an answer is one walk.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::{Name, Value, Variables};
use indexmap::IndexMap;
use reel_error::ErrorCode;

use super::json;
use crate::condition::{Condition, all_hold};
use crate::error::GraphqlError;
use crate::grants::Grants;
use crate::pipeline::authorize::denial;
use crate::pipeline::operation::{Field, Operation, Selection};
use crate::planner::Key;
use crate::schema::{Schema, TypeDefinition, TypeKind};

/// How many fields all shapes of an operation may have together. Selections on interfaces inside each other multiply.
const MOST_FIELDS: usize = 100_000;

/// Index into [`Projection::shapes`].
pub(crate) type ShapeId = usize;

/// The shape of a whole answer.
#[derive(Debug)]
pub struct Projection {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) root: ShapeId,
    /// How many fields all shapes have together.
    pub(crate) fields: usize,
    /// Whether a root field asks for the schema.
    pub(crate) introspects: bool,
}

/// What is selected on one concrete type.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) type_name: Name,
    pub(crate) fields: Vec<ShapeField>,
    /// Why the viewer may not see objects of this type.
    pub(crate) denied: Option<ErrorCode>,
}

#[derive(Debug)]
pub(crate) struct ShapeField {
    /// Which field of the projection it is.
    pub(crate) number: usize,
    pub(crate) key: Key,
    /// The key in the client's answer. It differs where that name is kept for fields of ours.
    pub(crate) shown: Name,
    /// The same as JSON, colon included.
    pub(crate) json_key: Box<[u8]>,
    pub(crate) name: Name,
    pub(crate) when: When,
    pub(crate) content: Content,
    /// Only kept where the router itself resolves the field.
    pub(crate) arguments: Vec<(Name, Value)>,
}

#[derive(Debug)]
pub(crate) enum Content {
    Typename,
    Denied { code: ErrorCode, nullable: bool },
    Value(ValueShape),
}

#[derive(Debug)]
pub(crate) struct ValueShape {
    pub(crate) nullable: bool,
    pub(crate) kind: ValueKind,
}

impl ValueShape {
    /// Whether it is made of objects.
    pub(crate) fn has_objects(&self) -> bool {
        match &self.kind {
            ValueKind::List(inner) => inner.has_objects(),
            ValueKind::Object(_) | ValueKind::Abstract { .. } => true,
            ValueKind::Leaf | ValueKind::Id | ValueKind::Enum(_) => false,
        }
    }
}

#[derive(Debug)]
pub(crate) enum ValueKind {
    List(Box<ValueShape>),
    Leaf,
    Id,
    Enum(Arc<HashSet<Name>>),
    Object(ShapeId),
    /// By the object's type; the fallback is for objects that do not tell it.
    Abstract {
        shapes: HashMap<Name, ShapeId>,
        fallback: ShapeId,
    },
}

/// Alternatives of conditions that must all hold; empty is always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct When(Vec<Vec<Condition>>);

impl When {
    pub(crate) fn holds(&self, variables: &Variables) -> bool {
        self.0.is_empty() || self.0.iter().any(|all| all_hold(all, variables))
    }

    fn or(&mut self, conditions: &[Condition], first: bool) {
        if conditions.is_empty() {
            self.0.clear();
        } else if (first || !self.0.is_empty()) && !self.0.iter().any(|all| all == conditions) {
            self.0.push(conditions.to_vec());
        }
    }
}

/// Makes the shapes of an operation.
///
/// # Errors
///
/// When they would be too many.
pub(crate) fn compile(operation: &Operation, schema: &Schema, grants: &Grants) -> Result<Projection, GraphqlError> {
    let mut compiler =
        Compiler { schema, grants, shapes: Vec::new(), known: HashMap::new(), enums: HashMap::new(), fields: 0 };
    let occurrence = Occurrence { selections: &operation.selections, conditions: Vec::new() };
    let root = compiler.shape(&[occurrence], &operation.root_type)?;
    let introspects =
        compiler.shapes[root].fields.iter().any(|field| matches!(field.name.as_str(), "__schema" | "__type"));
    Ok(Projection { shapes: compiler.shapes, root, fields: compiler.fields, introspects })
}

/// One of the selection sets that together make a shape.
#[derive(Debug, Clone)]
struct Occurrence<'a> {
    selections: &'a [Selection],
    conditions: Vec<Condition>,
}

/// The fields of one response key.
struct Collected<'a> {
    field: &'a Field,
    when: When,
    denied: Option<ErrorCode>,
    inner: Vec<Occurrence<'a>>,
}

/// The same sets on the same type make the same shape. Sets are told apart by address: they live in the operation.
type ShapeKey = (Vec<(usize, Vec<Condition>)>, Name);

struct Compiler<'a> {
    schema: &'a Schema,
    grants: &'a Grants,
    shapes: Vec<Shape>,
    known: HashMap<ShapeKey, ShapeId>,
    enums: HashMap<Name, Arc<HashSet<Name>>>,
    fields: usize,
}

impl<'a> Compiler<'a> {
    fn shape(&mut self, occurrences: &[Occurrence<'a>], type_name: &Name) -> Result<ShapeId, GraphqlError> {
        let addresses = occurrences.iter().map(|one| (one.selections.as_ptr() as usize, one.conditions.clone()));
        let key = (addresses.collect(), type_name.clone());
        if let Some(id) = self.known.get(&key) {
            return Ok(*id);
        }
        let mut collected = IndexMap::new();
        for occurrence in occurrences {
            self.collect(occurrence.selections, &occurrence.conditions, type_name, &mut collected);
        }
        let first = self.fields;
        self.fields += collected.len();
        if self.fields > MOST_FIELDS {
            let message = "The operation selects too many fields of too many types inside each other; select less.";
            return Err(GraphqlError::new(ErrorCode::SelectionLimit, message));
        }
        let mut fields = Vec::with_capacity(collected.len());
        for (number, (key, collected)) in (first..).zip(collected) {
            fields.push(self.field(number, key, collected, type_name)?);
        }
        let id = self.shapes.len();
        let denied = self.schema.type_named(type_name).and_then(|ty| self.denied(ty));
        self.shapes.push(Shape { type_name: type_name.clone(), fields, denied });
        self.known.insert(key, id);
        Ok(id)
    }

    /// Why the viewer may not see an object. One that is known only by an abstract type may be any of its objects.
    fn denied(&self, ty: &TypeDefinition) -> Option<ErrorCode> {
        let mut possible = ty.possible_types.iter().filter_map(|name| self.schema.type_named(name));
        denial(&ty.protection, self.grants).or_else(|| possible.find_map(|ty| denial(&ty.protection, self.grants)))
    }

    fn collect(
        &self,
        selections: &'a [Selection],
        conditions: &[Condition],
        type_name: &Name,
        collected: &mut IndexMap<Name, Collected<'a>>,
    ) {
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    let conditions = both(conditions, &field.conditions);
                    let first = !collected.contains_key(&field.key);
                    let entry = collected.entry(field.key.clone()).or_insert_with(|| Collected {
                        field,
                        when: When::default(),
                        denied: field.denied,
                        inner: Vec::new(),
                    });
                    entry.when.or(&conditions, first);
                    entry.denied = entry.denied.and(field.denied);
                    if !field.selections.is_empty() && field.denied.is_none() {
                        entry.inner.push(Occurrence { selections: &field.selections, conditions });
                    }
                }
                Selection::Fragment(fragment) if self.applies(fragment.condition.as_ref(), type_name) => {
                    self.collect(&fragment.selections, &both(conditions, &fragment.conditions), type_name, collected);
                }
                Selection::Fragment(_) => {}
            }
        }
    }

    fn applies(&self, condition: Option<&Name>, type_name: &Name) -> bool {
        let Some(condition) = condition else { return true };
        let implements = || self.schema.type_named(type_name).is_some_and(|ty| ty.interfaces.contains(condition));
        self.schema.is_possible(condition, type_name) || implements()
    }

    fn field(
        &mut self,
        number: usize,
        key: Name,
        collected: Collected<'a>,
        type_name: &Name,
    ) -> Result<ShapeField, GraphqlError> {
        let field = collected.field;
        // An object may promise more than its interface: its own type of the field counts.
        let own = self.schema.type_named(type_name).and_then(|ty| ty.fields.get(&field.name)).map(|field| &field.ty);
        let ty = own.unwrap_or(&field.ty);
        let content = match collected.denied {
            _ if field.name == "__typename" => Content::Typename,
            Some(code) => Content::Denied { code, nullable: ty.nullable },
            None => Content::Value(self.value(ty, &collected.inner)?),
        };
        let mut json_key = Vec::with_capacity(key.len() + 3);
        json::write_string(&key, &mut json_key);
        json_key.push(b':');
        let resolved_here = field.is_introspection() || type_name.starts_with("__");
        Ok(ShapeField {
            number,
            key: Key::new(field.sent.clone()),
            shown: key,
            json_key: json_key.into(),
            name: field.name.clone(),
            when: collected.when,
            content,
            arguments: if resolved_here { field.arguments.clone() } else { Vec::new() },
        })
    }

    fn value(&mut self, ty: &Type, inner: &[Occurrence<'a>]) -> Result<ValueShape, GraphqlError> {
        let kind = match &ty.base {
            BaseType::List(item) => ValueKind::List(Box::new(self.value(item, inner)?)),
            BaseType::Named(name) => match self.schema.type_named(name) {
                Some(definition) => self.named(definition, inner)?,
                None => ValueKind::Leaf,
            },
        };
        Ok(ValueShape { nullable: ty.nullable, kind })
    }

    fn named(&mut self, ty: &TypeDefinition, inner: &[Occurrence<'a>]) -> Result<ValueKind, GraphqlError> {
        match ty.kind {
            TypeKind::Object => self.shape(inner, &ty.name).map(ValueKind::Object),
            TypeKind::Interface | TypeKind::Union => {
                let mut shapes = HashMap::with_capacity(ty.possible_types.len());
                for possible in &ty.possible_types {
                    shapes.insert(possible.clone(), self.shape(inner, possible)?);
                }
                let fallback = self.shape(inner, &ty.name)?;
                Ok(ValueKind::Abstract { shapes, fallback })
            }
            TypeKind::Enum => {
                let values = || Arc::new(ty.values.keys().cloned().collect::<HashSet<_>>());
                Ok(ValueKind::Enum(Arc::clone(self.enums.entry(ty.name.clone()).or_insert_with(values))))
            }
            TypeKind::Scalar if ty.name == "ID" => Ok(ValueKind::Id),
            TypeKind::Scalar | TypeKind::InputObject => Ok(ValueKind::Leaf),
        }
    }
}

/// All of both, each once.
fn both(outer: &[Condition], inner: &[Condition]) -> Vec<Condition> {
    let mut all = outer.to_vec();
    all.extend(inner.iter().filter(|condition| !outer.contains(condition)).cloned());
    all
}
