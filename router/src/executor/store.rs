//! What was fetched so far. Answers are not made into trees: a leaf stays a piece of the text that it came in, an object is
//! a row of values whose keys are those of the document that asked for it, and an entity that belongs to several places is
//! there once.
//!
//! The fields of an object may come from several answers: each adds a layer, and the first that has a value for a key
//! counts. Two subgraphs that share a field give the same value, or one of them failed.

use std::sync::Arc;

use async_graphql_value::{ConstValue, Name};
use bytes::Bytes;

use crate::planner::selected::{Key, Selected, SelectedField, SelectedTable};
use crate::schema::Schema;

use super::json;

/// Index of an object.
pub(crate) type NodeId = u32;

/// The object that everything hangs below.
pub(crate) const ROOT: NodeId = 0;

/// A value of the store; what it holds is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// Null, or not there.
    Null,
    /// A piece of an answer's text: JSON of a leaf.
    Text {
        text: u32,
        start: u32,
        end: u32,
    },
    /// A leaf that did not come as text.
    Const(u32),
    List(List),
    Object(NodeId),
}

/// A part of all list items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// A leaf, as it came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Text(&'a [u8]),
    Const(&'a ConstValue),
}

/// The fields that one answer gives for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) table: u32,
    pub(super) selected: u32,
    pub(super) start: u32,
}

#[derive(Debug)]
struct Node {
    first: Layer,
    more: Vec<Layer>,
    /// The walk that came here last, and how many places it found from here.
    walk: u32,
    places: u64,
}

/// The answers of one request.
#[derive(Debug)]
pub(crate) struct Store {
    tables: Vec<Arc<SelectedTable>>,
    texts: Vec<Bytes>,
    consts: Vec<ConstValue>,
    slots: Vec<Value>,
    items: Vec<Value>,
    nodes: Vec<Node>,
    walks: u32,
    /// Whether an object may be at several places.
    pub(super) is_shared: bool,
}

/// A count does not fit; bounds on answers are far below that.
const MOST: u32 = u32::MAX;

pub(super) fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(MOST)
}

impl Default for Store {
    /// With an empty root.
    fn default() -> Self {
        let table = SelectedTable(vec![Selected::default()]).shared();
        let mut store = Self {
            tables: vec![table],
            texts: Vec::new(),
            consts: Vec::new(),
            slots: Vec::with_capacity(1024),
            items: Vec::with_capacity(256),
            nodes: Vec::with_capacity(256),
            walks: 0,
            is_shared: false,
        };
        store.push_node(Layer { table: 0, selected: 0, start: 0 });
        store
    }
}

/// Reading.
impl Store {
    /// The value of a key of an object.
    pub(crate) fn get(&self, node: NodeId, key: &Key) -> Value {
        self.find(node, |field| field.key == *key)
    }

    /// The same for a name that is not asked for often.
    pub(crate) fn named(&self, node: NodeId, name: &str) -> Value {
        self.find(node, |field| *field.key.name() == *name)
    }

    fn find(&self, node: NodeId, fits: impl Fn(&SelectedField) -> bool) -> Value {
        let Some(node) = self.nodes.get(node as usize) else { return Value::Null };
        for layer in node.layers() {
            for (place, field) in self.selected(layer).fields.iter().enumerate() {
                if fits(field) {
                    let value = self.slots[layer.start as usize + place];
                    if value != Value::Null {
                        return value;
                    }
                }
            }
        }
        Value::Null
    }

    /// The type that an object says it has. A subgraph that knows only the interface says its name; whoever knows the object
    /// says which it is. That holds.
    pub(crate) fn typename(&self, schema: &Schema, node: NodeId) -> Option<&str> {
        let mut first = None;
        for layer in self.nodes.get(node as usize)?.layers() {
            let Some(place) = self.selected(layer).typename else { continue };
            let Some(name) = self.text(self.slots[layer.start as usize + place]) else { continue };
            match first {
                None => first = Some(name),
                Some(first) if first == name => {}
                Some(first) if is_concrete(schema, first) => return Some(first),
                Some(_) if is_concrete(schema, name) => return Some(name),
                Some(_) => {}
            }
        }
        first
    }

    /// A leaf.
    pub(crate) fn leaf(&self, value: Value) -> Option<Leaf<'_>> {
        match value {
            Value::Text { text, start, end } => {
                self.texts.get(text as usize)?.get(start as usize..end as usize).map(Leaf::Text)
            }
            Value::Const(place) => self.consts.get(place as usize).map(Leaf::Const),
            Value::Null | Value::List(_) | Value::Object(_) => None,
        }
    }

    /// A leaf that is a text without anything escaped in it, as names are.
    pub(crate) fn text(&self, value: Value) -> Option<&str> {
        match self.leaf(value)? {
            Leaf::Text(json) => {
                let text = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
                std::str::from_utf8(text).ok().filter(|text| !text.contains('\\'))
            }
            Leaf::Const(ConstValue::String(text)) => Some(text),
            Leaf::Const(ConstValue::Enum(name)) => Some(name),
            Leaf::Const(_) => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self, list: List) -> &[Value] {
        let start = list.start as usize;
        self.items.get(start..start + list.len as usize).unwrap_or_default()
    }

    /// Writes any value that is not an object with a selection.
    pub(crate) fn write(&self, value: Value, out: &mut Vec<u8>) {
        match value {
            Value::List(list) => {
                out.push(b'[');
                for (place, item) in self.items(list).iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    self.write(*item, out);
                }
                out.push(b']');
            }
            value => match self.leaf(value) {
                Some(Leaf::Text(text)) => out.extend_from_slice(text),
                Some(Leaf::Const(value)) => json::write_value(value, out),
                None => out.extend_from_slice(b"null"),
            },
        }
    }

    /// The same as a value.
    pub(crate) fn to_const(&self, value: Value) -> ConstValue {
        match value {
            Value::List(list) => ConstValue::List(self.items(list).iter().map(|item| self.to_const(*item)).collect()),
            value => match self.leaf(value) {
                // What was read once can be read again.
                Some(Leaf::Text(text)) => serde_json::from_slice(text).unwrap_or_default(),
                Some(Leaf::Const(value)) => value.clone(),
                None => ConstValue::Null,
            },
        }
    }

    fn selected(&self, layer: &Layer) -> &Selected {
        &self.tables[layer.table as usize].0[layer.selected as usize]
    }
}

fn is_concrete(schema: &Schema, name: &str) -> bool {
    schema.type_named(name).is_some_and(|ty| !ty.is_abstract())
}

impl Node {
    fn layers(&self) -> impl Iterator<Item = &Layer> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

/// Filling.
impl Store {
    pub(super) fn add_table(&mut self, table: Arc<SelectedTable>) -> u32 {
        self.tables.push(table);
        index(self.tables.len() - 1)
    }

    pub(super) fn add_text(&mut self, text: Bytes) -> u32 {
        self.texts.push(text);
        index(self.texts.len() - 1)
    }

    pub(super) fn push_const(&mut self, value: ConstValue) -> Value {
        self.consts.push(value);
        Value::Const(index(self.consts.len() - 1))
    }

    pub(super) fn push_items(&mut self, items: impl IntoIterator<Item = Value>) -> Value {
        let start = self.items.len();
        self.items.extend(items);
        Value::List(List { start: index(start), len: index(self.items.len() - start) })
    }

    /// An object without values yet.
    pub(super) fn push_object(&mut self, table: u32, selected: usize, fields: usize) -> (Value, usize) {
        let start = self.slots.len();
        self.slots.resize(start + fields, Value::Null);
        (self.push_node(Layer { table, selected: index(selected), start: index(start) }), start)
    }

    pub(super) fn set(&mut self, slot: usize, value: Value) {
        self.slots[slot] = value;
    }

    fn push_node(&mut self, first: Layer) -> Value {
        self.nodes.push(Node { first, more: Vec::new(), walk: 0, places: 0 });
        Value::Object(index(self.nodes.len() - 1))
    }
}

/// Merging.
impl Store {
    /// Adds what `source` has to `target`. Where both have a value, objects and lists of equal length are merged inside.
    pub(crate) fn merge(&mut self, target: NodeId, source: NodeId) {
        let first = self.nodes[source as usize].first;
        self.add_layer(target, first);
        for place in 0..self.nodes[source as usize].more.len() {
            let layer = self.nodes[source as usize].more[place];
            self.add_layer(target, layer);
        }
    }

    fn add_layer(&mut self, target: NodeId, layer: Layer) {
        if self.nodes[target as usize].layers().any(|known| *known == layer) {
            return;
        }
        let table = Arc::clone(&self.tables[layer.table as usize]);
        for (place, field) in table.0[layer.selected as usize].fields.iter().enumerate() {
            let value = self.slots[layer.start as usize + place];
            if matches!(value, Value::Object(_) | Value::List(_)) {
                let known = self.get(target, &field.key);
                self.merge_values(known, value);
            }
        }
        self.nodes[target as usize].more.push(layer);
    }

    fn merge_values(&mut self, target: Value, source: Value) {
        match (target, source) {
            (Value::Object(target), Value::Object(source)) if target != source => self.merge(target, source),
            (Value::List(target), Value::List(source)) if target.len == source.len && target != source => {
                for place in 0..target.len {
                    let (into, from) = ((target.start + place) as usize, (source.start + place) as usize);
                    match self.items[into] {
                        Value::Null => self.items[into] = self.items[from],
                        known => self.merge_values(known, self.items[from]),
                    }
                }
            }
            _ => {}
        }
    }

    /// A copy of an object and of all objects below it, for a place of its own.
    pub(crate) fn copy(&mut self, node: NodeId) -> NodeId {
        let layers: Vec<Layer> = self.nodes[node as usize].layers().copied().collect();
        let copies: Vec<Layer> = layers.into_iter().map(|layer| self.copy_layer(layer)).collect();
        let (first, more) = match copies.split_first() {
            Some((first, more)) => (*first, more.to_vec()),
            None => return node,
        };
        self.nodes.push(Node { first, more, walk: 0, places: 0 });
        index(self.nodes.len() - 1)
    }

    fn copy_layer(&mut self, layer: Layer) -> Layer {
        let start = self.slots.len();
        let fields = self.selected(&layer).fields.len();
        let from = layer.start as usize;
        self.slots.extend_from_within(from..from + fields);
        for slot in start..start + fields {
            self.slots[slot] = self.copy_value(self.slots[slot]);
        }
        Layer { start: index(start), ..layer }
    }

    fn copy_value(&mut self, value: Value) -> Value {
        match value {
            Value::Object(node) => Value::Object(self.copy(node)),
            Value::List(list) => {
                let items: Vec<Value> = self.items(list).to_vec();
                let items: Vec<Value> = items.into_iter().map(|item| self.copy_value(item)).collect();
                self.push_items(items)
            }
            value => value,
        }
    }
}

/// Walking. An object that is at several places is entered once.
impl Store {
    pub(super) fn begin_walk(&mut self) {
        self.walks += 1;
    }

    /// How many places were found from here when this walk came here before.
    pub(super) fn walked(&self, node: NodeId) -> Option<u64> {
        let node = self.nodes.get(node as usize)?;
        (node.walk == self.walks).then_some(node.places)
    }

    pub(super) fn set_walked(&mut self, node: NodeId, places: u64) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            (node.walk, node.places) = (self.walks, places);
        }
    }
}

/// A table for a value that no document selects: what the router itself answers.
pub(super) fn table_of<'n>(keys: impl Iterator<Item = &'n Name>) -> SelectedTable {
    let fields: Vec<_> = keys.map(|key| SelectedField::new(key.clone(), Some(0))).collect();
    SelectedTable(vec![Selected { typename: fields.iter().position(|field| field.sent == "__typename"), fields }])
}
