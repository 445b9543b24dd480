//! In the supergraph, every implementation has what its interfaces promise.

use async_graphql_value::Name;

use super::{field_places, type_places};
use crate::{
    Code,
    compose::{
        model::{Merged, MergedComposite, MergedField, MergedType},
        typing::Hierarchy,
    },
    diagnostics::Report,
    model::Schema,
};

pub(super) fn check(merged: &Merged, schemas: &[Schema], report: &mut Report) {
    let hierarchy = Hierarchy::of(schemas);
    for ty in merged.types.values() {
        let Some(composite) = ty.kind.composite() else { continue };
        for interface in composite.implements.keys() {
            let Some(promised) = merged.types.get(interface).and_then(|ty| ty.kind.composite()) else { continue };
            let pair = Pair { ty, composite, interface, hierarchy: &hierarchy, schemas };
            for (name, field) in &promised.fields {
                pair.field(name, field, report);
            }
        }
    }
}

/// A type and one of its interfaces.
struct Pair<'a> {
    ty: &'a MergedType,
    composite: &'a MergedComposite,
    interface: &'a Name,
    hierarchy: &'a Hierarchy,
    schemas: &'a [Schema],
}

impl Pair<'_> {
    fn field(&self, name: &Name, promised: &MergedField, report: &mut Report) {
        let (ty, interface) = (&self.ty.name, self.interface);
        let Some(own) = self.composite.fields.get(name) else {
            let message = format!(
                "The interface {interface} has the field \"{name}\" in some subgraph, but {ty}, which implements it, has \
                 it in none: add {ty}.{name}."
            );
            let mut places = field_places(self.schemas, interface, name);
            places.extend(type_places(self.schemas, ty));
            return report.error(Code::InterfaceFieldNoImplem, message, places);
        };
        if !self.hierarchy.is_subtype(&promised.ty, &own.ty) {
            let message = format!(
                "{ty}.{name} is {} in the supergraph, but {interface}.{name} promises {}: make them fit.",
                own.ty, promised.ty
            );
            self.mismatch(name, message, report);
        }
        self.arguments(name, promised, own, report);
    }

    fn arguments(&self, name: &Name, promised: &MergedField, own: &MergedField, report: &mut Report) {
        let (ty, interface) = (&self.ty.name, self.interface);
        for (argument, wanted) in &promised.arguments {
            let fits = own.arguments.get(argument).is_some_and(|found| found.ty == wanted.ty);
            if !fits {
                let message = format!(
                    "{interface}.{name} takes \"{argument}: {}\" in the supergraph, so {ty}.{name} has to take it, too.",
                    wanted.ty
                );
                self.mismatch(name, message, report);
            }
        }
        for (argument, extra) in &own.arguments {
            if extra.is_required() && !promised.arguments.contains_key(argument) {
                let message = format!(
                    "{ty}.{name} requires \"{argument}\", which {interface}.{name} does not have: make it optional."
                );
                self.mismatch(name, message, report);
            }
        }
    }

    fn mismatch(&self, field: &Name, message: String, report: &mut Report) {
        let mut places = field_places(self.schemas, self.interface, field);
        places.extend(field_places(self.schemas, &self.ty.name, field));
        report.error(Code::InvalidGraphql, message, places);
    }
}
