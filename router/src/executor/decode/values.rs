//! Answers that do not come as text.

use async_graphql_value::ConstValue;

use super::{Unreadable, spend};
use crate::executor::layout::TableId;
use crate::executor::store::{Store, Value, table_of};
use crate::planner::selected::SelectedTable;

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

/// How many values are inside a leaf: a custom scalar may be an object.
fn inside(leaf: &ConstValue) -> usize {
    match leaf {
        ConstValue::Object(members) => members.values().map(|member| 1 + inside(member)).sum(),
        ConstValue::List(items) => items.iter().map(|item| 1 + inside(item)).sum(),
        _ => 0,
    }
}
