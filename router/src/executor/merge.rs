//! Puts fetched values into the answer.

use async_graphql_value::indexmap::map::Entry;
use async_graphql_value::{ConstValue, Name};

use async_graphql_value::indexmap::IndexMap;

/// Adds what `source` has. Where both have a value, objects and lists of equal length are merged inside and anything
/// else keeps what is there: two subgraphs that share a field give the same value, or one of them failed.
pub(crate) fn merge(target: &mut ConstValue, source: ConstValue) {
    match (target, source) {
        (ConstValue::Object(target), ConstValue::Object(source)) => merge_objects(target, source),
        (ConstValue::List(target), ConstValue::List(source)) if target.len() == source.len() => {
            target.iter_mut().zip(source).for_each(|(target, source)| merge(target, source));
        }
        (target @ ConstValue::Null, source) => *target = source,
        _ => {}
    }
}

/// [`merge`] for objects.
pub(crate) fn merge_objects(target: &mut IndexMap<Name, ConstValue>, source: IndexMap<Name, ConstValue>) {
    if target.is_empty() {
        *target = source;
        return;
    }
    for (key, value) in source {
        match target.entry(key) {
            Entry::Occupied(mut entry) => merge(entry.get_mut(), value),
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
        }
    }
}
