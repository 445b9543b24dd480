//! Gives back to the keys of a subgraph's answer the names that the client asked for.

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name};

use super::traverse::is_one_of;
use crate::path::PathSegment;
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
                if is_one_of(schema, object, types.iter().map(String::as_str)) {
                    apply(schema, rest, to, value);
                }
            }
            [] => {}
        },
        _ => {}
    }
}

/// A subgraph's path in the client's names.
pub(crate) fn renamed(renames: &[KeyRename], path: &[PathSegment]) -> Vec<PathSegment> {
    let rename = |key: &Name| {
        let sent = |rename: &&KeyRename| matches!(rename.path.last(), Some(RewriteSegment::Key(last)) if last == key);
        renames.iter().find(sent).map_or_else(|| key.clone(), |rename| rename.to.clone())
    };
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Key(key) => PathSegment::Key(rename(key)),
        index @ PathSegment::Index(_) => index.clone(),
    };
    path.iter().map(segment).collect()
}

fn rename(object: &mut IndexMap<Name, ConstValue>, key: &Name, to: &Name) {
    if let Some(value) = object.swap_remove(key) {
        object.insert(to.clone(), value);
    }
}
