//! Gives back to the keys of a subgraph's answer the names that the client asked for.

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name};

use super::traverse::is_one_of;
use crate::planner::{KeyRename, RewriteSegment};
use crate::schema::Schema;

/// Applies the renames to an answer or an entity.
pub(crate) fn rename_all(schema: &Schema, renames: &[KeyRename], value: &mut ConstValue) {
    for rename in renames {
        apply(schema, &rename.path, &rename.to, value);
    }
}

fn apply(schema: &Schema, path: &[RewriteSegment], to: &Name, value: &mut ConstValue) {
    match value {
        ConstValue::List(items) => items.iter_mut().for_each(|item| apply(schema, path, to, item)),
        ConstValue::Object(object) => match path {
            [RewriteSegment::Key(key)] => rename(object, key, to),
            [RewriteSegment::Key(key), rest @ ..] => {
                if let Some(value) = object.get_mut(key) {
                    apply(schema, rest, to, value);
                }
            }
            [RewriteSegment::Types(types), rest @ ..] => {
                if is_one_of(schema, object, types) {
                    apply(schema, rest, to, value);
                }
            }
            [] => {}
        },
        _ => {}
    }
}

fn rename(object: &mut IndexMap<Name, ConstValue>, key: &Name, to: &Name) {
    if let Some(value) = object.swap_remove(key) {
        object.insert(to.clone(), value);
    }
}
