//! Object types: all fields of all subgraphs.

use std::collections::BTreeMap;

use async_graphql_value::Name;

use super::{
    Composer, TypeSource,
    field::{self, FieldsOf},
    model::{GraphId, MergedComposite, MergedKind},
};
use crate::Code;

pub(super) fn merge<'a>(composer: &mut Composer<'a, '_>, name: &Name, sources: &[TypeSource<'a>]) -> MergedKind {
    let graphs = if *name == "Query" { composer.schemas.len() } else { sources.len() };
    let of = FieldsOf { name, sources, graphs, is_interface: false };
    let fields = field::merge_all(composer, &of);
    entity_somewhere(composer, name, sources);
    MergedKind::Object(MergedComposite { implements: implements(sources), fields })
}

fn entity_somewhere(composer: &mut Composer<'_, '_>, name: &Name, sources: &[TypeSource<'_>]) {
    let (with, without): (Vec<_>, Vec<_>) = sources.iter().partition(|(_, ty)| !ty.marks.keys.is_empty());
    if with.is_empty() || without.is_empty() {
        return;
    }
    let message = format!(
        "{name} is an entity in {} but has no @key in {}: give it one there too, if other subgraphs are to add to it.",
        composer.names(with.iter().map(|(graph, _)| *graph)),
        composer.names(without.iter().map(|(graph, _)| *graph))
    );
    let places = composer.places(without.iter().map(|(graph, ty)| (*graph, ty.pos)));
    composer.report.hint(Code::InconsistentEntity, message, places);
}

/// The interfaces of a type, each with the subgraphs that say so.
pub(super) fn implements(sources: &[TypeSource<'_>]) -> BTreeMap<Name, Vec<GraphId>> {
    let mut implements: BTreeMap<Name, Vec<GraphId>> = BTreeMap::new();
    for (graph, ty) in sources {
        for interface in ty.kind.composite().into_iter().flat_map(|composite| composite.implements.keys()) {
            implements.entry(interface.clone()).or_default().push(*graph);
        }
    }
    implements
}
