use std::collections::BTreeSet;

use async_graphql_parser::types::Type;
use async_graphql_value::Name;

use super::super::plan::{FlattenPath, FlattenSegment, PlanNode, Requirement};
use super::super::selected::Key;

/// How a field with arguments from contexts is reached: through entities that are there already.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The planner's name for it.
    pub root_field: Name,
    /// The type of the entities.
    pub ty: Name,
    /// Where they are. Their keys are the same, so that they lie equally deep.
    pub places: Vec<FlattenPath>,
    /// What a representation consists of.
    pub requires: Vec<Requirement>,
    /// How many fields that are, at all levels.
    pub required_fields: usize,
    /// The values that the arguments are given.
    pub values: Vec<ContextValue>,
    /// What names that are none of the client's begin with.
    pub reserved: String,
}

/// A value from what is around an entity.
#[derive(Debug, Clone)]
pub struct ContextValue {
    /// The variable that carries it. A number is added for each different value that one request carries.
    pub variable: Name,
    /// Its type.
    pub ty: Type,
    /// Where it may come from. The first that fits counts.
    pub sources: Vec<ContextSource>,
}

/// Objects around an entity that may have a value for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextSource {
    /// How many response keys lead to the object.
    pub level: usize,
    /// Which of the objects there count.
    pub ty: Name,
    /// Where the value is on it: below the first key there are names, also inside lists.
    pub path: Vec<Key>,
}

impl Entry {
    /// Paths that begin at the root field begin at the places.
    pub(in super::super) fn relocate(&self, step: &mut PlanNode) {
        match step {
            PlanNode::Sequence(steps) | PlanNode::Parallel(steps) => {
                steps.iter_mut().for_each(|step| self.relocate(step));
            }
            PlanNode::Condition { then, otherwise, .. } => {
                [then, otherwise].into_iter().flatten().for_each(|step| self.relocate(step));
            }
            PlanNode::Entities(fetch) => {
                for input in &mut fetch.inputs {
                    input.paths = input.paths.iter().flat_map(|path| self.relocated(path)).collect();
                }
            }
            PlanNode::Root(_) | PlanNode::Contextual(_) => {}
        }
    }

    fn relocated(&self, path: &FlattenPath) -> impl Iterator<Item = FlattenPath> {
        let rest = path.0.get(1..).unwrap_or_default();
        self.places.iter().map(move |place| FlattenPath([&place.0, rest].concat()))
    }
}

impl ContextSource {
    /// Where the value is, for an entity at this place.
    pub(crate) fn place(&self, entity: &FlattenPath) -> FlattenPath {
        let is_key = |segment: &FlattenSegment| matches!(segment, FlattenSegment::Key(_));
        let beyond = entity.0.iter().enumerate().filter(|(_, segment)| is_key(segment)).nth(self.level);
        let around = beyond.and_then(|(end, _)| entity.0.get(..end)).unwrap_or(&entity.0);
        let ty = FlattenSegment::Types(BTreeSet::from([self.ty.to_string()]));
        let path = self.path.iter().cloned().map(FlattenSegment::Key);
        FlattenPath(around.iter().cloned().chain([ty]).chain(path).collect())
    }
}
