//! Arguments of fields: those that every defining subgraph accepts.

use crate::map::{IndexMap, sized};
use async_graphql_parser::Pos;
use async_graphql_value::{ConstValue, Name};

use super::{
    Composer, context, description,
    field::FieldSource,
    marks,
    model::{GraphId, MergedInput},
    typing::{self, Fit},
};
use crate::{Code, model::InputValue};

/// An argument or input field in one subgraph.
pub(super) type InputSource<'a> = (GraphId, &'a InputValue);

pub(super) fn merge(
    composer: &mut Composer<'_, '_>,
    field: impl Fn() -> String,
    defining: &[&FieldSource<'_>],
) -> IndexMap<Name, MergedInput> {
    let mut grouped: IndexMap<&Name, Vec<InputSource<'_>>> = IndexMap::default();
    for source in defining {
        for (name, argument) in &source.field.arguments {
            grouped.entry(name).or_default().push((source.graph, argument));
        }
    }
    let mut merged = sized(grouped.len());
    for (name, sources) in grouped {
        if context::takes_out(composer, || format!("{}({name}:)", field()), &sources) {
            continue;
        }
        if sources.len() < defining.len() {
            let fields: Vec<_> = defining.iter().map(|source| (source.graph, source.field.pos)).collect();
            left_out(composer, &field(), name, &sources, &fields);
        } else {
            let coordinate = || format!("{}({name}:)", field());
            merged.insert(name.clone(), one(composer, coordinate, &sources, &ARGUMENT));
        }
    }
    merged
}

fn left_out(
    composer: &mut Composer<'_, '_>,
    field: &str,
    name: &Name,
    sources: &[InputSource<'_>],
    fields: &[(GraphId, Pos)],
) {
    let missing = fields.iter().map(|(graph, _)| *graph).filter(|graph| !sources.iter().any(|(has, _)| has == graph));
    let missing = composer.names(missing);
    let places = composer.places(fields.iter().copied());
    let demanding: Vec<_> = sources.iter().filter(|(_, argument)| argument.is_required()).collect();
    if demanding.is_empty() {
        let message = format!("The optional argument \"{name}\" of {field} is left out: {missing} does not accept it.");
        composer.report.hint(Code::InconsistentArgumentPresence, message, places);
    } else {
        let message = format!(
            "The argument \"{name}\" of {field} is required in {} but {missing} does not have it: add it there, or \
             make it optional.",
            composer.names(demanding.iter().map(|(graph, _)| *graph))
        );
        composer.report.error(Code::RequiredArgumentMissingInSomeSubgraph, message, places);
    }
}

/// The codes that differ between arguments and input fields.
pub(super) struct InputCodes {
    pub(super) type_mismatch: Code,
    pub(super) default_mismatch: Code,
    pub(super) compatible: Code,
}

const ARGUMENT: InputCodes = InputCodes {
    type_mismatch: Code::FieldArgumentTypeMismatch,
    default_mismatch: Code::FieldArgumentDefaultMismatch,
    compatible: Code::InconsistentButCompatibleArgumentType,
};

/// Merges one argument or input field that all subgraphs have.
pub(super) fn one(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[InputSource<'_>],
    codes: &InputCodes,
) -> MergedInput {
    let described = sources.iter().map(|(graph, value)| (*graph, value.pos, value.description.as_ref()));
    let description = description::merge(composer, &coordinate, described);
    let marked: Vec<_> = sources.iter().map(|(graph, value)| (*graph, value.pos, &value.marks)).collect();
    let marks = marks::merge(composer, &coordinate, &marked);
    let types: Vec<_> = sources.iter().map(|(_, value)| &value.ty).collect();
    let fit = typing::input(&composer.hierarchy, &types);
    if !matches!(fit, Fit::Same(_)) {
        report_types(composer, &coordinate(), sources, &fit, codes);
    }
    let default = default(composer, &coordinate, sources, codes);
    MergedInput { description, ty: fit.into_type(), default, joins: Vec::new(), marks }
}

fn report_types(
    composer: &mut Composer<'_, '_>,
    coordinate: &str,
    sources: &[InputSource<'_>],
    fit: &Fit,
    codes: &InputCodes,
) {
    let found = sources.iter().map(|(graph, value)| format!("{} in \"{}\"", value.ty, composer.schemas[*graph].name));
    let found = super::list(found);
    let places = composer.places(sources.iter().map(|(graph, value)| (*graph, value.pos)));
    if let Fit::Compatible(ty) = fit {
        let message = format!("The type of {coordinate} is {found}: all of them accept {ty}, which is used.");
        composer.report.hint(codes.compatible, message, places);
    } else {
        let message = format!("The type of {coordinate} is {found}: make them the same.");
        composer.report.error(codes.type_mismatch, message, places);
    }
}

/// A default that all subgraphs have. When some have none, clients get none and each subgraph keeps its own.
fn default(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[InputSource<'_>],
    codes: &InputCodes,
) -> Option<ConstValue> {
    let defaults: Vec<_> = sources.iter().filter_map(|(_, value)| value.default.as_ref()).collect();
    let first = *defaults.first()?;
    let differs = defaults.iter().any(|default| *default != first);
    if !differs && defaults.len() == sources.len() {
        return Some(first.clone());
    }
    let places = composer.places(sources.iter().map(|(graph, value)| (*graph, value.pos)));
    if differs {
        let found = sources.iter().map(|(graph, value)| {
            let default = value.default.as_ref().map_or("no default".to_owned(), ToString::to_string);
            format!("{default} in \"{}\"", composer.schemas[*graph].name)
        });
        let message = format!("The default of {} is {}: make it the same.", coordinate(), super::list(found));
        composer.report.error(codes.default_mismatch, message, places);
    } else {
        let message = format!(
            "{} has the default {first} only in some subgraphs: the supergraph has none, each subgraph applies its own.",
            coordinate()
        );
        composer.report.hint(Code::InconsistentDefaultValuePresence, message, places);
    }
    None
}
