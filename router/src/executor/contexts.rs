//! Fetches of fields that take arguments from what is around their entities: those that are given the same values are
//! asked for together.

use std::collections::{HashMap, HashSet};

use async_graphql_value::{ConstValue, Variables};
use futures::StreamExt as _;
use reel_error::{ErrorCode, Language};

use super::errors::ErrorLog;
use super::representations::{Collector, Representations};
use super::store::{NodeId, ROOT, Store, Value};
use super::traverse::is_one_of;
use super::{Execution, State, json};
use crate::path::PathSegment;
use crate::planner::contexts::CHOICES_PER_REQUEST;
use crate::planner::{ContextValue, ContextualFetch, EntityInput, FlattenSegment, Key, Requirement};
use crate::schema::Schema;

/// How many requests of one fetch are under way at once.
const REQUESTS_AT_ONCE: usize = 4;

/// How many places a value that is not there may be reported at.
const MOST_PLACES: usize = 20;

impl Execution<'_> {
    pub(super) async fn contextual(&self, step: &ContextualFetch) {
        let fetch = step.of_one();
        if fetch.outputs.iter().all(|output| self.wanted(&output.fields).next().is_none()) {
            return;
        }
        let Some(input) = fetch.inputs.first() else { return };
        let choices = {
            let mut state = self.state();
            let gathered = Gathering::of(self.schema, &state, &step.values, input);
            self.report_lost(step, gathered.lost, &mut state);
            gathered.choices
        };
        let places = choices.iter().map(|choice| choice.entities.places).sum::<u64>();
        let (most_places, most_choices) = (self.limits.entities_per_fetch as u64, self.limits.entities_per_request);
        if places > most_places || choices.len() > most_choices {
            tracing::warn!(subgraph = &*fetch.subgraph, entities = places, "a fetch has too many entities");
            return choices.into_iter().for_each(|it| self.fail(fetch, &[it.entities], ErrorCode::Overloaded));
        }
        let mut requests: Vec<Vec<Choice>> = Vec::new();
        for choice in choices {
            match requests.last_mut().filter(|request| request.len() < CHOICES_PER_REQUEST) {
                Some(request) => request.push(choice),
                None => requests.push(vec![choice]),
            }
        }
        let requests = futures::stream::iter(requests.into_iter().map(|request| self.choose(step, request)));
        requests.buffer_unordered(REQUESTS_AT_ONCE).collect::<()>().await;
    }

    async fn choose(&self, step: &ContextualFetch, choices: Vec<Choice>) {
        let mut given = Variables::default();
        let mut inputs = Vec::with_capacity(choices.len());
        for (number, choice) in choices.into_iter().enumerate() {
            for (value, chosen) in step.values.iter().zip(choice.values) {
                given.insert(ContextualFetch::variable(value, number), chosen);
            }
            inputs.push(choice.entities);
        }
        match step.of(inputs.len()) {
            Ok(fetch) => self.send(fetch, &inputs, &given).await,
            Err(error) => {
                tracing::error!(%error, "a fetch cannot be made");
                inputs.into_iter().for_each(|input| self.fail(step.of_one(), &[input], ErrorCode::Internal));
            }
        }
    }

    /// A field that cannot be asked for is lost.
    fn report_lost(&self, step: &ContextualFetch, lost: Vec<(Vec<PathSegment>, ErrorCode)>, state: &mut State) {
        for (place, code) in lost {
            let fields = step.of_one().outputs.iter().flat_map(|output| self.wanted(&output.fields));
            for field in fields.filter(|field| field.key != "__typename") {
                let path = place.iter().cloned().chain([PathSegment::Key(field.key.clone())]);
                state.errors.add_at(code, code.message(Language::English), path.collect());
            }
        }
    }
}

/// Entities that are given the same values.
struct Choice {
    values: Vec<ConstValue>,
    entities: Representations,
}

/// Finds the entities with the objects around them.
struct Gathering<'a> {
    schema: &'a Schema,
    store: &'a Store,
    errors: &'a ErrorLog,
    values: &'a [ContextValue],
    input: &'a EntityInput,
    /// The choices by their values as JSON.
    known: HashMap<Vec<u8>, usize>,
    choices: Vec<(Vec<ConstValue>, Collector<'a>)>,
    /// Where the field cannot be asked for, and why.
    lost: Vec<(Vec<PathSegment>, ErrorCode)>,
    met: HashSet<NodeId>,
    /// The objects on the way here, each with the length of the path to it.
    around: Vec<(NodeId, usize)>,
    here: Vec<PathSegment>,
}

struct Gathered {
    choices: Vec<Choice>,
    lost: Vec<(Vec<PathSegment>, ErrorCode)>,
}

impl<'a> Gathering<'a> {
    fn of(schema: &'a Schema, state: &'a State, values: &'a [ContextValue], input: &'a EntityInput) -> Gathered {
        let mut gathering = Self {
            schema,
            store: &state.store,
            errors: &state.errors,
            values,
            input,
            known: HashMap::new(),
            choices: Vec::new(),
            lost: Vec::new(),
            met: HashSet::new(),
            around: Vec::new(),
            here: Vec::new(),
        };
        for (number, path) in input.paths.iter().enumerate() {
            gathering.step(Value::Object(ROOT), &path.0, number);
        }
        let choices = gathering.choices.into_iter();
        let choices = choices.map(|(values, collector)| Choice { values, entities: collector.finish() });
        Gathered { choices: choices.collect(), lost: gathering.lost }
    }

    /// As deep as the plan's paths and the lists of the answers, which are bounded.
    fn step(&mut self, value: Value, path: &[FlattenSegment], number: usize) {
        match value {
            Value::List(list) => {
                for place in 0..self.store.items(list).len() {
                    let item = self.store.items(list)[place];
                    self.here.push(PathSegment::Index(place));
                    self.step(item, path, number);
                    self.here.pop();
                }
            }
            Value::Object(node) => self.enter(node, path, number),
            Value::Null | Value::Text { .. } | Value::Const(_) => {}
        }
    }

    fn enter(&mut self, node: NodeId, path: &[FlattenSegment], number: usize) {
        match path {
            [] => self.entity(node, number),
            [FlattenSegment::Key(key), rest @ ..] => {
                self.around.push((node, self.here.len()));
                self.here.push(PathSegment::Key(key.name().clone()));
                self.step(self.at(node, key), rest, number);
                self.here.pop();
                self.around.pop();
            }
            [FlattenSegment::Types(types), rest @ ..] => {
                if self.is_one_of(node, types.iter().map(String::as_str)) {
                    self.enter(node, rest, number);
                }
            }
        }
    }

    fn entity(&mut self, node: NodeId, number: usize) {
        if !self.met.insert(node) {
            return;
        }
        match self.chosen(node) {
            Ok(values) => {
                let mut written = Vec::new();
                values.iter().for_each(|value| {
                    json::write_value(value, &mut written);
                    written.push(b',');
                });
                let (input, choices) = (self.input, &mut self.choices);
                let choice = *self.known.entry(written).or_insert_with(|| {
                    choices.push((values, Collector::new(input)));
                    choices.len() - 1
                });
                let collector = &mut choices[choice].1;
                collector.add(self.schema, self.store, node, number);
                collector.add_places(1);
            }
            Err(code) if self.lost.len() < MOST_PLACES => self.lost.push((self.here.clone(), code)),
            Err(_) => {}
        }
    }

    /// The values for one entity, unless something failed that the field cannot do without.
    fn chosen(&self, node: NodeId) -> Result<Vec<ConstValue>, ErrorCode> {
        for part in &self.input.requires {
            if let Requirement::Field(field) = part
                && field.source.name() != "__typename"
                && self.at(node, &field.source) == Value::Null
            {
                self.explained(&self.here, &field.source).map_or(Ok(()), Err)?;
            }
        }
        self.values.iter().map(|value| self.value(value)).collect()
    }

    /// A value; null when nothing around has one. What is null because it failed is no value.
    fn value(&self, value: &ContextValue) -> Result<ConstValue, ErrorCode> {
        let source = value.sources.iter().find_map(|source| {
            let &(node, length) = self.around.get(source.level)?;
            let fits = self.is_one_of(node, [source.ty.as_str()]);
            fits.then_some((source, node, length))
        });
        let found = match source {
            Some((source, node, length)) => {
                let found = self.read(Value::Object(node), &source.path);
                let key = source.path.first().filter(|_| found == ConstValue::Null);
                let failed = key.and_then(|key| self.explained(&self.here[..length], key));
                failed.map_or(Ok(found), Err)?
            }
            None => ConstValue::Null,
        };
        if found == ConstValue::Null && !value.ty.nullable {
            tracing::warn!(path = ?self.here, "a context has no value for an argument that must have one");
            return Err(ErrorCode::Internal);
        }
        Ok(found)
    }

    /// Below a list there is a list of values.
    fn read(&self, value: Value, path: &[Key]) -> ConstValue {
        match (value, path) {
            (Value::List(list), _) => {
                ConstValue::List(self.store.items(list).iter().map(|item| self.read(*item, path)).collect())
            }
            (Value::Object(node), [key, rest @ ..]) => self.read(self.at(node, key), rest),
            (Value::Object(_), []) | (_, [_, ..]) => ConstValue::Null,
            (leaf, []) => self.store.to_const(leaf),
        }
    }

    /// Why there is nothing under a key of the object at `path`, if it failed.
    fn explained(&self, path: &[PathSegment], key: &Key) -> Option<ErrorCode> {
        let keys = path.iter().chain([&PathSegment::Key(key.name().clone())]).cloned().collect::<Vec<_>>();
        self.errors.code_at(&keys)
    }

    fn at(&self, node: NodeId, key: &Key) -> Value {
        self.store.find(node, |field| field.key == *key)
    }

    fn is_one_of<'t>(&self, node: NodeId, types: impl IntoIterator<Item = &'t str>) -> bool {
        is_one_of(self.schema, self.store, node, types)
    }
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
