//! Interfaces, and the objects that stand for interfaces (`@interfaceObject`).

use async_graphql_value::Name;

use super::{
    Composer, TypeSource,
    field::{self, FieldsOf},
    model::{JoinField, Merged, MergedComposite, MergedField, MergedKind},
    object,
};
use crate::model::Kind;

pub(super) fn merge<'a>(composer: &mut Composer<'a, '_>, name: &Name, sources: &[TypeSource<'a>]) -> MergedKind {
    let of = FieldsOf { name, sources, graphs: sources.len(), is_interface: true };
    let fields = field::merge_all(composer, &of);
    MergedKind::Interface(MergedComposite { implements: object::implements(sources), fields })
}

/// What an interface object adds to its interface belongs to every implementation, too.
pub(super) fn fill_implementations(composer: &mut Composer<'_, '_>, merged: &mut Merged) {
    for (interface, fields) in added_fields(composer) {
        let Some(abstracted) = merged.types.get(&interface).and_then(|ty| ty.kind.composite()) else { continue };
        let wanted: Vec<_> = fields
            .iter()
            .filter_map(|name| Some((name.clone(), from_interface(abstracted.fields.get(name)?))))
            .collect();
        for ty in merged.types.values_mut() {
            let MergedKind::Object(object) = &mut ty.kind else { continue };
            if !object.implements.contains_key(&interface) {
                continue;
            }
            for (name, field) in &wanted {
                if !object.fields.contains_key(name) {
                    object.fields.insert(name.clone(), field.clone());
                }
            }
        }
    }
}

/// Per interface, the fields that interface objects define.
fn added_fields(composer: &Composer<'_, '_>) -> Vec<(Name, Vec<Name>)> {
    let types = composer.schemas.iter().flat_map(|schema| schema.types.values());
    let objects = types.filter(|ty| ty.marks.interface_object.is_some() && matches!(ty.kind, Kind::Object(_)));
    objects
        .map(|ty| {
            let fields = ty.kind.fields().into_iter().flatten();
            let own = fields.filter(|(_, field)| !field.is_fully_external()).map(|(name, _)| name.clone());
            (ty.name.clone(), own.collect())
        })
        .collect()
}

fn from_interface(field: &MergedField) -> MergedField {
    MergedField { joins: vec![JoinField::default()], ..field.clone() }
}
