//! Finds the objects at a flatten path. Lists are passed through wherever they are.

use super::layout::Lookup;
use super::store::{NodeId, ROOT, Store, Value};
use crate::path::PathSegment;
use crate::planner::{FlattenPath, FlattenSegment};
use crate::schema::Schema;

/// How many steps may be spent on finding the places that an error belongs to.
const MOST_STEPS: usize = 100_000;

/// The objects at the path in order, each once, and at how many places they are.
pub(crate) fn walk(schema: &Schema, store: &mut Store, path: &FlattenPath, found: &mut Vec<NodeId>) -> u64 {
    store.begin_walk();
    let lookups = vec![Lookup::default(); path.0.len()];
    Walk { schema, store, path: &path.0, lookups, found }.step(Value::Object(ROOT), 0)
}

struct Walk<'a> {
    schema: &'a Schema,
    store: &'a mut Store,
    path: &'a [FlattenSegment],
    /// One for each segment.
    lookups: Vec<Lookup>,
    found: &'a mut Vec<NodeId>,
}

impl Walk<'_> {
    /// From a value, with so many segments of the path behind.
    fn step(&mut self, value: Value, behind: usize) -> u64 {
        match value {
            Value::List(list) => {
                let mut places = 0_u64;
                for place in 0..self.store.items(list).len() {
                    let item = self.store.items(list)[place];
                    places = places.saturating_add(self.step(item, behind));
                }
                places
            }
            Value::Object(node) => {
                if let Some(places) = self.store.walked(node) {
                    return places;
                }
                let places = self.enter(node, behind);
                self.store.set_walked(node, places);
                places
            }
            Value::Null | Value::Text { .. } | Value::Const(_) => 0,
        }
    }

    fn enter(&mut self, node: NodeId, behind: usize) -> u64 {
        match self.path.get(behind) {
            None => {
                self.found.push(node);
                1
            }
            Some(FlattenSegment::Key(key)) => {
                let value = self.store.get(node, key, &mut self.lookups[behind]);
                self.step(value, behind + 1)
            }
            Some(FlattenSegment::Types(types)) => {
                let passes = is_one_of(self.schema, self.store, node, types.iter().map(String::as_str));
                if passes { self.enter(node, behind + 1) } else { 0 }
            }
        }
    }
}

/// Whether an object is one of the types. One that does not tell its type was selected without need for it.
pub(crate) fn is_one_of<'t>(
    schema: &Schema,
    store: &Store,
    node: NodeId,
    types: impl IntoIterator<Item = &'t str>,
) -> bool {
    match store.typename(schema, node) {
        Some(name) => types.into_iter().any(|condition| schema.is_possible(condition, name)),
        None => true,
    }
}

/// The response paths, in order, at which the wanted objects are, at most so many.
pub(crate) fn places(
    schema: &Schema,
    store: &Store,
    path: &FlattenPath,
    wanted: &dyn Fn(NodeId) -> bool,
    most: usize,
) -> Vec<(NodeId, Vec<PathSegment>)> {
    let mut search = Search { schema, store, wanted, most, steps: MOST_STEPS, here: Vec::new(), found: Vec::new() };
    search.step(Value::Object(ROOT), &path.0);
    search.found
}

struct Search<'a> {
    schema: &'a Schema,
    store: &'a Store,
    wanted: &'a dyn Fn(NodeId) -> bool,
    most: usize,
    steps: usize,
    here: Vec<PathSegment>,
    found: Vec<(NodeId, Vec<PathSegment>)>,
}

impl Search<'_> {
    fn step(&mut self, value: Value, path: &[FlattenSegment]) {
        if self.found.len() >= self.most || self.steps == 0 {
            return;
        }
        self.steps -= 1;
        match value {
            Value::List(list) => {
                for (place, item) in self.store.items(list).iter().enumerate() {
                    self.here.push(PathSegment::Index(place));
                    self.step(*item, path);
                    self.here.pop();
                }
            }
            Value::Object(node) => self.enter(node, path),
            Value::Null | Value::Text { .. } | Value::Const(_) => {}
        }
    }

    fn enter(&mut self, node: NodeId, path: &[FlattenSegment]) {
        match path {
            [] if (self.wanted)(node) => self.found.push((node, self.here.clone())),
            [] => {}
            [FlattenSegment::Key(key), rest @ ..] => {
                self.here.push(PathSegment::Key(key.name().clone()));
                self.step(self.store.named(node, key.name()), rest);
                self.here.pop();
            }
            [FlattenSegment::Types(types), rest @ ..] => {
                if is_one_of(self.schema, self.store, node, types.iter().map(String::as_str)) {
                    self.enter(node, rest);
                }
            }
        }
    }
}
