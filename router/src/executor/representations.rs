//! The entities of a fetch: what identifies each, each only once, and where each is in the answer.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::Range;

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name};

use super::project::typename;
use super::traverse::{is_one_of, walk};
use crate::planner::{EntityInput, Requirement, TypenameRewrite};
use crate::schema::Schema;

type Object = IndexMap<Name, ConstValue>;

/// The entities of one list of representations.
#[derive(Debug, Default)]
pub(crate) struct Representations {
    /// Each different representation.
    pub(crate) values: Vec<ConstValue>,
    /// Where they belong, in the order of the input's paths and of the answer.
    pub(crate) targets: Vec<Target>,
    /// The list positions of all targets, one after the other.
    positions: Vec<usize>,
}

impl Representations {
    /// The list positions on the way to a target.
    pub(crate) fn positions_of(&self, target: &Target) -> &[usize] {
        self.positions.get(target.positions.clone()).unwrap_or_default()
    }
}

/// One place of the answer.
#[derive(Debug)]
pub(crate) struct Target {
    /// Which of the input's paths.
    pub(crate) path: usize,
    /// The list positions on the way, as a part of [`Representations::positions`].
    positions: Range<usize>,
    /// Which representation.
    pub(crate) representation: usize,
}

/// Collects the entities of `input` from what is there so far.
pub(crate) fn collect(schema: &Schema, data: &ConstValue, input: &EntityInput) -> Representations {
    let mut collected = Representations::default();
    let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
    let hashing = RandomState::new();
    for (index, path) in input.paths.iter().enumerate() {
        walk(schema, data, &path.0, &mut Vec::new(), &mut |entity, positions| {
            let Some(value) = represent(schema, entity, input) else { return };
            let mut hasher = hashing.build_hasher();
            hash(&value, &mut hasher);
            let same = known.entry(hasher.finish()).or_default();
            let found = same.iter().copied().find(|&known| collected.values[known] == value);
            let representation = found.unwrap_or_else(|| {
                same.push(collected.values.len());
                collected.values.push(value);
                collected.values.len() - 1
            });
            let start = collected.positions.len();
            collected.positions.extend_from_slice(positions);
            let positions = start..collected.positions.len();
            collected.targets.push(Target { path: index, positions, representation });
        });
    }
    collected
}

/// The representation of an entity; `None` when the subgraph cannot tell it apart or does not know its type.
fn represent(schema: &Schema, entity: &Object, input: &EntityInput) -> Option<ConstValue> {
    let mut representation = Object::with_capacity(4);
    fill(schema, entity, &input.requires, &mut representation);
    let mut fields = representation.iter().filter(|(key, _)| *key != "__typename").peekable();
    if representation.is_empty() || (fields.peek().is_some() && fields.all(|(_, value)| *value == ConstValue::Null)) {
        return None;
    }
    rewrite_typename(schema, &input.rewrites, &mut representation);
    Some(ConstValue::Object(representation))
}

fn fill(schema: &Schema, entity: &Object, parts: &[Requirement], representation: &mut Object) {
    for part in parts {
        match part {
            Requirement::Field(field) => {
                let value =
                    entity.get(&field.source).map_or(ConstValue::Null, |value| select(schema, value, &field.parts));
                match representation.get_mut(&field.key) {
                    Some(known) => super::merge::merge(known, value),
                    None => {
                        representation.insert(field.key.clone(), value);
                    }
                }
            }
            Requirement::Fragment { condition, parts } => {
                if is_one_of(schema, entity, [condition.as_str()]) {
                    fill(schema, entity, parts, representation);
                    name_type(schema, condition, representation);
                }
            }
        }
    }
}

/// An entity that was fetched without its type name can only be what the fragment says.
fn name_type(schema: &Schema, condition: &Name, representation: &mut Object) {
    let unnamed = representation.get("__typename").is_some_and(|name| *name == ConstValue::Null);
    if unnamed && schema.type_named(condition).is_some_and(|ty| !ty.is_abstract()) {
        representation.insert(Name::new("__typename"), ConstValue::String(condition.to_string()));
    }
}

fn select(schema: &Schema, value: &ConstValue, parts: &[Requirement]) -> ConstValue {
    match value {
        ConstValue::List(items) => ConstValue::List(items.iter().map(|item| select(schema, item, parts)).collect()),
        ConstValue::Object(object) if !parts.is_empty() => {
            let mut selected = Object::with_capacity(parts.len());
            fill(schema, object, parts, &mut selected);
            ConstValue::Object(selected)
        }
        value => value.clone(),
    }
}

fn rewrite_typename(schema: &Schema, rewrites: &[TypenameRewrite], representation: &mut Object) {
    for rewrite in rewrites {
        let matches = typename(representation)
            .is_some_and(|name| rewrite.types.iter().any(|condition| schema.is_possible(condition, name)));
        if matches {
            representation.insert(Name::new("__typename"), ConstValue::String(rewrite.replacement.clone()));
        }
    }
}

fn hash(value: &ConstValue, state: &mut impl Hasher) {
    match value {
        ConstValue::Null => state.write_u8(0),
        ConstValue::Boolean(value) => value.hash(state),
        ConstValue::Number(number) => number.hash(state),
        ConstValue::String(text) => text.hash(state),
        // Equal to a string of the same letters, so it must hash like one.
        ConstValue::Enum(name) => name.as_str().hash(state),
        ConstValue::Binary(bytes) => bytes.hash(state),
        ConstValue::List(items) => items.iter().for_each(|item| hash(item, state)),
        // The fields of two representations of one fetch come in the same order. Where they did not, an entity would be
        // asked for twice and nothing else.
        ConstValue::Object(fields) => fields.iter().for_each(|(name, value)| {
            name.as_str().hash(state);
            hash(value, state);
        }),
    }
}
