//! Paths of subgraphs' errors in the names that the client asked for.

use crate::path::PathSegment;
use crate::planner::{KeyRename, RewriteSegment};

/// A subgraph's path in the client's names.
pub(crate) fn renamed(renames: &[KeyRename], path: &[PathSegment]) -> Vec<PathSegment> {
    let rename = |key: &async_graphql_value::Name| {
        let sent = |rename: &&KeyRename| matches!(rename.path.last(), Some(RewriteSegment::Key(last)) if last == key);
        renames.iter().find(sent).map_or_else(|| key.clone(), |rename| rename.to.clone())
    };
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Key(key) => PathSegment::Key(rename(key)),
        index @ PathSegment::Index(_) => index.clone(),
    };
    path.iter().map(segment).collect()
}
