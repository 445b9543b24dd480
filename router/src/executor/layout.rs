//! Where objects have their values. Objects whose values came from the same selection sets of the same answers have them at
//! the same places, like objects of one class, so a place is looked for once and then holds for all of them.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::planner::selected::{Key, Selected, SelectedField, SelectedTable};

/// Index of a layout.
pub(super) type LayoutId = u32;

/// The selection sets of a document: which table they are in, and the layout of objects that have values from the first only.
/// The layouts for the others follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableId {
    table: u32,
    first_layout: LayoutId,
}

/// The selection set that a row of values came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    table: u32,
    selected: u32,
}

/// A field of an object: in which of its rows, and where there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) row: u32,
    pub(super) field: u32,
}

/// Objects with values from these selection sets.
#[derive(Debug)]
struct Layout {
    rows: SmallVec<[Origin; 4]>,
    /// Where the names of the object's type are.
    typenames: SmallVec<[Place; 2]>,
    /// What it becomes with one more row.
    grown: Vec<Grown>,
}

/// What a layout is with one more row.
#[derive(Debug)]
struct Grown {
    by: Origin,
    into: LayoutId,
    again: Arc<[Again]>,
}

/// A field of a further row whose key was there before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again {
    pub(super) field: u32,
    /// Where the key was first.
    pub(super) before: Place,
}

/// The layouts of one request's objects.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    tables: Vec<Arc<SelectedTable>>,
    all: Vec<Layout>,
}

/// Where a key is in objects of the layout that was asked for last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup {
    layout: LayoutId,
    place: Option<Place>,
    /// Whether it is at no other place.
    is_only: bool,
}

impl Default for Lookup {
    /// Nothing was asked for yet.
    fn default() -> Self {
        Self { layout: LayoutId::MAX, place: None, is_only: true }
    }
}

impl Lookup {
    /// The first place of the key, and whether it is the only one.
    pub(super) fn place(&mut self, layouts: &Layouts, layout: LayoutId, key: &Key) -> (Option<Place>, bool) {
        if self.layout != layout {
            let mut places = layouts.places(layout, |field| field.key == *key);
            *self = Self { layout, place: places.next(), is_only: places.next().is_none() };
        }
        (self.place, self.is_only)
    }
}

impl Layouts {
    /// Adds the selection sets of a document.
    pub(super) fn add(&mut self, table: Arc<SelectedTable>) -> TableId {
        let id = TableId { table: index(self.tables.len()), first_layout: index(self.all.len()) };
        for (selected, set) in table.0.iter().enumerate() {
            let typename = set.typename.map(|field| Place { row: 0, field: index(field) });
            let rows = smallvec![Origin { table: id.table, selected: index(selected) }];
            self.all.push(Layout { rows, typenames: typename.into_iter().collect(), grown: Vec::new() });
        }
        self.tables.push(table);
        id
    }

    /// The layout of objects with values from one selection set.
    pub(super) fn of(table: TableId, selected: usize) -> LayoutId {
        table.first_layout.saturating_add(index(selected))
    }

    /// Where the rows of objects of this layout came from.
    pub(super) fn rows(&self, layout: LayoutId) -> &[Origin] {
        &self.all[layout as usize].rows
    }

    /// Where objects of this layout have the names of their type.
    pub(super) fn typenames(&self, layout: LayoutId) -> &[Place] {
        &self.all[layout as usize].typenames
    }

    /// The fields that fit, row by row.
    pub(super) fn places(
        &self,
        layout: LayoutId,
        fits: impl Fn(&SelectedField) -> bool + Copy,
    ) -> impl Iterator<Item = Place> {
        self.rows(layout).iter().zip(0..).flat_map(move |(origin, row)| {
            let fields = self.selected(*origin).fields.iter().zip(0..);
            fields.filter(move |(field, _)| fits(field)).map(move |(_, field)| Place { row, field })
        })
    }

    /// How many fields a row has.
    pub(super) fn width(&self, origin: Origin) -> usize {
        self.selected(origin).fields.len()
    }

    /// What objects of this layout become with one more row, and which of its fields are not new.
    pub(super) fn grow(&mut self, layout: LayoutId, by: Origin) -> (LayoutId, Arc<[Again]>) {
        let known = self.all[layout as usize].grown.iter().find(|grown| grown.by == by);
        if let Some(grown) = known {
            return (grown.into, Arc::clone(&grown.again));
        }
        let again = self.selected(by).fields.iter().zip(0..).filter_map(|(field, number)| {
            let before = self.places(layout, |known| known.key == field.key).next()?;
            Some(Again { field: number, before })
        });
        let again: Arc<[Again]> = again.collect();
        let (mut rows, mut typenames) = (self.rows(layout).to_vec(), self.typenames(layout).to_vec());
        let typename = self.selected(by).typename;
        typenames.extend(typename.map(|field| Place { row: index(rows.len()), field: index(field) }));
        rows.push(by);
        let into = index(self.all.len());
        self.all.push(Layout { rows: rows.into(), typenames: typenames.into(), grown: Vec::new() });
        self.all[layout as usize].grown.push(Grown { by, into, again: Arc::clone(&again) });
        (into, again)
    }

    /// The key of a field.
    pub(super) fn key(&self, origin: Origin, field: u32) -> &Key {
        &self.selected(origin).fields[field as usize].key
    }

    fn selected(&self, origin: Origin) -> &Selected {
        &self.tables[origin.table as usize].0[origin.selected as usize]
    }
}

pub(super) fn index(length: usize) -> u32 {
    // Bounds on answers are far below that.
    u32::try_from(length).unwrap_or(u32::MAX)
}
