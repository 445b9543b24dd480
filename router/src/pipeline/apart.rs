//! Keeps clients' keys apart from fields that are fetched for ourselves. What identifies an object, or is required of it, is
//! fetched under its own name, by the same or by other fetches; a client may use that name for something else
//! (`id: title`), and then has to be answered from another key.

use async_graphql_value::Name;

use super::operation::{Operation, Selection};
use crate::schema::Schema;

/// Changes the keys that subgraphs are asked for where they are the names of fields that identify objects. Answers what
/// the changed keys begin with before they go on as the client's, if there are any.
pub(super) fn keep_apart(operation: &mut Operation, text: &str, schema: &Schema) -> Option<String> {
    if schema.identifying.is_empty() || !is_mistakable(&operation.selections, schema) {
        return None;
    }
    let mut begin = "_as".to_owned();
    while text.contains(&begin) {
        begin.push('x');
    }
    begin.push('_');
    change(&mut operation.selections, &begin, schema);
    Some(begin)
}

fn is_mistakable(selections: &[Selection], schema: &Schema) -> bool {
    selections.iter().any(|selection| match selection {
        Selection::Field(field) => {
            is_mistaken(&field.key, &field.name, schema) || is_mistakable(&field.selections, schema)
        }
        Selection::Fragment(fragment) => is_mistakable(&fragment.selections, schema),
    })
}

fn is_mistaken(key: &Name, name: &Name, schema: &Schema) -> bool {
    key != name && schema.identifying.contains(key)
}

fn change(selections: &mut [Selection], begin: &str, schema: &Schema) {
    for selection in selections {
        match selection {
            Selection::Field(field) => {
                if is_mistaken(&field.key, &field.name, schema) {
                    field.sent = Name::new(format!("{begin}{}", field.key));
                }
                change(&mut field.selections, begin, schema);
            }
            Selection::Fragment(fragment) => change(&mut fragment.selections, begin, schema),
        }
    }
}
