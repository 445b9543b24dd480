//! Reads answers into the store: JSON text in one pass, without a value for each leaf, or values of a subgraph of this process.

use async_graphql_value::ConstValue;
use bytes::Bytes;

use super::layout::{TableId, index};
use super::store::{Store, Value, table_of};
use crate::planner::selected::{SelectedField, SelectedTable};

/// How deep an answer may be.
const DEEPEST: usize = 128;

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no JSON, from this byte on.
    Malformed(usize),
    /// It holds too many values.
    TooMany,
}

impl Store {
    /// Reads the JSON value at the beginning of `text[start..]`. Answers it and where it ends.
    pub(crate) fn read(
        &mut self,
        table: (TableId, &SelectedTable),
        text: &Bytes,
        start: usize,
        most_values: usize,
    ) -> Result<(Value, usize), Unreadable> {
        // Places in a text are kept in 32 bits.
        if u32::try_from(text.len()).is_err() {
            return Err(Unreadable::TooMany);
        }
        if let Err(error) = std::str::from_utf8(text) {
            return Err(Unreadable::Malformed(error.valid_up_to()));
        }
        let number = self.add_text(text.clone());
        let (table_id, table) = table;
        let mut reader = Reader {
            bytes: text,
            at: start,
            text: number,
            table,
            table_id,
            left: most_values,
            depth: 0,
            stack: Vec::new(),
            store: self,
        };
        let value = reader.spend(1).and_then(|()| reader.value(Some(0)));
        let (end, left) = (reader.at, reader.left);
        // What was refused is there, too.
        self.values_read += most_values - left;
        Ok((value?, end))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    text: u32,
    table: &'a SelectedTable,
    table_id: TableId,
    left: usize,
    depth: usize,
    /// The items of the lists that are being read.
    stack: Vec<Value>,
    store: &'a mut Store,
}

type Outcome<T> = Result<T, Unreadable>;

impl Reader<'_> {
    /// A value whose selection set, if there is one, is `below`.
    fn value(&mut self, below: Option<usize>) -> Outcome<Value> {
        self.blank();
        let start = self.at;
        match (self.peek(), below) {
            (Some(b'{'), Some(selected)) => return self.deeper(|reader| reader.object(selected)),
            (Some(b'['), _) => return self.deeper(|reader| reader.list(below)),
            (Some(b'n'), _) => {
                self.word(b"null")?;
                return Ok(Value::Null);
            }
            _ => self.skip()?,
        }
        Ok(Value::Text { text: self.text, start: index(start), end: index(self.at) })
    }

    fn object(&mut self, selected: usize) -> Outcome<Value> {
        let fields = &self.table.0[selected].fields;
        // Those that do not come have their places as well.
        self.spend(fields.len())?;
        let (object, slots) = self.store.push_object(self.table_id, selected, fields.len());
        self.at += 1;
        self.blank();
        if self.took(b'}') {
            return Ok(object);
        }
        let mut next = 0;
        loop {
            match self.field(fields, next)? {
                Some(place) => {
                    let value = self.value(fields[place].below)?;
                    self.store.set(slots + place, value);
                    next = place + 1;
                }
                // Nobody asked for it.
                None => {
                    self.spend(1)?;
                    self.value(None)?;
                }
            }
            self.blank();
            if self.took(b'}') {
                return Ok(object);
            }
            self.expect(b',')?;
            self.blank();
        }
    }

    /// Which of the fields comes now; subgraphs mostly write them in the order that was asked for and without spaces.
    fn field(&mut self, fields: &[SelectedField], next: usize) -> Outcome<Option<usize>> {
        if let Some(field) = fields.get(next)
            && self.bytes[self.at..].starts_with(&field.written)
        {
            self.at += field.written.len();
            return Ok(Some(next));
        }
        let start = self.at;
        self.string()?;
        let written = &self.bytes[start..self.at];
        self.blank();
        self.expect(b':')?;
        let is_plain = !written.contains(&b'\\');
        let plain = written.get(1..written.len() - 1).filter(|_| is_plain);
        if let Some(name) = plain {
            return Ok(fields.iter().position(|field| field.sent.as_bytes() == name));
        }
        let name: String = serde_json::from_slice(written).map_err(|_| Unreadable::Malformed(start))?;
        Ok(fields.iter().position(|field| field.sent == *name))
    }

    fn list(&mut self, below: Option<usize>) -> Outcome<Value> {
        let base = self.stack.len();
        self.at += 1;
        self.blank();
        if !self.took(b']') {
            loop {
                self.spend(1)?;
                let item = self.value(below)?;
                self.stack.push(item);
                self.blank();
                if self.took(b']') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        Ok(self.store.push_items(self.stack.drain(base..)))
    }

    /// Passes over any value but null; the members of an object count as values.
    fn skip(&mut self) -> Outcome<()> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.deeper(Self::skip_object),
            _ => Err(self.wrong()),
        }
    }

    fn skip_object(&mut self) -> Outcome<()> {
        self.at += 1;
        self.blank();
        if self.took(b'}') {
            return Ok(());
        }
        loop {
            self.string()?;
            self.blank();
            self.expect(b':')?;
            self.spend(1)?;
            self.value(None)?;
            self.blank();
            if self.took(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
            self.blank();
        }
    }

    fn spend(&mut self, values: usize) -> Outcome<()> {
        spend(&mut self.left, values)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong());
        }
        let outcome = read(self);
        self.depth -= 1;
        outcome
    }

    fn string(&mut self) -> Outcome<()> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
    }

    fn escape(&mut self) -> Outcome<()> {
        let digits = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.wrong()),
        };
        self.at += 2;
        for _ in 0..digits {
            match self.peek() {
                Some(digit) if digit.is_ascii_hexdigit() => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Outcome<()> {
        self.took(b'-');
        if !self.took(b'0') {
            self.digits()?;
        }
        if self.took(b'.') {
            self.digits()?;
        }
        if self.took(b'e') || self.took(b'E') {
            let _sign = self.took(b'+') || self.took(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Outcome<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.wrong()) }
    }

    fn word(&mut self, word: &[u8]) -> Outcome<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.wrong());
        }
        self.at += word.len();
        Ok(())
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn took(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Outcome<()> {
        if self.took(byte) { Ok(()) } else { Err(self.wrong()) }
    }

    fn wrong(&self) -> Unreadable {
        Unreadable::Malformed(self.at)
    }
}

/// Answers that do not come as text.
impl Store {
    /// Takes over what a document of this table was answered.
    pub(crate) fn take(
        &mut self,
        table: (TableId, &SelectedTable),
        value: ConstValue,
        most_values: usize,
    ) -> Result<Value, Unreadable> {
        let mut left = most_values;
        let value = spend(&mut left, 1).and_then(|()| self.take_value(table, Some(0), value, &mut left));
        self.values_read += most_values - left;
        value
    }

    fn take_value(
        &mut self,
        table: (TableId, &SelectedTable),
        below: Option<usize>,
        value: ConstValue,
        left: &mut usize,
    ) -> Result<Value, Unreadable> {
        match (value, below) {
            (ConstValue::Null, _) => Ok(Value::Null),
            (ConstValue::List(items), _) => {
                spend(left, items.len())?;
                let items = items.into_iter().map(|item| self.take_value(table, below, item, left));
                let items = items.collect::<Result<Vec<_>, _>>()?;
                Ok(self.push_items(items))
            }
            (ConstValue::Object(members), Some(selected)) => {
                let fields = &table.1.0[selected].fields;
                spend(left, fields.len())?;
                let (object, slots) = self.push_object(table.0, selected, fields.len());
                let mut next = 0;
                for (key, member) in members {
                    let is_next = fields.get(next).is_some_and(|field| field.sent == key);
                    let place = if is_next { Some(next) } else { fields.iter().position(|field| field.sent == key) };
                    let Some(place) = place else { continue };
                    let value = self.take_value(table, fields[place].below, member, left)?;
                    self.set(slots + place, value);
                    next = place + 1;
                }
                Ok(object)
            }
            (leaf, _) => {
                spend(left, inside(&leaf))?;
                Ok(self.push_const(leaf))
            }
        }
    }

    /// Takes over what no document selects: objects have the keys that they have.
    pub(crate) fn take_any(&mut self, value: ConstValue) -> Value {
        match value {
            ConstValue::Null => Value::Null,
            ConstValue::List(items) => {
                let items: Vec<Value> = items.into_iter().map(|item| self.take_any(item)).collect();
                self.push_items(items)
            }
            ConstValue::Object(members) => {
                let table = table_of(members.keys()).shared();
                let fields = table.0[0].fields.len();
                let number = self.add_table(table);
                let (object, slots) = self.push_object(number, 0, fields);
                for (place, (_, member)) in members.into_iter().enumerate() {
                    let value = self.take_any(member);
                    self.set(slots + place, value);
                }
                object
            }
            leaf => self.push_const(leaf),
        }
    }
}

/// Takes so many values of those that are left.
fn spend(left: &mut usize, values: usize) -> Outcome<()> {
    match left.checked_sub(values) {
        Some(rest) => {
            *left = rest;
            Ok(())
        }
        None => {
            *left = 0;
            Err(Unreadable::TooMany)
        }
    }
}

/// How many values are inside a leaf: a custom scalar may be an object.
fn inside(leaf: &ConstValue) -> usize {
    match leaf {
        ConstValue::Object(members) => members.values().map(|member| 1 + inside(member)).sum(),
        ConstValue::List(items) => items.iter().map(|item| 1 + inside(item)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table() -> SelectedTable {
        let document = async_graphql_parser::parse_query("{ a b { c d { a } } list { c } }").unwrap();
        SelectedTable::of(&document)
    }

    fn read(text: &str) -> Result<Value, Unreadable> {
        let (mut store, table) = (Store::default(), table());
        let number = store.add_table(table_of(std::iter::empty()).shared());
        let (value, end) = store.read((number, &table), &Bytes::from(text.to_owned()), 0, 1_000)?;
        if text[end..].trim().is_empty() { Ok(value) } else { Err(Unreadable::Malformed(end)) }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::vec(("[abcd]|list|\\PC*", inner), 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_json_can_be_read_and_whatever_is_not_cannot(value in json(), cut in any::<prop::sample::Index>(),
            put in any::<u8>(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert!(read(&text).is_ok(), "{}", text);
            let mut bytes = text.into_bytes();
            let at = cut.index(bytes.len());
            bytes[at] = put;
            if let Ok(changed) = String::from_utf8(bytes) {
                // Halves of surrogate pairs are passed on as they are; everything else is as strict as it can be.
                let is_json = serde_json::from_str::<&serde_json::value::RawValue>(&changed).is_ok();
                prop_assert_eq!(read(&changed).is_ok(), is_json, "{}", changed);
            }
        }
    }

    #[test]
    fn what_nobody_asked_for_is_passed_over_and_leaves_stay_text() {
        let (mut store, table) = (Store::default(), std::sync::Arc::new(table()));
        let number = store.add_table(std::sync::Arc::clone(&table));
        let text = r#" {"x":[{"y":1}],"b":{"d":{"a":"\u00e4"},"c":1e3},"a":{"any":"thing"},"list":[null,{"c":true}]} "#;
        let (value, _) = store.read((number, &table), &Bytes::from(text), 0, 100).unwrap();
        let Value::Object(root) = value else { panic!("{value:?}") };
        let written = |value: Value| {
            let mut out = Vec::new();
            store.write(value, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(store.named(root, "a")), r#"{"any":"thing"}"#);
        assert_eq!(store.named(root, "x"), Value::Null);
        let Value::Object(b) = store.named(root, "b") else { panic!() };
        assert_eq!(written(store.named(b, "c")), "1e3");
        let Value::Object(d) = store.named(b, "d") else { panic!() };
        assert_eq!(written(store.named(d, "a")), r#""\u00e4""#);
        let Value::List(list) = store.named(root, "list") else { panic!() };
        assert_eq!(store.items(list)[0], Value::Null);
    }

    #[test]
    fn an_answer_is_bounded_in_values_and_in_depth() {
        let count = |text: &str, most: usize| {
            let (mut store, table) = (Store::default(), table());
            let number = store.add_table(table_of(std::iter::empty()).shared());
            store.read((number, &table), &Bytes::from(text.to_owned()), 0, most).map(|_| ())
        };
        let text = r#"{"list":[{"c":1},{"c":{"x":2}}]}"#;
        assert_eq!((count(text, 9), count(text, 8)), (Ok(()), Err(Unreadable::TooMany)));
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(count(&deep(DEEPEST), 1_000), Ok(()));
        assert!(count(&deep(DEEPEST + 1), 1_000).is_err());
    }
}
