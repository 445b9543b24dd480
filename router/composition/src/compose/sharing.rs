//! Who may resolve a field: one subgraph, or several that all say `@shareable`.

use async_graphql_value::Name;

use super::{Composer, field::FieldSource, overriding::Overridden};
use crate::{Code, model::External, spec::Version};

pub(super) fn check(composer: &mut Composer<'_, '_>, owner: &Name, coordinate: &str, sources: &[FieldSource<'_>]) {
    let resolving: Vec<_> = sources
        .iter()
        .filter(|source| source.overridden == Overridden::No && source.field.external != External::Yes)
        .collect();
    let alone: Vec<_> = resolving.iter().filter(|source| !is_shareable(composer, owner, source)).collect();
    if resolving.len() < 2 || alone.is_empty() {
        return;
    }
    let message = format!(
        "{coordinate} is resolved by {} but is not shareable in {}: mark it @shareable wherever it resolves the same \
         value, or leave it to one subgraph.",
        composer.names(resolving.iter().map(|source| source.graph)),
        composer.names(alone.iter().map(|source| source.graph)),
    );
    let places = composer.places(resolving.iter().map(|source| (source.graph, source.field.pos)));
    composer.report.error(Code::InvalidFieldSharing, message, places);
}

fn is_shareable(composer: &Composer<'_, '_>, owner: &Name, source: &FieldSource<'_>) -> bool {
    let marks = &source.field.marks;
    // Federation 1 had no word for sharing, so everything there may be.
    let v1 = composer.schemas[source.graph].version == Version::V1 && *owner != "Subscription";
    v1 || marks.shareable.is_some() || source.field.uses.in_key
}
