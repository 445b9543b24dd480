//! What a subgraph's document selects, as a table that its answer is read by: which keys an object may have, in the order in
//! which they mostly come, and which of them hold objects.

use std::fmt;
use std::sync::Arc;

use async_graphql_parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql_value::Name;
use indexmap::IndexMap;

use super::plan::{KeyRename, RewriteSegment};

/// A response key, with a digest by which most others are told apart at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    digest: u32,
    name: Name,
}

impl Key {
    pub(crate) fn new(name: Name) -> Self {
        // Only tells keys apart faster (FNV-1a): equal digests are followed by a look at the names.
        let digest =
            name.bytes().fold(0x811c_9dc5, |digest: u32, byte| (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self { digest, name }
    }

    /// The key itself.
    pub fn name(&self) -> &Name {
        &self.name
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

/// The selection sets of a document; the first is that of the operation.
#[derive(Debug, Default)]
pub struct SelectedTable(pub(crate) Vec<Selected>);

/// A selection set with all its fragments, whatever types they are for.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    pub(crate) fields: Vec<SelectedField>,
    /// Which of them is the object's type name.
    pub(crate) typename: Option<usize>,
}

/// A field of a selection set.
#[derive(Debug)]
pub(crate) struct SelectedField {
    /// Its key in the subgraph's answer.
    pub(crate) sent: Name,
    /// The same as subgraphs write it: with quotes and colon.
    pub(crate) written: Box<[u8]>,
    /// Its key in ours.
    pub(crate) key: Key,
    /// Its selection set.
    pub(crate) below: Option<usize>,
}

impl SelectedField {
    pub(crate) fn new(sent: Name, below: Option<usize>) -> Self {
        let written = format!("\"{sent}\":").into_bytes().into();
        Self { written, key: Key::new(sent.clone()), sent, below }
    }
}

impl SelectedTable {
    /// The table of a document with one operation. The planner's documents have no cycles of fragments.
    pub(crate) fn of(document: &ExecutableDocument) -> Self {
        let mut table = Self::default();
        let operation = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
        table.add(document, operation.take(1).collect());
        table
    }

    fn add(&mut self, document: &ExecutableDocument, sets: Vec<&SelectionSet>) -> usize {
        let mut fields: IndexMap<Name, Vec<&SelectionSet>> = IndexMap::new();
        sets.into_iter().for_each(|set| collect(document, set, &mut fields));
        let place = self.0.len();
        self.0.push(Selected::default());
        let fields = fields.into_iter().map(|(key, below)| {
            let below = (!below.is_empty()).then(|| self.add(document, below));
            SelectedField::new(key, below)
        });
        let fields: Vec<_> = fields.collect();
        self.0[place] = Selected { typename: fields.iter().position(|field| field.sent == "__typename"), fields };
        place
    }

    /// Gives keys that were changed to avoid conflicts the names that the client asked for. `under` is the key at the top of
    /// the document that the paths begin below.
    pub(crate) fn rename(&mut self, under: Option<&Name>, renames: &[KeyRename]) {
        let top = |key: &Name| self.0.first()?.fields.iter().find(|field| field.sent == *key)?.below;
        let Some(start) = under.map_or(Some(0), top) else { return };
        for rename in renames {
            self.rename_at(start, &rename.path, &rename.to);
        }
    }

    fn rename_at(&mut self, place: usize, path: &[RewriteSegment], to: &Name) {
        match path {
            [RewriteSegment::Key(key)] => {
                for field in self.0[place].fields.iter_mut().filter(|field| field.key.name == *key) {
                    field.key = Key::new(to.clone());
                }
            }
            [RewriteSegment::Key(key), rest @ ..] => {
                let below = self.0[place].fields.iter().filter(|field| field.key.name == *key);
                let below: Vec<usize> = below.filter_map(|field| field.below).collect();
                below.into_iter().for_each(|place| self.rename_at(place, rest, to));
            }
            // A key that was changed for some types is only sent by objects of these.
            [RewriteSegment::Types(_), rest @ ..] => self.rename_at(place, rest, to),
            [] => {}
        }
    }

    /// What plans share.
    pub(crate) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }
}

fn collect<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    fields: &mut IndexMap<Name, Vec<&'d SelectionSet>>,
) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let Field { selection_set, .. } = &field.node;
                let below = fields.entry(field.node.response_key().node.clone()).or_default();
                if !selection_set.node.items.is_empty() {
                    below.push(&selection_set.node);
                }
            }
            Selection::InlineFragment(fragment) => collect(document, &fragment.node.selection_set.node, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, fields);
                }
            }
        }
    }
}
