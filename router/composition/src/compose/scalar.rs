//! Scalars have nothing to merge but their specification.

use async_graphql_value::Name;

use super::{Composer, TypeSource, model::MergedMarks};
use crate::Code;

/// Two subgraphs that name different specifications probably do not mean the same values.
pub(super) fn check_specification(
    composer: &mut Composer<'_, '_>,
    name: &Name,
    sources: &[TypeSource<'_>],
    marks: &mut MergedMarks,
) {
    let Some(chosen) = &marks.specified_by else { return };
    let differs = |ty: &&TypeSource<'_>| ty.1.marks.specified_by.as_ref().is_some_and(|url| url != chosen);
    if sources.iter().any(|source| differs(&source)) {
        let message = format!("The scalar {name} names different specifications; \"{chosen}\" is used.");
        let places = composer.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
        composer.report.hint(Code::InconsistentNonRepeatableDirectiveArguments, message, places);
    }
}
