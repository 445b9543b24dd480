//! The entities of a fetch: what identifies each, each only once, and which objects of the answer they are.

use std::hash::BuildHasher as _;
use std::ops::Range;

use async_graphql_value::Name;
use bytes::Bytes;
use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::{SmallVec, smallvec};

use super::json;
use super::layout::Lookup;
use super::store::{NodeId, Store, Value};
use super::traverse::walk;
use crate::planner::{EntityInput, Requirement, TypenameRewrite};
use crate::schema::Schema;

/// The entities of one list of representations.
#[derive(Debug, Default)]
pub(crate) struct Representations {
    /// The different ones, as a JSON list.
    list: Bytes,
    /// Where each is in it.
    parts: Vec<Range<usize>>,
    /// Which objects they are, in the order of the input's paths and of the answer.
    pub(crate) targets: Vec<Target>,
    /// At how many places of the answer these objects are.
    pub(crate) places: u64,
}

/// An object of the answer.
#[derive(Debug)]
pub(crate) struct Target {
    /// Which of the input's paths leads to it.
    pub(crate) path: usize,
    /// The object.
    pub(crate) node: NodeId,
    /// Which representation.
    pub(crate) representation: usize,
}

impl Representations {
    /// How many different ones there are.
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Those of several lists together, as far as it matters which objects they are.
    pub(crate) fn together(all: impl IntoIterator<Item = Self>) -> Self {
        Self { targets: all.into_iter().flat_map(|one| one.targets).collect(), ..Self::default() }
    }

    /// A part of them as a JSON list.
    pub(crate) fn list(&self, range: Range<usize>) -> Bytes {
        if range == (0..self.len()) {
            return self.list.clone();
        }
        let parts = self.parts.get(range).unwrap_or_default();
        let inner = match parts {
            [first, .., last] => first.start..last.end,
            [one] => one.clone(),
            [] => 0..0,
        };
        let inner = &self.list[inner];
        let mut list = Vec::with_capacity(inner.len() + 2);
        list.push(b'[');
        list.extend_from_slice(inner);
        list.push(b']');
        list.into()
    }
}

/// Collects the entities of `input` from what is there so far.
pub(crate) fn collect(schema: &Schema, store: &mut Store, input: &EntityInput) -> Representations {
    let mut collector = Collector::new(input);
    let mut nodes = Vec::new();
    for (path, flatten) in input.paths.iter().enumerate() {
        nodes.clear();
        collector.add_places(walk(schema, store, flatten, &mut nodes));
        nodes.iter().for_each(|node| collector.add(schema, store, *node, path));
    }
    collector.finish()
}

/// Collects entities one by one.
pub(crate) struct Collector<'a> {
    input: &'a EntityInput,
    collected: Collected,
    lookups: Vec<Lookup>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(input: &'a EntityInput) -> Self {
        let collected = Collected { list: vec![b'['], ..Collected::default() };
        Self { input, collected, lookups: vec![Lookup::default(); input.required_fields] }
    }

    /// Adds an object that the input's path of this number leads to.
    pub(crate) fn add(&mut self, schema: &Schema, store: &Store, node: NodeId, path: usize) {
        let collected = &mut self.collected;
        let start = collected.begin();
        let mut writer = Writer { schema, store, lookups: &mut self.lookups };
        if writer.represent(node, self.input, &mut collected.list) {
            let representation = collected.end(start);
            collected.targets.push(Target { path, node, representation });
        } else {
            collected.list.truncate(start);
        }
    }

    /// Counts places that the objects are at.
    pub(crate) fn add_places(&mut self, places: u64) {
        self.collected.places = self.collected.places.saturating_add(places);
    }

    pub(crate) fn finish(self) -> Representations {
        self.collected.finish()
    }
}

/// Representations while they are being collected.
#[derive(Default)]
struct Collected {
    list: Vec<u8>,
    parts: Vec<Range<usize>>,
    /// Finds the part that has the same text.
    known: HashTable<usize>,
    hasher: DefaultHashBuilder,
    targets: Vec<Target>,
    places: u64,
}

impl Collected {
    /// The place of the next one.
    fn begin(&mut self) -> usize {
        self.list.truncate(self.parts.last().map_or(1, |last| last.end));
        if !self.parts.is_empty() {
            self.list.push(b',');
        }
        self.list.len()
    }

    /// Keeps what was written since, unless it is there already. Answers which it is.
    fn end(&mut self, start: usize) -> usize {
        let Self { list, parts, known, hasher, .. } = self;
        let written = start..list.len();
        let text = |part: usize| &list[parts[part].clone()];
        let hash = hasher.hash_one(&list[written.clone()]);
        let next = parts.len();
        let entry =
            known.entry(hash, |part| *text(*part) == list[written.clone()], |part| hasher.hash_one(text(*part)));
        let part = *entry.or_insert(next).get();
        if part == next {
            parts.push(written);
        }
        part
    }

    fn finish(mut self) -> Representations {
        self.list.truncate(self.parts.last().map_or(1, |last| last.end));
        self.list.push(b']');
        let Self { list, parts, targets, places, .. } = self;
        Representations { list: list.into(), parts, targets, places }
    }
}

/// A field of a representation, with all that is required of it.
struct Gathered<'a> {
    key: &'a Name,
    value: Value,
    parts: SmallVec<[&'a [Requirement]; 1]>,
    /// In place of the value, where it is the name of the type.
    typename: Option<&'a str>,
}

type GatheredFields<'a> = SmallVec<[Gathered<'a>; 4]>;

struct Writer<'a> {
    schema: &'a Schema,
    store: &'a Store,
    /// One for each required field.
    lookups: &'a mut [Lookup],
}

impl<'a> Writer<'a> {
    /// Writes the representation of an entity. False when the subgraph cannot tell it apart or does not know its type.
    fn represent(&mut self, node: NodeId, input: &'a EntityInput, out: &mut Vec<u8>) -> bool {
        let mut fields = GatheredFields::new();
        let typename = self.store.typename(self.schema, node);
        self.gather(node, typename, &input.requires, &mut fields);
        let mut others = fields.iter().filter(|field| field.key != "__typename").peekable();
        if fields.is_empty() || (others.peek().is_some() && others.all(|field| field.value == Value::Null)) {
            return false;
        }
        self.rewrite_typename(&input.rewrites, &mut fields);
        self.write_fields(&fields, out);
        true
    }

    fn gather(
        &mut self,
        node: NodeId,
        typename: Option<&'a str>,
        parts: &'a [Requirement],
        fields: &mut GatheredFields<'a>,
    ) {
        for part in parts {
            match part {
                Requirement::Field(field) => {
                    let is_type = field.source.name() == "__typename";
                    let typename = typename.filter(|_| is_type);
                    let lookup = &mut self.lookups[field.number];
                    let value = if is_type { Value::Null } else { self.store.get(node, &field.source, lookup) };
                    match fields.iter_mut().find(|known| *known.key == field.key) {
                        Some(known) => {
                            known.parts.push(&field.parts);
                            if known.value == Value::Null {
                                known.value = value;
                            }
                            known.typename = known.typename.or(typename);
                        }
                        None => {
                            let parts = smallvec![field.parts.as_slice()];
                            fields.push(Gathered { key: &field.key, value, parts, typename });
                        }
                    }
                }
                Requirement::Fragment { condition, parts } => {
                    // One that does not tell its type was selected without need for it.
                    if typename.is_none_or(|name| self.schema.is_possible(condition, name)) {
                        self.gather(node, typename, parts, fields);
                        self.name_type(condition, fields);
                    }
                }
            }
        }
    }

    /// An entity that was fetched without its type name can only be what the fragment says.
    fn name_type(&self, condition: &'a Name, fields: &mut [Gathered<'a>]) {
        let unnamed = fields.iter_mut().find(|field| field.key == "__typename" && field.typename.is_none());
        if let Some(field) = unnamed
            && self.schema.type_named(condition).is_some_and(|ty| !ty.is_abstract())
        {
            field.typename = Some(condition);
        }
    }

    fn rewrite_typename(&self, rewrites: &'a [TypenameRewrite], fields: &mut [Gathered<'a>]) {
        let Some(field) = fields.iter_mut().find(|field| field.key == "__typename") else { return };
        for rewrite in rewrites {
            let fits = |name| rewrite.types.iter().any(|condition| self.schema.is_possible(condition, name));
            if field.typename.is_some_and(fits) {
                field.typename = Some(&rewrite.replacement);
            }
        }
    }

    fn write_fields(&mut self, fields: &[Gathered<'a>], out: &mut Vec<u8>) {
        out.push(b'{');
        for (place, field) in fields.iter().enumerate() {
            out.extend_from_slice(if place == 0 { b"\"" } else { b",\"" });
            out.extend_from_slice(field.key.as_bytes());
            out.extend_from_slice(b"\":");
            match field.typename {
                Some(name) => json::write_string(name, out),
                None => self.write_value(field.value, &field.parts, out),
            }
        }
        out.push(b'}');
    }

    fn write_value(&mut self, value: Value, parts: &[&'a [Requirement]], out: &mut Vec<u8>) {
        match value {
            Value::Object(node) => {
                let mut fields = GatheredFields::new();
                let typename = self.store.typename(self.schema, node);
                parts.iter().for_each(|parts| self.gather(node, typename, parts, &mut fields));
                self.write_fields(&fields, out);
            }
            Value::List(list) => {
                out.push(b'[');
                for (place, item) in self.store.items(list).iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    self.write_value(*item, parts, out);
                }
                out.push(b']');
            }
            value => self.store.write(value, out),
        }
    }
}
