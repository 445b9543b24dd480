//! Puts what several answers say about one object together, and keeps apart what may become different.

use super::layout::{Origin, index};
use super::store::{NodeId, Store, Value};

impl Store {
    /// Adds what `source` has to `target`. Where both have a value, objects and lists of equal length are merged inside.
    pub(crate) fn merge(&mut self, target: NodeId, source: NodeId) {
        for row in 0..self.nodes[source as usize].rows.len() {
            let node = &self.nodes[source as usize];
            let (origin, start) = (self.layouts.rows(node.layout)[row], node.rows[row]);
            self.add_row(target, origin, start);
        }
    }

    fn add_row(&mut self, target: NodeId, origin: Origin, start: u32) {
        let node = &self.nodes[target as usize];
        let mut rows = self.layouts.rows(node.layout).iter().zip(&node.rows);
        if rows.any(|(known, at)| (*known, *at) == (origin, start)) {
            return;
        }
        let (layout, again) = self.layouts.grow(node.layout, origin);
        for field in &*again {
            let value = self.slots[start as usize + field.field as usize];
            if matches!(value, Value::Object(_) | Value::List(_)) {
                let known = match self.at(&self.nodes[target as usize], field.before) {
                    Value::Null => {
                        let key = self.layouts.key(origin, field.field);
                        self.find(target, |known| known.key == *key)
                    }
                    known => known,
                };
                self.merge_values(known, value);
            }
        }
        let node = &mut self.nodes[target as usize];
        node.layout = layout;
        node.rows.push(start);
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
        let layout = self.nodes[node as usize].layout;
        let mut rows = self.nodes[node as usize].rows.clone();
        for (number, row) in rows.iter_mut().enumerate() {
            let width = self.layouts.width(self.layouts.rows(layout)[number]);
            *row = self.copy_row(*row, width);
        }
        match self.push_node(layout, rows) {
            Value::Object(copy) => copy,
            _ => node,
        }
    }

    fn copy_row(&mut self, row: u32, width: usize) -> u32 {
        let (from, start) = (row as usize, self.slots.len());
        self.values_read += width;
        self.slots.extend_from_within(from..from + width);
        for slot in start..start + width {
            self.slots[slot] = self.copy_value(self.slots[slot]);
        }
        index(start)
    }

    fn copy_value(&mut self, value: Value) -> Value {
        match value {
            Value::Object(node) => Value::Object(self.copy(node)),
            Value::List(list) => {
                let items: Vec<Value> = self.items(list).to_vec();
                self.values_read += items.len();
                let items: Vec<Value> = items.into_iter().map(|item| self.copy_value(item)).collect();
                self.push_items(items)
            }
            value => value,
        }
    }
}
