//! What is selected for ourselves: it is in no schema that clients see, so it is made of field sets.

use async_graphql_parser::types::{Selection as Parsed, SelectionSet, Type};
use async_graphql_parser::{Pos, Positioned};
use async_graphql_value::{Name, Value};

use super::super::operation::{Condition, Field, Fragment, Selection};
use crate::planner::{Key, Requirement, RequirementField};
use crate::schema::{Schema, base_name};

/// The type name of an object.
pub(super) fn typename(parent: &Name) -> Selection {
    let ty = Type { nullable: false, ..named("String") };
    field(parent, Name::new("__typename"), Name::new("__typename"), Vec::new(), ty, Vec::new())
}

/// Selections that are there only if all conditions hold.
pub(super) fn under(conditions: &[Condition], selections: Vec<Selection>) -> Vec<Selection> {
    conditions.iter().rev().fold(selections, |selections, condition| {
        vec![Selection::Fragment(Fragment { condition: None, conditions: vec![condition.clone()], selections })]
    })
}

/// A value further down, under a key of its own.
pub(super) fn value(schema: &Schema, parent: &Name, key: Name, path: &[Name]) -> Option<Selection> {
    let (name, rest) = path.split_first()?;
    let ty = type_of(schema, parent, name);
    let below = rest.first().and_then(|next| value(schema, base_name(&ty), next.clone(), rest));
    Some(field(parent, key, name.clone(), Vec::new(), ty, below.into_iter().collect()))
}

/// The selections of a field set.
pub(super) fn selections(schema: &Schema, parent: &Name, set: &SelectionSet) -> Vec<Selection> {
    let selection = |item: &Parsed| match item {
        Parsed::Field(parsed) => {
            let name = &parsed.node.name.node;
            let ty = type_of(schema, parent, name);
            let below = selections(schema, base_name(&ty), &parsed.node.selection_set.node);
            Some(field(parent, name.clone(), name.clone(), arguments(item), ty, below))
        }
        Parsed::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref().map(|condition| condition.node.on.node.clone());
            let within = condition.clone().unwrap_or_else(|| parent.clone());
            let selections = selections(schema, &within, &fragment.node.selection_set.node);
            Some(Selection::Fragment(Fragment { condition, conditions: Vec::new(), selections }))
        }
        Parsed::FragmentSpread(_) => None,
    };
    let is_told_apart = set.items.iter().any(|item| matches!(item.node, Parsed::InlineFragment(_)));
    let own = is_told_apart.then(|| typename(parent));
    own.into_iter().chain(set.items.iter().filter_map(|item| selection(&item.node))).collect()
}

/// The parts of a representation that a field set asks for. `fields` is how many there are so far.
pub(super) fn requirements(set: &SelectionSet, fields: &mut usize) -> Vec<Requirement> {
    let requirement = |item: &Positioned<Parsed>| match &item.node {
        Parsed::Field(field) => {
            let key = field.node.name.node.clone();
            Some(required(key.clone(), key, &field.node.selection_set.node, fields))
        }
        Parsed::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref()?.node.on.node.clone();
            Some(Requirement::Fragment { condition, parts: requirements(&fragment.node.selection_set.node, fields) })
        }
        Parsed::FragmentSpread(_) => None,
    };
    set.items.iter().filter_map(requirement).collect()
}

/// A part of a representation, with what is below it.
pub(super) fn required(key: Name, source: Name, below: &SelectionSet, fields: &mut usize) -> Requirement {
    let number = *fields;
    *fields += 1;
    Requirement::Field(RequirementField { number, key, source: Key::new(source), parts: requirements(below, fields) })
}

/// The arguments of a field in a field set.
pub(super) fn arguments(item: &Parsed) -> Vec<(Name, Value)> {
    let Parsed::Field(field) = item else { return Vec::new() };
    field.node.arguments.iter().map(|(name, value)| (name.node.clone(), value.node.clone())).collect()
}

/// A field of ours.
pub(super) fn field(
    parent: &Name,
    key: Name,
    name: Name,
    arguments: Vec<(Name, Value)>,
    ty: Type,
    selections: Vec<Selection>,
) -> Selection {
    let (parent, sent) = (parent.clone(), key.clone());
    let (conditions, denied, position) = (Vec::new(), None, Pos::default());
    Selection::Field(Field { key, sent, name, parent, arguments, conditions, ty, selections, denied, position })
}

/// A nullable type.
pub(super) fn named(name: &str) -> Type {
    Type { base: async_graphql_parser::types::BaseType::Named(Name::new(name)), nullable: true }
}

/// What clients cannot see has a type without a name.
pub(super) fn type_of(schema: &Schema, parent: &Name, field: &Name) -> Type {
    let definition = schema.type_named(parent).and_then(|parent| parent.fields.get(field));
    definition.map_or_else(|| named(""), |definition| definition.ty.clone())
}
