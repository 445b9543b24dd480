//! Keys on interfaces, and objects that stand for interfaces.

use std::collections::BTreeSet;

use async_graphql_value::Name;

use super::{Check, type_places};
use crate::{
    Code,
    compose::{
        list,
        model::{Merged, MergedKind},
    },
    diagnostics::Report,
    model::{Kind, Schema, TypeDef},
    spec::Version,
};

/// What one subgraph shows.
pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    if let Some(pos) = ty.marks.interface_object.filter(|_| ty.marks.keys.is_empty()) {
        let message =
            format!("@interfaceObject on {}: only an entity can stand for an interface, add a @key.", ty.name);
        check.error(Code::InterfaceObjectUsageError, message, pos);
    }
    if !ty.kind.is_interface() || check.schema.version == Version::V1 {
        return;
    }
    for key in ty.marks.keys.iter().filter(|key| key.resolvable) {
        let text = key.fields.to_string();
        for implementer in check.schema.implementers(&ty.name) {
            let Some(object) = check.schema.types.get(&implementer) else { continue };
            if !object.marks.keys.iter().any(|key| key.fields.to_string() == text) {
                let message = format!(
                    "The interface {} has @key(fields: \"{text}\") but {implementer} does not: an interface key has to \
                     be a key of every implementation.",
                    ty.name
                );
                check.error(Code::InterfaceKeyNotOnImplementation, message, key.fields.pos);
            }
        }
    }
}

/// What only all subgraphs together show.
pub(super) fn check_all(merged: &Merged, schemas: &[Schema], report: &mut Report) {
    let types = schemas.iter().flat_map(|schema| schema.types.values());
    let concerned: BTreeSet<_> = types
        .filter(|ty| ty.marks.interface_object.is_some() || ty.kind.is_interface() && !ty.marks.keys.is_empty())
        .map(|ty| &ty.name)
        .collect();
    for name in concerned {
        let sources: Vec<_> = schemas.iter().filter_map(|schema| Some((schema, schema.types.get(name)?))).collect();
        stands_for_something(name, &sources, schemas, report);
        if matches!(merged.types.get(name).map(|ty| &ty.kind), Some(MergedKind::Interface(_))) {
            knows_all_implementations(merged, name, &sources, report);
        }
    }
}

/// A type in one subgraph.
type Source<'a> = (&'a Schema, &'a TypeDef);

fn stands_for_something(name: &Name, sources: &[Source<'_>], schemas: &[Schema], report: &mut Report) {
    let objects: Vec<_> = sources.iter().filter(|(_, ty)| ty.marks.interface_object.is_some()).collect();
    if objects.is_empty() {
        return;
    }
    let keyed = |(_, ty): &&Source<'_>| ty.kind.is_interface() && !ty.marks.keys.is_empty();
    if !sources.iter().any(|source| keyed(&source)) {
        let message = format!(
            "{name} is an @interfaceObject, but no subgraph defines {name} as an interface with a @key: define it."
        );
        report.error(Code::InterfaceObjectUsageError, message, type_places(schemas, name));
    }
    for (schema, _) in objects {
        for ty in schema.types.values() {
            let implements = matches!(&ty.kind, Kind::Object(it) if it.implements.contains_key(name));
            if implements {
                let message =
                    format!("{} implements {name}, which is an @interfaceObject in the same subgraph.", ty.name);
                report.error(Code::InterfaceObjectUsageError, message, vec![schema.place(ty.pos)]);
            }
        }
    }
}

/// Who resolves an interface by key has to tell which object it is, so it has to know them all.
fn knows_all_implementations(merged: &Merged, name: &Name, sources: &[Source<'_>], report: &mut Report) {
    let implements = |composite: &crate::compose::model::MergedComposite| composite.implements.contains_key(name);
    let all: BTreeSet<&Name> = merged
        .types
        .values()
        .filter(|ty| matches!(&ty.kind, MergedKind::Object(object) if implements(object)))
        .map(|ty| &ty.name)
        .collect();
    for (schema, ty) in sources {
        let resolves = ty.kind.is_interface() && ty.marks.keys.iter().any(|key| key.resolvable);
        if !resolves || schema.version == Version::V1 {
            continue;
        }
        let own: BTreeSet<_> = schema.implementers(name).into_iter().collect();
        let missing: Vec<_> =
            all.iter().filter(|name| !own.contains(**name)).map(|name| format!("\"{name}\"")).collect();
        if !missing.is_empty() {
            let message = format!(
                "The interface {name} has a @key in \"{}\", so that subgraph has to define every implementation: add {}.",
                schema.name,
                list(missing)
            );
            report.error(Code::InterfaceKeyMissingImplementationType, message, vec![schema.place(ty.pos)]);
        }
    }
}
