//! Directives that stay in the supergraph, merged over the subgraphs that have them.

use async_graphql_parser::{Pos, Positioned, types::ConstDirective};
use async_graphql_value::{ConstValue, Name};

use super::{
    Composer, demand_control,
    model::{GraphId, MergedMarks},
};
use crate::{Code, model::Marks};

/// Merges the directives of one element. What guards an element in one subgraph guards it in the supergraph.
pub(super) fn merge(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[(GraphId, Pos, &Marks)],
) -> MergedMarks {
    let mut merged = MergedMarks::default();
    for (_, _, marks) in sources {
        merged.inaccessible |= marks.inaccessible.is_some();
        merged.authenticated |= marks.authenticated.is_some();
        merged.one_of |= marks.one_of.is_some();
        merged.tags.extend(marks.tags.iter().cloned());
        merged.requires_scopes = both(merged.requires_scopes.take(), marks.requires_scopes.as_ref());
        merged.policy = both(merged.policy.take(), marks.policy.as_ref());
        merged.specified_by = merged.specified_by.or_else(|| marks.specified_by.clone());
        merged.cost = merged.cost.max(marks.cost);
        for (custom, _) in &marks.custom {
            keep_custom(composer, &mut merged.custom, custom);
        }
    }
    if sources.iter().any(|(_, _, marks)| marks.cost.is_some() || marks.list_size.is_some()) {
        merged.list_size = demand_control::list_size(composer, &coordinate, sources);
        demand_control::hint(composer, &coordinate, sources);
    }
    for (graph, _, marks) in sources {
        let name = &composer.schemas[*graph].name;
        merged.contexts.extend(marks.contexts.iter().map(|context| format!("{name}__{context}")));
    }
    different_customs(composer, &coordinate, sources);
    merged.deprecated = deprecation(composer, coordinate, sources);
    merged
}

/// Adds what another element demands of the viewer.
pub(crate) fn demand(to: &mut MergedMarks, from: &MergedMarks) {
    to.authenticated |= from.authenticated;
    to.requires_scopes = both(to.requires_scopes.take(), from.requires_scopes.as_ref());
    to.policy = both(to.policy.take(), from.policy.as_ref());
}

/// Whether whoever meets the one meets the other, too.
pub(crate) fn satisfies(own: &MergedMarks, needed: &MergedMarks) -> bool {
    let groups = |own: &Option<Vec<Vec<String>>>, needed: &Option<Vec<Vec<String>>>| match (own, needed) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(needed)) => {
            own.iter().all(|own| needed.iter().any(|needed| needed.iter().all(|it| own.contains(it))))
        }
    };
    (own.authenticated || !needed.authenticated)
        && groups(&own.requires_scopes, &needed.requires_scopes)
        && groups(&own.policy, &needed.policy)
}

/// Groups that satisfy both sides: one group of each, together.
fn both(left: Option<Vec<Vec<String>>>, right: Option<&Vec<Vec<String>>>) -> Option<Vec<Vec<String>>> {
    let (left, right) = match (left, right) {
        (None, None) => return None,
        (Some(left), None) => return Some(left),
        (None, Some(right)) => return Some(right.clone()),
        (Some(left), Some(right)) if left == *right => return Some(left),
        (Some(left), Some(right)) => (left, right),
    };
    let mut groups: Vec<Vec<String>> = Vec::new();
    for group in left.iter().flat_map(|left| right.iter().map(|right| [left.as_slice(), right].concat())) {
        let mut group = group;
        group.sort();
        group.dedup();
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    // A group that asks for more than another one adds nothing.
    let weaker = |group: &Vec<String>, other: &Vec<String>| group != other && other.iter().all(|it| group.contains(it));
    let minimal = groups.iter().filter(|group| !groups.iter().any(|other| weaker(group, other)));
    Some(minimal.cloned().collect())
}

fn keep_custom(composer: &Composer<'_, '_>, kept: &mut Vec<ConstDirective>, custom: &ConstDirective) {
    let Some(repeatable) = composer.kept_directives.get(&custom.name.node) else { return };
    let same_name = |other: &&ConstDirective| other.name.node == custom.name.node;
    let known = if *repeatable {
        kept.iter().filter(same_name).any(|other| same_arguments(other, custom))
    } else {
        kept.iter().any(|other| same_name(&other))
    };
    if !known {
        kept.push(custom.clone());
    }
}

fn same_arguments(one: &ConstDirective, other: &ConstDirective) -> bool {
    let same = |(name, value): &(Positioned<Name>, Positioned<ConstValue>)| {
        other.get_argument(&name.node).is_some_and(|found| found.node == value.node)
    };
    one.arguments.len() == other.arguments.len() && one.arguments.iter().all(same)
}

/// Of a directive that cannot be repeated, the first subgraph's arguments stay.
fn different_customs(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[(GraphId, Pos, &Marks)],
) {
    let applied: Vec<_> =
        sources.iter().flat_map(|(graph, _, marks)| marks.custom.iter().map(|it| (*graph, it))).collect();
    for (index, (_, (first, _))) in applied.iter().enumerate() {
        let name = &first.name.node;
        let same = |(_, (other, _)): &&(GraphId, &(ConstDirective, Pos))| other.name.node == *name;
        let leading = !applied[..index].iter().any(|it| same(&it));
        if !leading || composer.kept_directives.get(name) != Some(&false) {
            continue;
        }
        let others: Vec<_> = applied.iter().filter(same).collect();
        if others.iter().all(|(_, (other, _))| same_arguments(first, other)) {
            continue;
        }
        let message = format!("@{name} has different arguments on {}; the first one's are used.", coordinate());
        let places = composer.places(others.iter().map(|(graph, (_, pos))| (*graph, *pos)));
        composer.report.hint(Code::InconsistentNonRepeatableDirectiveArguments, message, places);
    }
}

/// The reason that most subgraphs give, the first of those on a tie.
fn deprecation(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[(GraphId, Pos, &Marks)],
) -> Option<String> {
    let reasons: Vec<_> =
        sources.iter().filter_map(|(graph, pos, marks)| Some((*graph, *pos, marks.deprecated.as_ref()?))).collect();
    let votes = |reason: &String| reasons.iter().filter(|(_, _, other)| *other == reason).count();
    let mut best = reasons.first()?.2;
    for (_, _, reason) in &reasons {
        if votes(reason) > votes(best) {
            best = reason;
        }
    }
    if reasons.iter().any(|(_, _, reason)| *reason != best) {
        let message = format!("{} is deprecated for different reasons; this one is used: {best:?}.", coordinate());
        let places = composer.places(reasons.iter().map(|(graph, pos, _)| (*graph, *pos)));
        composer.report.hint(Code::InconsistentNonRepeatableDirectiveArguments, message, places);
    }
    Some(best.clone())
}
