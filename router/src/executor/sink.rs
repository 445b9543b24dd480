//! Where a projected answer is written: JSON bytes for clients, a value for code that reads it.

use std::ops::Range;

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name};

use super::json;
use super::shape::ShapeField;
use super::store::{Store, Value};

/// Takes an answer, outermost part first. What was written since a mark can be taken back, because a null may turn out
/// to belong further up.
pub(crate) trait Sink {
    fn begin_object(&mut self, fields: usize);
    fn key(&mut self, field: &ShapeField);
    fn end_object(&mut self);
    fn begin_list(&mut self, items: usize);
    fn item(&mut self);
    fn end_list(&mut self);
    fn null(&mut self);
    fn text(&mut self, text: &str);
    /// A leaf as it was fetched, or a list of such.
    fn leaf(&mut self, store: &Store, value: Value);
    /// How many bytes were written; none where it is no text.
    fn length(&self) -> usize;
    /// The place where the next value begins.
    fn mark(&self) -> usize;
    fn roll_back(&mut self, mark: usize);
    /// Writes once more what stands between two marks. False when that is not possible.
    fn repeat(&mut self, written: Range<usize>) -> bool;
}

/// Writes JSON. Commas need no state: only after `{` and `[` there is none.
impl Sink for Vec<u8> {
    fn begin_object(&mut self, _: usize) {
        self.push(b'{');
    }

    fn key(&mut self, field: &ShapeField) {
        if self.last() != Some(&b'{') {
            self.push(b',');
        }
        self.extend_from_slice(&field.json_key);
    }

    fn end_object(&mut self) {
        self.push(b'}');
    }

    fn begin_list(&mut self, _: usize) {
        self.push(b'[');
    }

    fn item(&mut self) {
        if self.last() != Some(&b'[') {
            self.push(b',');
        }
    }

    fn end_list(&mut self) {
        self.push(b']');
    }

    fn null(&mut self) {
        self.extend_from_slice(b"null");
    }

    fn text(&mut self, text: &str) {
        json::write_string(text, self);
    }

    fn leaf(&mut self, store: &Store, value: Value) {
        store.write(value, self);
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn roll_back(&mut self, mark: usize) {
        self.truncate(mark);
    }

    fn repeat(&mut self, written: Range<usize>) -> bool {
        self.extend_from_within(written);
        true
    }
}

/// Builds a value.
#[derive(Debug, Default)]
pub(crate) struct ValueSink {
    open: Vec<Open>,
    done: ConstValue,
}

#[derive(Debug)]
enum Open {
    Object { fields: IndexMap<Name, ConstValue>, key: Option<Name> },
    List(Vec<ConstValue>),
}

impl ValueSink {
    /// What was built.
    pub(crate) fn into_value(self) -> ConstValue {
        self.done
    }

    fn put(&mut self, value: ConstValue) {
        match self.open.last_mut() {
            Some(Open::Object { fields, key }) => {
                if let Some(key) = key.take() {
                    fields.insert(key, value);
                }
            }
            Some(Open::List(items)) => items.push(value),
            None => self.done = value,
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Object { fields, .. }) => self.put(ConstValue::Object(fields)),
            Some(Open::List(items)) => self.put(ConstValue::List(items)),
            None => {}
        }
    }
}

impl Sink for ValueSink {
    fn begin_object(&mut self, fields: usize) {
        self.open.push(Open::Object { fields: IndexMap::with_capacity(fields), key: None });
    }

    fn key(&mut self, field: &ShapeField) {
        if let Some(Open::Object { key, .. }) = self.open.last_mut() {
            *key = Some(field.shown.clone());
        }
    }

    fn end_object(&mut self) {
        self.close();
    }

    fn begin_list(&mut self, items: usize) {
        self.open.push(Open::List(Vec::with_capacity(items)));
    }

    fn item(&mut self) {}

    fn end_list(&mut self) {
        self.close();
    }

    fn null(&mut self) {
        self.put(ConstValue::Null);
    }

    fn text(&mut self, text: &str) {
        self.put(ConstValue::String(text.to_owned()));
    }

    fn leaf(&mut self, store: &Store, value: Value) {
        self.put(store.to_const(value));
    }

    fn length(&self) -> usize {
        0
    }

    fn mark(&self) -> usize {
        self.open.len()
    }

    fn roll_back(&mut self, mark: usize) {
        self.open.truncate(mark);
    }

    fn repeat(&mut self, _: Range<usize>) -> bool {
        false
    }
}
