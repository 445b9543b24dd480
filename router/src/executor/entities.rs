//! Fetches of fields of entities that are already in the answer.

use std::ops::Range;

use async_graphql_value::Variables;
use futures::future::join_all;
use reel_error::ErrorCode;
use smallvec::SmallVec;

use super::Execution;
use super::ask::{Answered, Question, Whose};
use super::errors::transport_code;
use super::representations::{Representations, Target, collect};
use super::store::{NodeId, Store, Value};
use crate::error::GraphqlError;
use crate::planner::{EntityFetch, EntityOutput};
use crate::transport::TransportError;

/// The answers of one fetch that was sent in parts: for each, where its representations begin.
pub(super) type Parts = Vec<(usize, Result<Answered, TransportError>)>;

impl Execution<'_> {
    pub(super) async fn entities(&self, fetch: &EntityFetch) {
        if fetch.outputs.iter().all(|output| self.wanted(&output.fields).next().is_none()) {
            return;
        }
        let inputs: Vec<Representations> = {
            let mut state = self.state();
            fetch.inputs.iter().map(|input| collect(self.schema, &mut state.store, input)).collect()
        };
        if let Some(code) = self.send(fetch, &inputs, &Variables::default()).await {
            self.fail(fetch, &inputs, code);
        }
    }

    /// Asks for entities, in as many requests as it takes. The `given` variables are none of the client's. Answers why some of
    /// it [failed](Self::fail).
    pub(super) async fn send(
        &self,
        fetch: &EntityFetch,
        inputs: &[Representations],
        given: &Variables,
    ) -> Option<ErrorCode> {
        let largest = inputs.iter().map(Representations::len).max().unwrap_or(0);
        if largest == 0 {
            return None;
        }
        let places = inputs.iter().map(|input| input.places).max().unwrap_or(0);
        if places > self.limits.entities_per_fetch as u64 {
            tracing::warn!(subgraph = &*fetch.subgraph, entities = places, "a fetch has too many entities");
            return Some(ErrorCode::Overloaded);
        }
        let size = self.limits.entities_per_request.max(1);
        let requests = (0..largest).step_by(size).map(|start| {
            let mut question = self.question(fetch, inputs, start..start.saturating_add(size));
            question.variables.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
            async move { (start, self.ask(question).await) }
        });
        let parts = join_all(requests).await;
        self.take(fetch, inputs, &parts)
    }

    fn question<'f>(&self, fetch: &'f EntityFetch, inputs: &[Representations], range: Range<usize>) -> Question<'f> {
        let lists = fetch.inputs.iter().zip(inputs).map(|(input, collected)| {
            let end = range.end.min(collected.len());
            (input.variable.clone(), collected.list(range.start.min(end)..end))
        });
        let count =
            range.len().min(inputs.iter().map(|input| input.len().saturating_sub(range.start)).max().unwrap_or(0));
        Question {
            subgraph: &fetch.subgraph,
            document: &fetch.document,
            selected: &fetch.selected,
            variables: self.variables_of(&fetch.variables),
            entities: lists.collect(),
            whose: Whose::Entities { fetch, count },
        }
    }

    fn take(&self, fetch: &EntityFetch, inputs: &[Representations], parts: &Parts) -> Option<ErrorCode> {
        for (_, part) in parts {
            let errors = part.iter().flat_map(|answered| &answered.errors);
            errors.for_each(|error| self.log_error(&fetch.subgraph, error));
        }
        let (mut state, mut is_full) = (self.state(), false);
        for output in &fetch.outputs {
            let input = &inputs[output.input];
            let entities = entities(&state.store, input, parts, output);
            let mut given = Given {
                places_differ: self.operation.plan.places_differ,
                most_values: self.limits.fetched_values,
                to: vec![SmallVec::new(); input.len()],
                is_full: false,
            };
            for target in &input.targets {
                if let Some(entity) = entities[target.representation]
                    && let Some(entity) = given.give(&mut state.store, entity, target)
                {
                    state.store.merge(target.node, entity);
                }
            }
            is_full |= given.is_full;
        }
        self.report(fetch, inputs, parts, &mut state);
        let unanswered = parts.iter().find_map(|(_, part)| part.as_ref().err().map(transport_code));
        unanswered.or(is_full.then_some(ErrorCode::AnswerLimit))
    }

    pub(super) fn fail(&self, fetch: &EntityFetch, inputs: &[Representations], code: ErrorCode) {
        let mut state = self.state();
        let lost = self.lost_fields(fetch, inputs, &state);
        lost.report(&GraphqlError::generic(code), &mut state.errors);
    }
}

/// The entities of one output by representation.
fn entities(store: &Store, input: &Representations, parts: &Parts, output: &EntityOutput) -> Vec<Option<NodeId>> {
    let mut entities = vec![None; input.len()];
    for (start, part) in parts {
        let Ok(Answered { data: Value::Object(data), .. }) = part else { continue };
        let Value::List(list) = store.named(*data, &output.key) else { continue };
        for (entity, item) in entities.iter_mut().skip(*start).zip(store.items(list)) {
            if let Value::Object(node) = item {
                *entity = Some(*node);
            }
        }
    }
    entities
}

/// Which entities were given away, and to which path; by representation.
///
/// All places that one path leads to may share an entity: whatever is fetched later is fetched for all of them. Places that
/// different paths lead to, or that are told apart by the types of what is above them, may be given different things
/// later, so each has a copy.
struct Given {
    places_differ: bool,
    /// How many values may be read and copied.
    most_values: usize,
    to: Vec<SmallVec<[(usize, NodeId); 1]>>,
    /// Whether something was not given away, because that would have been too much.
    is_full: bool,
}

impl Given {
    fn give(&mut self, store: &mut Store, entity: NodeId, target: &Target) -> Option<NodeId> {
        let given = &mut self.to[target.representation];
        let same = if self.places_differ { None } else { given.iter().find(|(path, _)| *path == target.path) };
        if let Some((_, same)) = same {
            store.is_shared = true;
            return Some(*same);
        }
        if given.is_empty() {
            given.push((target.path, entity));
            return Some(entity);
        }
        if store.values_read > self.most_values {
            self.is_full = true;
            return None;
        }
        let own = store.copy(entity);
        if !self.places_differ {
            given.push((target.path, own));
        }
        Some(own)
    }
}
