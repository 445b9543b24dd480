//! Object types: all fields of all subgraphs.

use std::collections::BTreeMap;

use async_graphql_value::Name;

use super::{
    Composer, TypeSource,
    field::{self, FieldsOf},
    model::{GraphId, MergedComposite, MergedKind},
};

pub(super) fn merge<'a>(composer: &mut Composer<'a, '_>, name: &Name, sources: &[TypeSource<'a>]) -> MergedKind {
    let graphs = if *name == "Query" { composer.schemas.len() } else { sources.len() };
    let of = FieldsOf { name, sources, graphs, is_interface: false };
    let fields = field::merge_all(composer, &of);
    MergedKind::Object(MergedComposite { implements: implements(sources), fields })
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
