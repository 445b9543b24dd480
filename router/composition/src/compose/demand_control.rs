//! `@cost` and `@listSize`, merged so that an estimate is never lower than any subgraph's own.

use async_graphql_parser::Pos;

use super::{
    Composer,
    model::{GraphId, MergedField},
};
use crate::{
    Code,
    model::{ListSize, Marks},
};

/// The greatest assumed size, and all arguments and fields that any subgraph names.
pub(super) fn list_size(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[(GraphId, Pos, &Marks)],
) -> Option<ListSize> {
    let sizes: Vec<_> =
        sources.iter().filter_map(|(graph, _, marks)| Some((*graph, marks.list_size.as_ref()?))).collect();
    let (_, first) = *sizes.first()?;
    let mut merged = first.clone();
    for (_, size) in &sizes[1..] {
        merged.assumed = merged.assumed.max(size.assumed);
        merged.require_one &= size.require_one;
        add(&mut merged.slicing_arguments, &size.slicing_arguments);
        add(&mut merged.sized_fields, &size.sized_fields);
    }
    if sizes.iter().any(|(_, size)| ListSize { pos: merged.pos, ..(*size).clone() } != merged) {
        let message = format!("@listSize differs on {}; the sizes are united, the greatest one counts.", coordinate());
        let places = composer.places(sizes.iter().map(|(graph, size)| (*graph, size.pos)));
        composer.report.hint(Code::MergedNonRepeatableDirectiveArguments, message, places);
    }
    Some(merged)
}

fn add(to: &mut Vec<String>, more: &[String]) {
    for name in more {
        if !to.contains(name) {
            to.push(name.clone());
        }
    }
}

pub(super) fn hint(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[(GraphId, Pos, &Marks)],
) {
    let costs: Vec<_> = sources.iter().filter_map(|(graph, pos, marks)| Some((*graph, *pos, marks.cost?))).collect();
    let greatest = costs.iter().map(|(_, _, cost)| *cost).max();
    if costs.iter().all(|(_, _, cost)| Some(*cost) == greatest) {
        return;
    }
    let greatest = greatest.unwrap_or_default();
    let message = format!("The @cost of {} differs; the greatest, {greatest}, is used.", coordinate());
    let places = composer.places(costs.iter().map(|(graph, pos, _)| (*graph, *pos)));
    composer.report.hint(Code::MergedNonRepeatableDirectiveArguments, message, places);
}

/// Slicing arguments that did not make it into the supergraph slice nothing.
pub(super) fn drop_missing_arguments(
    composer: &mut Composer<'_, '_>,
    coordinate: &str,
    field: &mut MergedField,
    places: &[(GraphId, Pos)],
) {
    let Some(size) = field.marks.list_size.as_mut().filter(|size| !size.slicing_arguments.is_empty()) else { return };
    size.slicing_arguments.retain(|name| field.arguments.contains_key(name.as_str()));
    if size.slicing_arguments.is_empty() {
        let message = format!(
            "None of the `slicingArguments` of @listSize on {coordinate} is an argument in every subgraph that has the \
             field: add the arguments there."
        );
        let places = composer.places(places.iter().copied());
        composer.report.error(Code::ListSizeInvalidSlicingArgument, message, places);
    }
}
