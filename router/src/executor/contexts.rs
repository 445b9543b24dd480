//! Fetches of fields that take arguments from what is around their entities: those that are given the same values are
//! asked for together.

mod choices;
mod failed;

use async_graphql_value::Variables;
use futures::StreamExt as _;
use reel_error::{ErrorCode, Language};

use self::choices::{Bounds, Choice, Gathered, gather};
use super::errors::ErrorLog;
use super::representations::Representations;
use super::store::{ROOT, Store, Value};
use super::{Execution, State};
use crate::path::PathSegment;
use crate::planner::contexts::CHOICES_PER_REQUEST;
use crate::planner::{ContextualFetch, EntityFetch};

/// How many requests of one fetch are under way at once.
const REQUESTS_AT_ONCE: usize = 4;

/// What failed, and for whom.
type Failure = (ErrorCode, Vec<Representations>);

impl Execution<'_> {
    pub(super) async fn contextual(&self, step: &ContextualFetch) {
        let fetch = step.of_one();
        if fetch.outputs.iter().all(|output| self.wanted(&output.fields).next().is_none()) {
            return;
        }
        let Some(input) = fetch.inputs.first() else { return };
        let gathered = {
            let mut state = self.state();
            let bounds = Bounds { entities: self.limits.entities_per_fetch, choices: self.limits.entities_per_request };
            let gathered = gather(self.schema, &state, &step.values, input, bounds);
            self.report_lost(step, &gathered, &mut state);
            gathered
        };
        if gathered.is_too_much {
            tracing::warn!(subgraph = &*fetch.subgraph, "a fetch has too many entities, or too many values for them");
            let entities = gathered.choices.into_iter().map(|choice| choice.entities).collect();
            return self.fail_together(fetch, vec![(ErrorCode::Overloaded, entities)]);
        }
        let requests = in_requests(gathered.choices).into_iter().map(|request| self.choose(step, request));
        let answers = futures::stream::iter(requests).buffer_unordered(REQUESTS_AT_ONCE);
        let failures = answers.filter_map(std::future::ready).collect().await;
        self.fail_together(fetch, failures);
    }

    /// Asks with some choices. Answers what failed.
    async fn choose(&self, step: &ContextualFetch, choices: Vec<Choice>) -> Option<Failure> {
        let mut given = Variables::default();
        let mut inputs = Vec::with_capacity(choices.len());
        for (number, choice) in choices.into_iter().enumerate() {
            for (value, chosen) in step.values.iter().zip(choice.values) {
                given.insert(ContextualFetch::variable(value, number), (*chosen).clone());
            }
            inputs.push(choice.entities);
        }
        let failed = match step.of(inputs.len()) {
            Ok(fetch) => self.send(fetch, &inputs, &given).await,
            Err(error) => {
                tracing::error!(%error, "a fetch cannot be made");
                Some(ErrorCode::Internal)
            }
        };
        failed.map(|code| (code, inputs))
    }

    /// Where something is lost is looked for once, however many requests failed.
    fn fail_together(&self, fetch: &EntityFetch, failures: Vec<Failure>) {
        let mut by_code: Vec<Failure> = Vec::new();
        for (code, inputs) in failures {
            match by_code.iter_mut().find(|(known, _)| *known == code) {
                Some((_, known)) => known.extend(inputs),
                None => by_code.push((code, inputs)),
            }
        }
        for (code, inputs) in by_code {
            self.fail(fetch, &[Representations::together(inputs)], code);
        }
    }

    /// A field that cannot be asked for is lost.
    fn report_lost(&self, step: &ContextualFetch, gathered: &Gathered, state: &mut State) {
        let fetch = step.of_one();
        if gathered.without_value > 0 {
            let (subgraph, entities) = (&*fetch.subgraph, gathered.without_value);
            tracing::warn!(subgraph, entities, "a context has no value for an argument that must have one");
        }
        for (place, code) in &gathered.lost {
            let fields = fetch.outputs.iter().flat_map(|output| self.wanted(&output.fields));
            for field in fields.filter(|field| field.key != "__typename") {
                let path = place.iter().cloned().chain([PathSegment::Key(field.key.clone())]);
                state.errors.add_at(*code, code.message(Language::English), path.collect());
            }
        }
    }
}

fn in_requests(choices: Vec<Choice>) -> Vec<Vec<Choice>> {
    let mut requests: Vec<Vec<Choice>> = Vec::new();
    for choice in choices {
        match requests.last_mut().filter(|request| request.len() < CHOICES_PER_REQUEST) {
            Some(request) => request.push(choice),
            None => requests.push(vec![choice]),
        }
    }
    requests
}

/// Errors at what was fetched for contexts are no business of the client's, unless they took more with them: then they are
/// errors of that.
pub(super) fn settle(store: &Store, errors: &mut ErrorLog, reserved: &str) {
    errors.retain_mut(|path| {
        let ours = |segment: &PathSegment| matches!(segment, PathSegment::Key(key) if key.starts_with(reserved));
        let Some(place) = path.iter().position(ours) else { return true };
        path.truncate(place);
        meets_null(store, Value::Object(ROOT), path)
    });
}

fn meets_null(store: &Store, value: Value, path: &[PathSegment]) -> bool {
    match (value, path) {
        (Value::Null, _) => true,
        (Value::Object(node), [PathSegment::Key(key), rest @ ..]) => meets_null(store, store.named(node, key), rest),
        (Value::List(list), [PathSegment::Index(place), rest @ ..]) => {
            meets_null(store, store.items(list).get(*place).copied().unwrap_or(Value::Null), rest)
        }
        (Value::List(list), path) => store.items(list).iter().any(|item| meets_null(store, *item, path)),
        _ => false,
    }
}
