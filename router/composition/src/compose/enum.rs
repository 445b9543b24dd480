//! Enums: how values merge depends on whether clients send the enum, receive it, or both.

use crate::map::{HashSet, IndexMap};
use async_graphql_value::Name;

use super::{
    Composer, TypeSource, description, marks,
    model::{GraphId, Merged, MergedEnumValue, MergedInput, MergedKind},
};
use crate::{
    Code,
    model::{EnumValue, Kind, named},
};

/// Which types the merged schema uses in which direction.
pub(super) struct Usage {
    input: HashSet<Name>,
    output: HashSet<Name>,
}

impl Usage {
    pub(super) fn of(merged: &Merged) -> Self {
        let mut usage = Self { input: HashSet::default(), output: HashSet::default() };
        for ty in merged.types.values() {
            match &ty.kind {
                MergedKind::Input(fields) => usage.inputs(fields),
                kind => {
                    for field in kind.composite().into_iter().flat_map(|composite| composite.fields.values()) {
                        usage.output.insert(named(&field.ty).clone());
                        usage.inputs(&field.arguments);
                    }
                }
            }
        }
        usage
    }

    fn inputs(&mut self, values: &IndexMap<Name, MergedInput>) {
        self.input.extend(values.values().map(|value| named(&value.ty).clone()));
    }
}

/// A value in each subgraph that has it.
type ValueSources<'a> = Vec<(GraphId, &'a EnumValue)>;

pub(super) fn merge<'a>(
    composer: &mut Composer<'a, '_>,
    usage: &Usage,
    name: &Name,
    sources: &[TypeSource<'a>],
    merged: &mut Merged,
) {
    if !composer.kinds_agree(name, sources) {
        return;
    }
    composer.has_base(name, sources);
    let (input, output) = (usage.input.contains(name), usage.output.contains(name));
    if !input && !output {
        let message = format!("The enum {name} is used nowhere: all its values are kept.");
        let places = composer.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
        composer.report.hint(Code::UnusedEnumType, message, places);
    }
    let mut kept = IndexMap::default();
    for (value, found) in values(sources) {
        let merged = one(composer, name, value, &found);
        if found.len() == sources.len() || is_kept(composer, (name, value), (input, output), &merged, sources) {
            kept.insert(value.clone(), merged);
        }
    }
    if kept.is_empty() {
        let message = format!(
            "No value of the enum {name} is in all of its subgraphs, so clients could send none: give them one in common."
        );
        let places = composer.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
        composer.report.error(Code::EmptyMergedEnumType, message, places);
    }
    let ty = composer.finish(name, sources, MergedKind::Enum(kept));
    merged.types.insert(name.clone(), ty);
}

fn values<'a>(sources: &[TypeSource<'a>]) -> IndexMap<&'a Name, ValueSources<'a>> {
    let mut values: IndexMap<_, ValueSources<'a>> = IndexMap::default();
    for (graph, ty) in sources {
        let Kind::Enum(own) = &ty.kind else { continue };
        for (value, definition) in own {
            values.entry(value).or_default().push((*graph, definition));
        }
    }
    values
}

fn one(composer: &mut Composer<'_, '_>, name: &Name, value: &Name, found: &ValueSources<'_>) -> MergedEnumValue {
    let coordinate = || format!("{name}.{value}");
    let described = found.iter().map(|(graph, value)| (*graph, value.pos, value.description.as_ref()));
    let description = description::merge(composer, coordinate, described);
    let marked: Vec<_> = found.iter().map(|(graph, value)| (*graph, value.pos, &value.marks)).collect();
    let marks = marks::merge(composer, coordinate, &marked);
    MergedEnumValue { description, graphs: found.iter().map(|(graph, _)| *graph).collect(), marks }
}

/// Decides about a value that some subgraphs lack.
fn is_kept(
    composer: &mut Composer<'_, '_>,
    (name, value): (&Name, &Name),
    direction: (bool, bool),
    merged: &MergedEnumValue,
    sources: &[TypeSource<'_>],
) -> bool {
    let missing = sources.iter().map(|(graph, _)| *graph).filter(|graph| !merged.graphs.contains(graph));
    let missing = composer.names(missing);
    let places = composer.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
    match direction {
        // A value that clients never see cannot be sent where it is not known.
        (true, true) if merged.marks.inaccessible => true,
        (true, true) => {
            let message = format!(
                "The enum {name} is both sent and received by clients, so all its subgraphs need the same values: \
                 add {value} to {missing}, or make it @inaccessible."
            );
            composer.report.error(Code::EnumValueMismatch, message, places);
            true
        }
        (true, false) => {
            let message =
                format!("The value {value} of the input enum {name} is left out: {missing} does not know it.");
            composer.report.hint(Code::InconsistentEnumValueForInputEnum, message, places);
            false
        }
        (false, _) => {
            let message = format!("The value {value} of the enum {name} is kept although {missing} does not know it.");
            composer.report.hint(Code::InconsistentEnumValueForOutputEnum, message, places);
            true
        }
    }
}
