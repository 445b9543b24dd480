//! The entities of a fetch: what identifies each, each only once, and which objects of the answer they are.

use std::collections::HashMap;
use std::ops::Range;

use async_graphql_value::Name;
use bytes::Bytes;

use super::json;
use super::store::{NodeId, Store, Value};
use super::traverse::{is_one_of, walk};
use crate::planner::{EntityInput, Requirement, TypenameRewrite};
use crate::schema::Schema;

/// The entities of one list of representations.
#[derive(Debug, Default)]
pub(crate) struct Representations {
    /// The JSON of each different representation, one after the other.
    text: Vec<u8>,
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

    /// A part of them as a JSON list.
    pub(crate) fn list(&self, range: Range<usize>) -> Bytes {
        let parts = self.parts.get(range).unwrap_or_default();
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        let mut list = Vec::with_capacity(length + 1);
        list.push(b'[');
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                list.push(b',');
            }
            list.extend_from_slice(&self.text[part.clone()]);
        }
        list.push(b']');
        list.into()
    }
}

/// Collects the entities of `input` from what is there so far.
pub(crate) fn collect(schema: &Schema, store: &mut Store, input: &EntityInput) -> Representations {
    let mut collected = Representations::default();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut nodes = Vec::new();
    for (path, flatten) in input.paths.iter().enumerate() {
        nodes.clear();
        let places = walk(schema, store, flatten, &mut nodes);
        collected.places = collected.places.saturating_add(places);
        let writer = Writer { schema, store };
        for &node in &nodes {
            let start = collected.text.len();
            if !writer.represent(node, input, &mut collected.text) {
                collected.text.truncate(start);
                continue;
            }
            let written = &collected.text[start..];
            let representation = match known.get(written) {
                Some(&representation) => {
                    collected.text.truncate(start);
                    representation
                }
                None => {
                    known.insert(written.to_vec(), collected.parts.len());
                    collected.parts.push(start..collected.text.len());
                    collected.parts.len() - 1
                }
            };
            collected.targets.push(Target { path, node, representation });
        }
    }
    collected
}

/// A field of a representation, with all that is required of it.
struct Gathered<'a> {
    key: &'a Name,
    value: Value,
    parts: Vec<&'a [Requirement]>,
    /// In place of the value, where it is the name of the type.
    typename: Option<&'a str>,
}

struct Writer<'a> {
    schema: &'a Schema,
    store: &'a Store,
}

impl Writer<'_> {
    /// Writes the representation of an entity. False when the subgraph cannot tell it apart or does not know its type.
    fn represent(&self, node: NodeId, input: &EntityInput, out: &mut Vec<u8>) -> bool {
        let mut fields = Vec::with_capacity(8);
        self.gather(node, &input.requires, &mut fields);
        let mut others = fields.iter().filter(|field| field.key != "__typename").peekable();
        if fields.is_empty() || (others.peek().is_some() && others.all(|field| field.value == Value::Null)) {
            return false;
        }
        self.rewrite_typename(&input.rewrites, &mut fields);
        self.write_fields(&fields, out);
        true
    }

    fn gather<'g>(&'g self, node: NodeId, parts: &'g [Requirement], fields: &mut Vec<Gathered<'g>>) {
        for part in parts {
            match part {
                Requirement::Field(field) => {
                    let is_type = field.source.name() == "__typename";
                    let typename = if is_type { self.store.typename(self.schema, node) } else { None };
                    let value = if is_type { Value::Null } else { self.store.get(node, &field.source) };
                    match fields.iter_mut().find(|known| *known.key == field.key) {
                        Some(known) => {
                            known.parts.push(&field.parts);
                            if known.value == Value::Null {
                                known.value = value;
                            }
                            known.typename = known.typename.or(typename);
                        }
                        None => {
                            let parts = vec![field.parts.as_slice()];
                            fields.push(Gathered { key: &field.key, value, parts, typename });
                        }
                    }
                }
                Requirement::Fragment { condition, parts } => {
                    if is_one_of(self.schema, self.store, node, [condition.as_str()]) {
                        self.gather(node, parts, fields);
                        self.name_type(condition, fields);
                    }
                }
            }
        }
    }

    /// An entity that was fetched without its type name can only be what the fragment says.
    fn name_type<'g>(&self, condition: &'g Name, fields: &mut [Gathered<'g>]) {
        let unnamed = fields.iter_mut().find(|field| field.key == "__typename" && field.typename.is_none());
        if let Some(field) = unnamed
            && self.schema.type_named(condition).is_some_and(|ty| !ty.is_abstract())
        {
            field.typename = Some(condition);
        }
    }

    fn rewrite_typename<'g>(&self, rewrites: &'g [TypenameRewrite], fields: &mut [Gathered<'g>]) {
        let Some(field) = fields.iter_mut().find(|field| field.key == "__typename") else { return };
        for rewrite in rewrites {
            let fits = |name| rewrite.types.iter().any(|condition| self.schema.is_possible(condition, name));
            if field.typename.is_some_and(fits) {
                field.typename = Some(&rewrite.replacement);
            }
        }
    }

    fn write_fields(&self, fields: &[Gathered<'_>], out: &mut Vec<u8>) {
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

    fn write_value(&self, value: Value, parts: &[&[Requirement]], out: &mut Vec<u8>) {
        match value {
            Value::Object(node) => {
                let mut fields = Vec::with_capacity(4);
                parts.iter().for_each(|parts| self.gather(node, parts, &mut fields));
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
