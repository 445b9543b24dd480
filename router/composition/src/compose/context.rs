//! Contextual arguments: clients do not see them, routers fill them in from a type further up.

use async_graphql_value::Name;

use super::{
    Composer,
    arguments::InputSource,
    field::FieldSource,
    model::{ContextArgument, GraphId},
};
use crate::{Code, model::InputValue};

/// Whether an argument leaves the supergraph because some subgraph takes it from a context.
pub(super) fn takes_out(
    composer: &mut Composer<'_, '_>,
    coordinate: impl Fn() -> String,
    sources: &[InputSource<'_>],
) -> bool {
    let contextual = |(_, argument): &&InputSource<'_>| argument.marks.from_context.is_some();
    if !sources.iter().any(|source| contextual(&source)) {
        return false;
    }
    let plain: Vec<_> = sources.iter().filter(|source| !contextual(source)).collect();
    let demanding: Vec<_> = plain.iter().filter(|(_, argument)| argument.is_required()).collect();
    let code = Code::ContextualArgumentNotContextualInAllSubgraphs;
    let coordinate = coordinate();
    let found = |list: &[&InputSource<'_>]| -> Vec<(GraphId, async_graphql_parser::Pos)> {
        list.iter().map(|(graph, argument)| (*graph, argument.pos)).collect()
    };
    if let Some((graph, _)) = demanding.first() {
        let message = format!(
            "{coordinate} is filled in by @fromContext in some subgraphs, so clients cannot give it, but \"{}\" demands \
             it: make it contextual, nullable, or give it a default there.",
            composer.schemas[*graph].name
        );
        let places = composer.places(found(&plain));
        composer.report.error(code, message, places);
    } else if !plain.is_empty() {
        let message = format!(
            "{coordinate} is filled in by @fromContext in some subgraphs, so clients cannot give it; elsewhere it is \
             always left out."
        );
        let places = composer.places(found(&plain));
        composer.report.hint(code, message, places);
    }
    true
}

/// What a subgraph's join says about its contextual arguments.
pub(super) fn arguments(composer: &Composer<'_, '_>, source: &FieldSource<'_>) -> Vec<ContextArgument> {
    let subgraph = &composer.schemas[source.graph].name;
    let one = |(name, argument): (&Name, &InputValue)| {
        let from = argument.marks.from_context.as_ref()?;
        Some(ContextArgument {
            name: name.clone(),
            ty: argument.ty.to_string(),
            context: format!("{subgraph}__{}", from.context),
            selection: from.text.clone(),
        })
    };
    source.field.arguments.iter().filter_map(one).collect()
}
