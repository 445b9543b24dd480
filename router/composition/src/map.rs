//! Maps of names. Names are short and come from schemas that their owner composes, so the hash is a fast one.

use rustc_hash::FxBuildHasher;

pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, FxBuildHasher>;
pub(crate) type HashSet<T> = std::collections::HashSet<T, FxBuildHasher>;
pub(crate) type IndexMap<K, V> = indexmap::IndexMap<K, V, FxBuildHasher>;
pub(crate) type IndexSet<T> = indexmap::IndexSet<T, FxBuildHasher>;

/// A map with room for that many entries.
pub(crate) fn sized<K, V>(entries: usize) -> IndexMap<K, V> {
    IndexMap::with_capacity_and_hasher(entries, FxBuildHasher)
}
