//! `@override`: one subgraph takes a field over from another.

use super::{Composer, field::FieldSource};
use crate::{
    Code,
    model::{External, Override},
};

/// What an override elsewhere does to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Overridden {
    No,
    /// It is gone.
    Dropped,
    /// It is not asked any more, but the subgraph still needs it (for a key, say).
    Used,
    /// It is asked or not, depending on the label.
    Labelled(String),
}

/// Marks the sources that other sources override.
pub(super) fn apply(composer: &mut Composer<'_, '_>, coordinate: &str, sources: &mut [FieldSource<'_>]) {
    for index in 0..sources.len() {
        let Some(overrides) = sources[index].field.marks.overrides.clone() else { continue };
        let from = sources.iter().position(|source| composer.schemas[source.graph].name == overrides.from);
        if is_refused(composer, coordinate, &sources[index], &overrides) {
            // What it would have taken over is not also reported as shared.
            if let Some(from) = from.filter(|from| *from != index) {
                sources[from].overridden = Overridden::Dropped;
            }
            continue;
        }
        match from {
            Some(from) => take_over(composer, coordinate, sources, (index, from), &overrides),
            None => nothing_to_take(composer, coordinate, &sources[index], &overrides),
        }
    }
}

fn is_refused(
    composer: &mut Composer<'_, '_>,
    coordinate: &str,
    source: &FieldSource<'_>,
    overrides: &Override,
) -> bool {
    let places = vec![composer.place(source.graph, overrides.pos)];
    let own = composer.schemas[source.graph].name == overrides.from;
    if source.owner.kind.is_interface() {
        let message = format!(
            "@override on {coordinate}: fields of interfaces cannot be taken over, put it on those of objects."
        );
        composer.report.error(Code::OverrideOnInterface, message, places);
        return true;
    }
    if own {
        let message = format!(
            "@override on {coordinate} names its own subgraph \"{}\": name the subgraph that has the field now.",
            overrides.from
        );
        composer.report.error(Code::OverrideFromSelfError, message, places);
        return true;
    }
    let marks = &source.field.marks;
    let other = [
        ("@external", source.field.external == External::Yes),
        ("@requires", marks.requires.is_some() && overrides.label.is_some()),
    ];
    if let Some((other, _)) = other.iter().find(|(_, collides)| *collides) {
        let message = format!("@override on {coordinate} cannot stand together with {other}: remove one of them.");
        composer.report.error(Code::OverrideCollisionWithAnotherDirective, message, places);
        return true;
    }
    bad_label(composer, coordinate, overrides, places)
}

fn bad_label(
    composer: &mut Composer<'_, '_>,
    coordinate: &str,
    overrides: &Override,
    places: Vec<crate::Place>,
) -> bool {
    let Some(label) = &overrides.label else { return false };
    if is_label(label) || is_percentage(label) {
        return false;
    }
    let message = format!(
        "The label \"{label}\" of @override on {coordinate} is neither a name (a letter, then letters, digits and _-:./) \
         nor percent(x) with x from 0 to 100 and at most 8 decimals."
    );
    composer.report.error(Code::OverrideLabelInvalid, message, places);
    true
}

fn is_label(label: &str) -> bool {
    label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || "_-:./".contains(c))
}

fn is_percentage(label: &str) -> bool {
    let Some(number) = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')')) else { return false };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
    digits(whole, 3) && digits(decimals, 8) && number.parse::<f64>().is_ok_and(|number| number <= 100.0)
}

fn take_over(
    composer: &mut Composer<'_, '_>,
    coordinate: &str,
    sources: &mut [FieldSource<'_>],
    (index, from): (usize, usize),
    overrides: &Override,
) {
    let places =
        composer.places([(sources[index].graph, overrides.pos), (sources[from].graph, sources[from].field.pos)]);
    let old = sources[from].field;
    sources[from].overridden = Overridden::Dropped;
    if old.marks.overrides.is_some() {
        let message = format!(
            "{coordinate} is taken over from \"{}\", which itself takes it over: remove one @override.",
            overrides.from
        );
        return composer.report.error(Code::OverrideSourceHasOverride, message, places);
    }
    if old.external == External::Yes {
        // Only a mention of somebody else's field: there is nothing to take over, and the mention stays true.
        sources[from].overridden = Overridden::No;
        return;
    }
    let used = old.uses.any();
    if overrides.label.is_none() {
        let message = if used {
            format!("{coordinate} is taken over; in \"{}\" it is only needed as @external now.", overrides.from)
        } else {
            format!("{coordinate} is taken over: \"{}\" can remove it.", overrides.from)
        };
        composer.report.hint(Code::OverriddenFieldCanBeRemoved, message, places);
    }
    sources[index].takes_over = true;
    sources[from].overridden = match &overrides.label {
        Some(label) => Overridden::Labelled(label.clone()),
        None if used => Overridden::Used,
        None => Overridden::Dropped,
    };
}

fn nothing_to_take(composer: &mut Composer<'_, '_>, coordinate: &str, source: &FieldSource<'_>, overrides: &Override) {
    let places = vec![composer.place(source.graph, overrides.pos)];
    let from = &overrides.from;
    if composer.schemas.iter().any(|schema| schema.name == *from) {
        let message = format!("{coordinate} is not in \"{from}\" any more: the @override can be removed.");
        composer.report.hint(Code::OverrideDirectiveCanBeRemoved, message, places);
    } else {
        let message = format!("@override on {coordinate} names the subgraph \"{from}\", which does not exist.");
        composer.report.hint(Code::FromSubgraphDoesNotExist, message, places);
    }
}
