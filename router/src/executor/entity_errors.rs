//! Where the errors of entity fetches belong in the client's answer.

use std::collections::HashSet;

use super::entities::Parts;
use super::errors::{ErrorLog, visible};
use super::representations::Representations;
use super::store::{NodeId, Store, Value};
use super::traverse::places;
use super::{Execution, State, rename};
use crate::error::GraphqlError;
use crate::path::PathSegment;
use crate::planner::{EntityFetch, EntityOutput, FetchedField};
use crate::transport::SubgraphError;

/// How many places one error of a subgraph may be reported at.
const MOST_PLACES: usize = 20;

/// Where something is lost.
#[derive(Default)]
pub(super) struct LostFields {
    paths: Vec<Vec<PathSegment>>,
    /// Whether these are not all.
    is_cut: bool,
}

impl LostFields {
    pub(super) fn report(self, error: &GraphqlError, errors: &mut ErrorLog) {
        if self.is_cut {
            errors.cut_short();
        }
        self.paths.into_iter().for_each(|path| errors.add(error.clone().at(path)));
    }
}

impl Execution<'_> {
    pub(super) fn report(&self, fetch: &EntityFetch, inputs: &[Representations], parts: &Parts, state: &mut State) {
        for (start, part) in parts {
            let Ok(answered) = part else { continue };
            for error in &answered.errors {
                let output = fetch
                    .outputs
                    .iter()
                    .find(|output| matches!(error.path.first(), Some(PathSegment::Key(key)) if *key == output.key));
                match output {
                    Some(output) => self.report_one(fetch, output, &inputs[output.input], *start, error, state),
                    None => self.report_everywhere(fetch, inputs, error, state),
                }
            }
        }
    }

    /// An error with a path: at the entity that it names, or, without an index, where the value is missing.
    fn report_one(
        &self,
        fetch: &EntityFetch,
        output: &EntityOutput,
        input: &Representations,
        start: usize,
        error: &SubgraphError,
        state: &mut State,
    ) {
        if state.errors.has_more() {
            // Nobody would see it: the places need not be found.
            return state.errors.add(visible(error));
        }
        let (representation, rest) = match error.path.get(1) {
            Some(PathSegment::Index(index)) => (Some(start + index), &error.path[2..]),
            _ => (None, &error.path[1..]),
        };
        let rest = rename::renamed(&output.renames, rest);
        let hit = |of: usize| representation.is_none_or(|wanted| wanted == of);
        let is_missing = |node: NodeId| representation.is_some() || is_null(&state.store, node, &rest);
        let (mut found, is_cut) =
            self.places_of(fetch, output, input, &state.store, &|of, node| hit(of) && is_missing(node));
        if found.is_empty() {
            (found, _) = self.places_of(fetch, output, input, &state.store, &|_, _| true);
            found.truncate(1);
        }
        let paths = found.into_iter().map(|(_, path)| path.into_iter().chain(rest.iter().cloned()).collect());
        LostFields { paths: paths.collect(), is_cut }.report(&visible(error), &mut state.errors);
    }

    /// Where the objects are that fit, by their representation and by themselves, and whether there may be more places.
    fn places_of(
        &self,
        fetch: &EntityFetch,
        output: &EntityOutput,
        input: &Representations,
        store: &Store,
        fits: &dyn Fn(usize, NodeId) -> bool,
    ) -> (Vec<(NodeId, Vec<PathSegment>)>, bool) {
        let (mut found, mut is_cut) = (Vec::new(), false);
        for (number, path) in fetch.inputs[output.input].paths.iter().enumerate() {
            let (before, most) = (found.len(), MOST_PLACES.saturating_sub(found.len()));
            let targets = input.targets.iter().filter(|target| target.path == number);
            let wanted = targets.filter(|target| fits(target.representation, target.node));
            let wanted: HashSet<NodeId> = wanted.map(|target| target.node).collect();
            if most > 0 && !wanted.is_empty() {
                found.extend(places(self.schema, store, path, &|node| wanted.contains(&node), most));
            }
            is_cut |= found.len() - before < wanted.len();
        }
        is_cut |= found.len() >= MOST_PLACES;
        (found, is_cut)
    }

    /// An error that does not say where: each field of the fetch may be hit.
    fn report_everywhere(
        &self,
        fetch: &EntityFetch,
        inputs: &[Representations],
        error: &SubgraphError,
        state: &mut State,
    ) {
        let lost = self.lost_fields(fetch, inputs, state);
        lost.report(&visible(error), &mut state.errors);
    }

    /// The first fields that are missing when a fetch gives nothing.
    pub(super) fn lost_fields(&self, fetch: &EntityFetch, inputs: &[Representations], state: &State) -> LostFields {
        let mut lost = LostFields::default();
        for output in &fetch.outputs {
            let input = &inputs[output.input];
            let fields = || self.wanted(&output.fields).filter(|field| field.key != "__typename");
            let lacks = |node: NodeId, field: &FetchedField| state.store.named(node, &field.key) == Value::Null;
            let lacks_any = |_, node: NodeId| fields().any(|field| lacks(node, field));
            let (found, is_cut) = self.places_of(fetch, output, input, &state.store, &lacks_any);
            lost.is_cut |= is_cut;
            for (node, entity) in found {
                for field in fields() {
                    if lacks(node, field) {
                        let mut path = entity.clone();
                        path.push(PathSegment::Key(field.key.clone()));
                        lost.paths.push(path);
                    }
                    if lost.paths.len() == MOST_PLACES {
                        lost.is_cut = true;
                        return lost;
                    }
                }
            }
        }
        lost
    }
}

fn is_null(store: &Store, node: NodeId, path: &[PathSegment]) -> bool {
    let mut value = Value::Object(node);
    for segment in path {
        value = match (segment, value) {
            (PathSegment::Key(key), Value::Object(node)) => store.named(node, key),
            (PathSegment::Index(index), Value::List(list)) => {
                store.items(list).get(*index).copied().unwrap_or(Value::Null)
            }
            _ => Value::Null,
        };
    }
    value == Value::Null
}
