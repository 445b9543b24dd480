//! Mutations in series: each begins when the one before is complete, with all that other subgraphs have to add to it (GraphQL
//! specification, section 6.2.2). The planner library puts mutations of one subgraph into one fetch, and what others add after
//! it, and it moves those together that are under the same conditions. So a plan that is not in series is made anew, in parts.

use std::collections::HashSet;

use async_graphql_value::Name;
use indexmap::{IndexMap, IndexSet};

use super::super::operation::{Fragment, Operation, OperationKind, Selection};
use crate::planner::{FlattenSegment, PlanNode};

/// The parts of a mutation to plan one after the other; fewer than two where the `plan` of it as a whole is in series, and of
/// other operations. Mutations that no other subgraph adds to stay with the next: a subgraph that is asked for several finishes
/// one before it begins the next.
pub(super) fn parts_of(operation: &Operation, plan: &PlanNode) -> Vec<Operation> {
    if operation.kind != OperationKind::Mutation {
        return Vec::new();
    }
    let fields = root_fields(operation);
    let mut told = Told::default();
    told.read(plan);
    let are_in_order = told.mutations.iter().filter_map(|key| fields.get_index_of(*key)).is_sorted();
    parts(operation, fields, |key| !are_in_order || told.completed.contains(key))
}

/// A mutation in parts of one root field each. Other operations are of one part.
pub(super) fn parts_of_one_field(operation: &Operation) -> Vec<Operation> {
    match operation.kind {
        OperationKind::Mutation => parts(operation, root_fields(operation), |_| true),
        _ => vec![operation.clone()],
    }
}

fn parts(operation: &Operation, fields: Fields, ends: impl Fn(&Name) -> bool) -> Vec<Operation> {
    let mut parts: Vec<Operation> = Vec::new();
    let mut begins = true;
    for (key, selections) in fields {
        match parts.last_mut().filter(|_| !begins) {
            Some(part) => part.selections.extend(selections),
            None => parts.push(Operation { selections, ..operation.clone() }),
        }
        begins = ends(&key);
    }
    parts
}

/// What a plan tells of its mutations.
#[derive(Default)]
struct Told<'p> {
    /// Their keys, in the order in which they are asked for.
    mutations: IndexSet<&'p Name>,
    /// Those to which another fetch adds something.
    completed: HashSet<&'p Name>,
}

impl<'p> Told<'p> {
    fn read(&mut self, node: &'p PlanNode) {
        match node {
            PlanNode::Sequence(steps) | PlanNode::Parallel(steps) => steps.iter().for_each(|step| self.read(step)),
            PlanNode::Condition { then, otherwise, .. } => {
                [then, otherwise].into_iter().flatten().for_each(|step| self.read(step));
            }
            PlanNode::Root(fetch) => self.mutations.extend(fetch.fields.iter().map(|field| &field.key)),
            PlanNode::Entities(fetch) => {
                let paths = fetch.inputs.iter().flat_map(|input| &input.paths);
                self.completed.extend(paths.filter_map(|path| path.0.iter().find_map(key)));
            }
            // These are planned apart.
            PlanNode::Contextual(_) => {}
        }
    }
}

fn key(segment: &FlattenSegment) -> Option<&Name> {
    match segment {
        FlattenSegment::Key(key) => Some(key.name()),
        FlattenSegment::Types(_) => None,
    }
}

/// The selections of root fields by the keys that subgraphs are asked for.
type Fields = IndexMap<Name, Vec<Selection>>;

fn root_fields(operation: &Operation) -> Fields {
    let mut fields = Fields::new();
    gather(&operation.selections, &|selection| selection, &mut fields);
    fields
}

/// Fields of one key are one mutation.
fn gather(selections: &[Selection], around: &dyn Fn(Selection) -> Selection, fields: &mut Fields) {
    for selection in selections {
        match selection {
            Selection::Field(field) => fields.entry(field.sent.clone()).or_default().push(around(selection.clone())),
            Selection::Fragment(fragment) => {
                let (condition, conditions) = (&fragment.condition, &fragment.conditions);
                let within = |inner| {
                    let (condition, conditions) = (condition.clone(), conditions.clone());
                    around(Selection::Fragment(Fragment { condition, conditions, selections: vec![inner] }))
                };
                gather(&fragment.selections, &within, fields);
            }
        }
    }
}
