//! Input objects: the fields that every subgraph knows.

use crate::map::{IndexMap, sized};
use async_graphql_value::Name;

use super::{
    Composer, TypeSource,
    arguments::{self, InputCodes, InputSource},
    model::{JoinField, MergedInput, MergedKind},
};
use crate::{Code, model::Kind};

const INPUT_FIELD: InputCodes = InputCodes {
    type_mismatch: Code::FieldTypeMismatch,
    default_mismatch: Code::InputFieldDefaultMismatch,
    compatible: Code::InconsistentButCompatibleFieldType,
};

pub(super) fn merge<'a>(composer: &mut Composer<'a, '_>, name: &Name, sources: &[TypeSource<'a>]) -> MergedKind {
    let mut grouped: IndexMap<&Name, Vec<InputSource<'a>>> = IndexMap::default();
    for (graph, ty) in sources {
        let Kind::Input(fields) = &ty.kind else { continue };
        for (field, value) in fields {
            grouped.entry(field).or_default().push((*graph, value));
        }
    }
    let mut merged: IndexMap<Name, MergedInput> = sized(grouped.len());
    for (field, found) in grouped {
        if found.len() < sources.len() {
            left_out(composer, name, field, &found, sources);
        } else {
            let coordinate = || format!("{name}.{field}");
            let mut value = arguments::one(composer, coordinate, &found, &INPUT_FIELD);
            value.joins = joins(&found);
            merged.insert(field.clone(), value);
        }
    }
    if merged.is_empty() {
        let message = format!(
            "No field of the input {name} is in all of its subgraphs: clients could send nothing, give them one in common."
        );
        let places = composer.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
        composer.report.error(Code::EmptyMergedInputType, message, places);
    }
    MergedKind::Input(merged)
}

/// Needed only where subgraphs give the field different types.
fn joins(found: &[InputSource<'_>]) -> Vec<JoinField> {
    if found.iter().all(|(_, value)| value.ty == found[0].1.ty) {
        return Vec::new();
    }
    let join = |(graph, value): &InputSource<'_>| JoinField {
        graph: Some(*graph),
        ty: Some(value.ty.to_string()),
        ..JoinField::default()
    };
    found.iter().map(join).collect()
}

fn left_out(
    composer: &mut Composer<'_, '_>,
    name: &Name,
    field: &Name,
    found: &[InputSource<'_>],
    sources: &[TypeSource<'_>],
) {
    let missing = sources.iter().map(|(graph, _)| *graph).filter(|graph| !found.iter().any(|(has, _)| has == graph));
    let missing = composer.names(missing);
    let demanding: Vec<_> = found.iter().filter(|(_, value)| value.is_required()).map(|(graph, _)| *graph).collect();
    let places = composer.places(found.iter().map(|(graph, value)| (*graph, value.pos)));
    if demanding.is_empty() {
        let message = format!("The optional input field {name}.{field} is left out: {missing} does not know it.");
        composer.report.hint(Code::InconsistentInputObjectField, message, places);
    } else {
        let message = format!(
            "The input field {name}.{field} is required in {} but {missing} does not have it: add it there, or make \
             it optional.",
            composer.names(demanding)
        );
        composer.report.error(Code::RequiredInputFieldMissingInSomeSubgraph, message, places);
    }
}
