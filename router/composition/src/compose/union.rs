//! Unions: every member that any subgraph knows.

use std::collections::BTreeMap;

use async_graphql_value::Name;

use super::{
    Composer, TypeSource,
    model::{GraphId, MergedKind},
};
use crate::{Code, model::Kind};

pub(super) fn merge(composer: &mut Composer<'_, '_>, name: &Name, sources: &[TypeSource<'_>]) -> MergedKind {
    let mut members: BTreeMap<Name, Vec<GraphId>> = BTreeMap::new();
    for (graph, ty) in sources {
        let Kind::Union(union) = &ty.kind else { continue };
        for member in union.keys() {
            members.entry(member.clone()).or_default().push(*graph);
        }
    }
    for (member, graphs) in &members {
        if graphs.len() < sources.len() {
            let message =
                format!("The union {name} has the member {member} only in {}.", composer.names(graphs.iter().copied()));
            let places = composer.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
            composer.report.hint(Code::InconsistentUnionMember, message, places);
        }
    }
    MergedKind::Union(members)
}
