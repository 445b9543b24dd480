//! Sets of subgraphs, small enough to compare and unite at every step of the walk.

use crate::compose::model::GraphId;

/// A bit for every subgraph.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct GraphSet(Vec<u64>);

impl GraphSet {
    /// An empty set with room for that many subgraphs.
    pub(super) fn empty(graphs: usize) -> Self {
        Self(vec![0; graphs.div_ceil(64)])
    }

    pub(super) fn insert(&mut self, graph: GraphId) {
        if let Some(word) = self.0.get_mut(graph / 64) {
            *word |= 1 << (graph % 64);
        }
    }

    pub(super) fn remove(&mut self, graph: GraphId) {
        if let Some(word) = self.0.get_mut(graph / 64) {
            *word &= !(1 << (graph % 64));
        }
    }

    pub(super) fn contains(&self, graph: GraphId) -> bool {
        self.0.get(graph / 64).is_some_and(|word| word & (1 << (graph % 64)) != 0)
    }

    pub(super) fn unite(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(word, other)| word & !other == 0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = GraphId> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(index * 64 + bit)
            })
        })
    }
}
