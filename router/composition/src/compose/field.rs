//! Fields of objects and interfaces.

use crate::map::{IndexMap, sized};
use async_graphql_value::Name;

use super::{
    Composer, TypeSource, arguments, context, demand_control, description, external, marks,
    model::{GraphId, JoinField, MergedField},
    overriding::{self, Overridden},
    sharing,
    typing::{self, Fit},
};
use crate::{
    Code,
    model::{External, Field, TypeDef},
};

/// A field in one subgraph.
pub(super) struct FieldSource<'a> {
    pub(super) graph: GraphId,
    pub(super) owner: &'a TypeDef,
    pub(super) field: &'a Field,
    /// What another subgraph's `@override` makes of it.
    pub(super) overridden: Overridden,
    /// Its own `@override` takes the field over from another subgraph.
    pub(super) takes_over: bool,
}

impl FieldSource<'_> {
    /// Whether the field's definition counts: not a mere mention of another subgraph's field.
    pub(super) fn defines(&self) -> bool {
        self.field.external != External::Yes && self.overridden != Overridden::Dropped
    }
}

/// The fields of one type.
pub(super) struct FieldsOf<'s, 'a> {
    pub(super) name: &'s Name,
    pub(super) sources: &'s [TypeSource<'a>],
    /// How many subgraphs have the type in the supergraph.
    pub(super) graphs: usize,
    pub(super) is_interface: bool,
}

/// Merges all fields, in the order of first mention.
pub(super) fn merge_all<'a>(composer: &mut Composer<'a, '_>, of: &FieldsOf<'_, 'a>) -> IndexMap<Name, MergedField> {
    let mut grouped: IndexMap<&Name, Vec<FieldSource<'a>>> = IndexMap::default();
    for (graph, owner) in of.sources {
        for (name, field) in owner.kind.fields().into_iter().flatten() {
            let source = FieldSource { graph: *graph, owner, field, overridden: Overridden::No, takes_over: false };
            grouped.entry(name).or_default().push(source);
        }
    }
    let mut merged = sized(grouped.len());
    for (name, mut sources) in grouped {
        if let Some(field) = merge(composer, of, name, &mut sources) {
            merged.insert(name.clone(), field);
        }
    }
    merged
}

fn merge(
    composer: &mut Composer<'_, '_>,
    of: &FieldsOf<'_, '_>,
    name: &Name,
    sources: &mut [FieldSource<'_>],
) -> Option<MergedField> {
    let called = format!("{}.{name}", of.name);
    let coordinate = || called.clone();
    overriding::apply(composer, &called, sources);
    let defining: Vec<_> = sources.iter().filter(|source| source.defines()).collect();
    if defining.is_empty() {
        external::missing_on_base(composer, &called, sources);
        return None;
    }
    if !of.is_interface {
        sharing::check(composer, of.name, &called, sources);
    }
    let described = defining.iter().map(|source| (source.graph, source.field.pos, source.field.description.as_ref()));
    let description = description::merge(composer, coordinate, described);
    let marked: Vec<_> = defining.iter().map(|source| (source.graph, source.field.pos, &source.field.marks)).collect();
    let marks = marks::merge(composer, coordinate, &marked);
    let arguments = arguments::merge(composer, coordinate, &defining);
    // A field that is taken over still answers where the old subgraph is deployed: its type has to agree.
    let typed: Vec<_> = sources.iter().filter(|source| source.field.external != External::Yes).collect();
    let fit = field_type(composer, coordinate, &typed);
    let same_type = matches!(fit, Fit::Same(_));
    let mut field = MergedField { description, ty: fit.into_type(), arguments, joins: Vec::new(), marks };
    let same_type = external::check(composer, &called, &field, sources) && same_type;
    let places: Vec<_> = sources.iter().map(|source| (source.graph, source.field.pos)).collect();
    demand_control::drop_missing_arguments(composer, &called, &mut field, &places);
    field.joins = joins(composer, of, sources, same_type);
    Some(field)
}

fn field_type(composer: &mut Composer<'_, '_>, coordinate: impl Fn() -> String, defining: &[&FieldSource<'_>]) -> Fit {
    let types: Vec<_> = defining.iter().map(|source| &source.field.ty).collect();
    let fit = typing::output(&composer.hierarchy, &types);
    if matches!(fit, Fit::Same(_)) {
        return fit;
    }
    let found =
        defining.iter().map(|source| format!("{} in \"{}\"", source.field.ty, composer.schemas[source.graph].name));
    let found = super::list(found);
    let places = composer.places(defining.iter().map(|source| (source.graph, source.field.pos)));
    if let Fit::Compatible(ty) = &fit {
        let message = format!("The type of {} is {found}: {ty} covers them and is used.", coordinate());
        composer.report.hint(Code::InconsistentButCompatibleFieldType, message, places);
    } else {
        let message = format!("The type of {} is {found}: make them the same.", coordinate());
        composer.report.error(Code::FieldTypeMismatch, message, places);
    }
    fit
}

/// The `@join__field`s, none when they would only repeat the `@join__type`s.
fn joins(
    composer: &Composer<'_, '_>,
    of: &FieldsOf<'_, '_>,
    sources: &[FieldSource<'_>],
    same_type: bool,
) -> Vec<JoinField> {
    let present = sources.iter().filter(|source| source.overridden != Overridden::Dropped);
    let joins: Vec<_> = present.map(|source| join(composer, source, same_type)).collect();
    if joins.len() == of.graphs && joins.iter().all(JoinField::is_plain) {
        return Vec::new();
    }
    joins
}

fn join(composer: &Composer<'_, '_>, source: &FieldSource<'_>, same_type: bool) -> JoinField {
    let marks = &source.field.marks;
    // Where nothing is taken over, a label would leave the field to nobody.
    let overrides = marks.overrides.as_ref().filter(|_| source.takes_over);
    let label = match &source.overridden {
        Overridden::Labelled(label) => Some(label.clone()),
        _ => overrides.and_then(|overrides| overrides.label.clone()),
    };
    JoinField {
        graph: Some(source.graph),
        requires: marks.requires.as_ref().map(ToString::to_string),
        provides: marks.provides.as_ref().map(ToString::to_string),
        ty: (!same_type).then(|| source.field.ty.to_string()),
        external: source.field.external == External::Yes,
        overrides: marks.overrides.as_ref().map(|overrides| overrides.from.clone()),
        used_overridden: source.overridden == Overridden::Used,
        override_label: label,
        context_arguments: context::arguments(composer, source),
    }
}
