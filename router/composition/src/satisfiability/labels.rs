//! Labels of overrides: what they can be set to while the graph is running.

use crate::map::HashSet;
use std::collections::BTreeSet;

use crate::compose::model::Merged;

/// With up to this many labels, every combination is checked.
const MAX_COMBINED: usize = 5;

/// With more, none, all, and each one alone on and alone off, for this many labels.
const MAX_SINGLE: usize = 16;

/// The sets of labels that are on, each to be checked.
pub(super) fn settings(merged: &Merged) -> Vec<HashSet<&str>> {
    let fields = merged.types.values().filter_map(|ty| ty.kind.composite()).flat_map(|it| it.fields.values());
    let joins = fields.flat_map(|field| &field.joins);
    let labels: BTreeSet<_> = joins.filter_map(|join| join.override_label.as_deref()).collect();
    let labels: Vec<_> = labels.into_iter().collect();
    if labels.len() <= MAX_COMBINED {
        return (0..1_usize << labels.len()).map(|bits| chosen(&labels, |index| bits & (1 << index) != 0)).collect();
    }
    let mut settings = vec![chosen(&labels, |_| false), chosen(&labels, |_| true)];
    for alone in 0..labels.len().min(MAX_SINGLE) {
        settings.push(chosen(&labels, |index| index == alone));
        settings.push(chosen(&labels, |index| index != alone));
    }
    settings
}

fn chosen<'a>(labels: &[&'a str], is_on: impl Fn(usize) -> bool) -> HashSet<&'a str> {
    labels.iter().enumerate().filter(|(index, _)| is_on(*index)).map(|(_, label)| *label).collect()
}
