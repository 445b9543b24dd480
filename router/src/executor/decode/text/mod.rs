//! Answers that come as text: what was asked for finds its place, and leaves stay the text that they are.

mod grammar;

use bytes::Bytes;

use super::{Outcome, Unreadable, spend};
use crate::executor::layout::{TableId, index};
use crate::executor::store::{Store, Value};
use crate::planner::selected::{SelectedField, SelectedTable};

/// How deep an answer may be.
const DEEPEST: usize = 128;

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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::executor::store::table_of;

    fn table() -> SelectedTable {
        let document = async_graphql_parser::parse_query("{ a b { c d { a } } list { c } }").unwrap();
        SelectedTable::of(&document)
    }

    fn read(text: &str) -> Result<Value, Unreadable> {
        let (mut store, table) = (Store::default(), table());
        let number = store.add_table(table_of(std::iter::empty()).shared());
        let (value, end) = store.read((number, &table), &Bytes::from(text.to_owned()), 0, 1_000)?;
        // What JSON takes for blanks is less than what `trim` does.
        let rest = text[end..].trim_start_matches([' ', '\n', '\r', '\t']);
        if rest.is_empty() { Ok(value) } else { Err(Unreadable::Malformed(end)) }
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
