//! `@external` fields: mentions that have to agree with the definition elsewhere.

use super::{Composer, field::FieldSource, model::MergedField, overriding::Overridden};
use crate::{Code, model::External};

/// Nobody defines the field.
pub(super) fn missing_on_base(composer: &mut Composer<'_, '_>, coordinate: &str, sources: &[FieldSource<'_>]) {
    if sources.iter().all(|source| source.overridden == Overridden::Dropped) {
        return;
    }
    let message = format!(
        "{coordinate} is @external in {} but no other subgraph defines it: define it, or remove @external.",
        composer.names(sources.iter().map(|source| source.graph))
    );
    let places = composer.places(sources.iter().map(|source| (source.graph, source.field.pos)));
    composer.report.error(Code::ExternalMissingOnBase, message, places);
}

/// Checks every mention; returns whether all have exactly the merged type.
pub(super) fn check(
    composer: &mut Composer<'_, '_>,
    coordinate: &str,
    merged: &MergedField,
    sources: &[FieldSource<'_>],
) -> bool {
    let mut same_type = true;
    for source in sources.iter().filter(|source| source.field.external == External::Yes) {
        let ty = &source.field.ty;
        same_type &= *ty == merged.ty;
        if *ty != merged.ty && !composer.hierarchy.is_subtype(&merged.ty, ty) {
            let message = format!(
                "{coordinate} is @external with the type {ty} in {}, but it is defined as {}: write that type.",
                composer.names([source.graph]),
                merged.ty
            );
            let places = composer.places(sources.iter().map(|source| (source.graph, source.field.pos)));
            composer.report.error(Code::ExternalTypeMismatch, message, places);
        }
        arguments(composer, coordinate, merged, source);
    }
    same_type
}

fn arguments(composer: &mut Composer<'_, '_>, coordinate: &str, merged: &MergedField, source: &FieldSource<'_>) {
    for (name, argument) in &merged.arguments {
        let subgraph = composer.names([source.graph]);
        let (code, problem) = match source.field.arguments.get(name) {
            None => (Code::ExternalArgumentMissing, format!("it has no argument \"{name}\": add it")),
            Some(own) if own.ty != argument.ty && !composer.hierarchy.is_subtype(&own.ty, &argument.ty) => (
                Code::ExternalArgumentTypeMismatch,
                format!("its argument \"{name}\" is {}: write {}", own.ty, argument.ty),
            ),
            Some(own) if own.default != argument.default => {
                let wanted = argument.default.as_ref().map_or("no default".to_owned(), |value| format!("= {value}"));
                let problem = format!("its argument \"{name}\" has another default: write {wanted}");
                (Code::ExternalArgumentDefaultMismatch, problem)
            }
            Some(_) => continue,
        };
        let places = vec![composer.place(source.graph, source.field.pos)];
        let message =
            format!("{coordinate} is @external in {subgraph}, and {problem}, as in the subgraph that defines it.");
        composer.report.error(code, message, places);
    }
}
