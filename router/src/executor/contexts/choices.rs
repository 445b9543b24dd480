//! Finds the entities of a fetch with the objects around them, and what each is given.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use smallvec::SmallVec;

use super::super::errors::ErrorLog;
use super::super::representations::{Collector, Representations};
use super::super::store::{NodeId, ROOT, Store, Value};
use super::super::traverse::is_one_of;
use super::super::{State, json};
use super::failed::why;
use crate::path::PathSegment;
use crate::planner::{ContextValue, EntityInput, FlattenSegment, Key, Requirement};
use crate::schema::Schema;

/// How many places a value that is not there may be reported at.
const MOST_PLACES: usize = 20;

/// How much one fetch may be about.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) entities: usize,
    /// How many different choices of values.
    pub(super) choices: usize,
}

/// Entities that are given the same values.
pub(super) struct Choice {
    pub(super) values: Vec<Arc<ConstValue>>,
    pub(super) entities: Representations,
}

pub(super) struct Gathered {
    pub(super) choices: Vec<Choice>,
    /// Where the field cannot be asked for, and why. The first places only.
    pub(super) lost: Vec<(Vec<PathSegment>, ErrorCode)>,
    /// For how many entities nothing around has a value that they must have.
    pub(super) without_value: usize,
    /// Whether there is more than the bounds allow. Then this is only a part of it.
    pub(super) is_too_much: bool,
}

/// Why a field cannot be asked for.
#[derive(Debug, Clone, Copy)]
enum Lost {
    Failed(ErrorCode),
    WithoutValue,
}

/// Which of the different values an entity is given.
type Numbers = SmallVec<[usize; 4]>;

/// Finds the entities of `input` with their `values`.
pub(super) fn gather<'a>(
    schema: &'a Schema,
    state: &'a State,
    values: &'a [ContextValue],
    input: &'a EntityInput,
    bounds: Bounds,
) -> Gathered {
    let mut gathering = Gathering {
        schema,
        store: &state.store,
        errors: &state.errors,
        values,
        input,
        bounds,
        read: HashMap::new(),
        numbers: HashMap::new(),
        different: Vec::new(),
        known: HashMap::new(),
        choices: Vec::new(),
        lost: Vec::new(),
        without_value: 0,
        met: HashSet::new(),
        around: Vec::new(),
        here: Vec::new(),
    };
    for (number, path) in input.paths.iter().enumerate() {
        gathering.step(Value::Object(ROOT), &path.0, number);
    }
    gathering.finish()
}

struct Gathering<'a> {
    schema: &'a Schema,
    store: &'a Store,
    errors: &'a ErrorLog,
    values: &'a [ContextValue],
    input: &'a EntityInput,
    bounds: Bounds,
    /// What was read already: the number of a value by the value, the source and its object. A value may be large, and belong to many
    /// entities.
    read: HashMap<(usize, usize, NodeId), Result<usize, Lost>>,
    /// The different values, and their numbers by their JSON.
    different: Vec<Arc<ConstValue>>,
    numbers: HashMap<Vec<u8>, usize>,
    known: HashMap<Numbers, usize>,
    choices: Vec<(Numbers, Collector<'a>)>,
    lost: Vec<(Vec<PathSegment>, ErrorCode)>,
    without_value: usize,
    met: HashSet<NodeId>,
    /// The objects on the way here, each with the length of the path to it.
    around: Vec<(NodeId, usize)>,
    here: Vec<PathSegment>,
}

impl Gathering<'_> {
    fn finish(self) -> Gathered {
        let is_too_much = self.is_full();
        let Self { choices, different, lost, without_value, .. } = self;
        let choice = |(numbers, collector): (Numbers, Collector<'_>)| Choice {
            values: numbers.iter().map(|number| Arc::clone(&different[*number])).collect(),
            entities: collector.finish(),
        };
        Gathered { choices: choices.into_iter().map(choice).collect(), lost, without_value, is_too_much }
    }

    fn is_full(&self) -> bool {
        self.met.len() > self.bounds.entities || self.choices.len() > self.bounds.choices
    }

    /// As deep as the plan's paths and the lists of the answers, which are bounded.
    fn step(&mut self, value: Value, path: &[FlattenSegment], number: usize) {
        match value {
            Value::List(list) => {
                for place in 0..self.store.items(list).len() {
                    if self.is_full() {
                        return;
                    }
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
        if self.is_full() || !self.met.insert(node) {
            return;
        }
        match self.chosen(node) {
            Ok(numbers) => {
                let (input, choices) = (self.input, &mut self.choices);
                let choice = *self.known.entry(numbers).or_insert_with_key(|numbers| {
                    choices.push((numbers.clone(), Collector::new(input)));
                    choices.len() - 1
                });
                let collector = &mut choices[choice].1;
                collector.add(self.schema, self.store, node, number);
                collector.add_places(1);
            }
            Err(lost) => {
                let code = match lost {
                    Lost::Failed(code) => code,
                    Lost::WithoutValue => {
                        self.without_value += 1;
                        ErrorCode::Internal
                    }
                };
                if self.lost.len() < MOST_PLACES {
                    self.lost.push((self.here.clone(), code));
                }
            }
        }
    }

    /// The values for one entity, unless something failed that the field cannot do without.
    fn chosen(&mut self, node: NodeId) -> Result<Numbers, Lost> {
        for part in &self.input.requires {
            if let Requirement::Field(field) = part
                && field.source.name() != "__typename"
                && self.at(node, &field.source) == Value::Null
                && let Some(code) = self.explained(&self.here, &field.source)
            {
                return Err(Lost::Failed(code));
            }
        }
        (0..self.values.len()).map(|value| self.value(value)).collect()
    }

    /// The number of a value.
    fn value(&mut self, number: usize) -> Result<usize, Lost> {
        let values = self.values;
        let value = &values[number];
        let source = value.sources.iter().enumerate().find_map(|(source, at)| {
            let &(node, length) = self.around.get(at.level)?;
            self.is_one_of(node, [at.ty.as_str()]).then_some((source, node, length))
        });
        let Some((source, node, length)) = source else { return self.numbered(ConstValue::Null, value) };
        if let Some(read) = self.read.get(&(number, source, node)) {
            return *read;
        }
        let read = self.found(&value.sources[source].path, node, length);
        let read = read.and_then(|found| self.numbered(found, value));
        self.read.insert((number, source, node), read);
        read
    }

    /// A value of an object so far down the path; null when it has none. What is null because it failed is no value.
    fn found(&self, path: &[Key], node: NodeId, length: usize) -> Result<ConstValue, Lost> {
        let found = self.content(Value::Object(node), path);
        let key = path.first().filter(|_| found == ConstValue::Null);
        let failed = key.and_then(|key| self.explained(&self.here[..length], key));
        failed.map_or(Ok(found), |code| Err(Lost::Failed(code)))
    }

    /// The same number for the same.
    fn numbered(&mut self, found: ConstValue, value: &ContextValue) -> Result<usize, Lost> {
        if found == ConstValue::Null && !value.ty.nullable {
            return Err(Lost::WithoutValue);
        }
        let mut written = Vec::new();
        json::write_value(&found, &mut written);
        let different = &mut self.different;
        Ok(*self.numbers.entry(written).or_insert_with(|| {
            different.push(Arc::new(found));
            different.len() - 1
        }))
    }

    /// Below a list there is a list of values.
    fn content(&self, value: Value, path: &[Key]) -> ConstValue {
        match (value, path) {
            (Value::List(list), _) => {
                ConstValue::List(self.store.items(list).iter().map(|item| self.content(*item, path)).collect())
            }
            (Value::Object(node), [key, rest @ ..]) => self.content(self.at(node, key), rest),
            (Value::Object(_), []) | (_, [_, ..]) => ConstValue::Null,
            (leaf, []) => self.store.to_const(leaf),
        }
    }

    /// Why there is nothing under a key of the object at `path`, if it failed.
    fn explained(&self, path: &[PathSegment], key: &Key) -> Option<ErrorCode> {
        why(self.errors, path, key.name())
    }

    fn at(&self, node: NodeId, key: &Key) -> Value {
        self.store.find(node, |field| field.key == *key)
    }

    fn is_one_of<'t>(&self, node: NodeId, types: impl IntoIterator<Item = &'t str>) -> bool {
        is_one_of(self.schema, self.store, node, types)
    }
}
