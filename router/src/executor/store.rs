//! What was fetched so far. Answers are not made into trees: a leaf stays a piece of the text that it came in, an object is
//! rows of values whose keys are those of the documents that asked for them ([`layout`](super::layout)), and an entity that
//! belongs to several places is there once.
//!
//! The fields of an object may come from several answers: each adds a row, and the first that has a value for a key
//! counts. Two subgraphs that share a field give the same value, or one of them failed.

use std::sync::Arc;

use async_graphql_value::{ConstValue, Name};
use bytes::Bytes;

use smallvec::{SmallVec, smallvec};

use super::json;
use super::layout::{LayoutId, Layouts, Lookup, Place, TableId, index};
use crate::planner::selected::{Key, Selected, SelectedField, SelectedTable};
use crate::schema::Schema;

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

#[derive(Debug)]
pub(super) struct Node {
    pub(super) layout: LayoutId,
    /// Where the values of each of the layout's rows begin.
    pub(super) rows: SmallVec<[u32; 4]>,
    /// The walk that came here last, and how many places it found from here.
    walk: u32,
    places: u64,
}

/// The answers of one request.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) layouts: Layouts,
    texts: Vec<Bytes>,
    consts: Vec<ConstValue>,
    pub(super) slots: Vec<Value>,
    pub(super) items: Vec<Value>,
    pub(super) nodes: Vec<Node>,
    walks: u32,
    /// Whether an object may be at several places.
    pub(super) is_shared: bool,
    /// How many values were read or copied, and how many bytes of text were read.
    pub(super) values_read: usize,
    pub(super) bytes_read: usize,
}

impl Default for Store {
    /// With an empty root.
    fn default() -> Self {
        let mut store = Self {
            layouts: Layouts::default(),
            texts: Vec::new(),
            consts: Vec::new(),
            slots: Vec::with_capacity(1024),
            items: Vec::with_capacity(256),
            nodes: Vec::with_capacity(256),
            walks: 0,
            is_shared: false,
            values_read: 0,
            bytes_read: 0,
        };
        let empty = store.add_table(SelectedTable(vec![Selected::default()]).shared());
        store.push_object(empty, 0, 0);
        store
    }
}

/// Reading.
impl Store {
    /// The value of a key of an object. `lookup` is for this key only.
    pub(crate) fn get(&self, node: NodeId, key: &Key, lookup: &mut Lookup) -> Value {
        let Some(object) = self.nodes.get(node as usize) else { return Value::Null };
        let (place, is_only) = lookup.place(&self.layouts, object.layout, key);
        match place.map(|place| self.at(object, place)) {
            Some(Value::Null) if !is_only => self.find(node, |field| field.key == *key),
            Some(value) => value,
            None => Value::Null,
        }
    }

    /// The same for a key that is not asked for often.
    pub(crate) fn named(&self, node: NodeId, name: &str) -> Value {
        self.find(node, |field| *field.key.name() == *name)
    }

    pub(super) fn find(&self, node: NodeId, fits: impl Fn(&SelectedField) -> bool + Copy) -> Value {
        let Some(node) = self.nodes.get(node as usize) else { return Value::Null };
        let mut values = self.layouts.places(node.layout, fits).map(|place| self.at(node, place));
        values.find(|value| *value != Value::Null).unwrap_or(Value::Null)
    }

    pub(super) fn at(&self, node: &Node, place: Place) -> Value {
        let slot = node.rows[place.row as usize] as usize + place.field as usize;
        self.slots[slot]
    }

    /// The type that an object says it has. A subgraph that knows only the interface says its name; whoever knows the object
    /// says which it is. That holds.
    pub(crate) fn typename(&self, schema: &Schema, node: NodeId) -> Option<&str> {
        let node = self.nodes.get(node as usize)?;
        let mut first: Option<(Value, &str)> = None;
        for place in self.layouts.typenames(node.layout) {
            let value = self.at(node, *place);
            match first {
                Some((known, _)) if self.is_same_text(known, value) => {}
                None => first = self.text(value).map(|name| (value, name)),
                Some((_, first)) => match self.text(value) {
                    Some(name) if first == name => {}
                    Some(_) if is_concrete(schema, first) => return Some(first),
                    Some(name) if is_concrete(schema, name) => return Some(name),
                    Some(_) | None => {}
                },
            }
        }
        first.map(|(_, name)| name)
    }

    fn is_same_text(&self, one: Value, other: Value) -> bool {
        match (self.leaf(one), self.leaf(other)) {
            (Some(Leaf::Text(one)), Some(Leaf::Text(other))) => one == other,
            _ => false,
        }
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
}

fn is_concrete(schema: &Schema, name: &str) -> bool {
    schema.type_named(name).is_some_and(|ty| !ty.is_abstract())
}

/// Filling.
impl Store {
    pub(super) fn add_table(&mut self, table: Arc<SelectedTable>) -> TableId {
        self.layouts.add(table)
    }

    pub(super) fn add_text(&mut self, text: Bytes) -> u32 {
        self.bytes_read = self.bytes_read.saturating_add(text.len());
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

    /// An object without values yet, and where they will be.
    pub(super) fn push_object(&mut self, table: TableId, selected: usize, fields: usize) -> (Value, usize) {
        let start = self.slots.len();
        self.slots.resize(start + fields, Value::Null);
        (self.push_node(Layouts::of(table, selected), smallvec![index(start)]), start)
    }

    pub(super) fn set(&mut self, slot: usize, value: Value) {
        self.slots[slot] = value;
    }

    pub(super) fn push_node(&mut self, layout: LayoutId, rows: SmallVec<[u32; 4]>) -> Value {
        self.nodes.push(Node { layout, rows, walk: 0, places: 0 });
        Value::Object(index(self.nodes.len() - 1))
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
