//! What refers to which field inside a subgraph: keys, requirements, provisions, interfaces.

use async_graphql_value::Name;

use crate::{
    field_set::{FieldSet, Selection},
    model::{External, Kind, Schema, Uses, named},
    spec::Version,
};

/// A field by the name of its type and its own.
type Coordinate = (Name, Name);

/// A field and what to note about it.
type Use = (Coordinate, fn(&mut Uses));

/// Writes the uses of every field into the schema, and what its `@external` amounts to.
pub(super) fn mark(schema: &mut Schema) {
    let mut uses: Vec<Use> = Vec::new();
    let mut nominal: Vec<Coordinate> = Vec::new();
    for ty in schema.types.values() {
        for key in &ty.marks.keys {
            let mut targets = Vec::new();
            targets_of(schema, &ty.name, &key.fields, &mut targets);
            if ty.extension {
                nominal.extend(targets.iter().cloned());
            }
            uses.extend(targets.into_iter().map(|target| (target, in_key as fn(&mut Uses))));
        }
        for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
            let mut targets = Vec::new();
            if let Some(requires) = &field.marks.requires {
                targets_of(schema, &ty.name, requires, &mut targets);
                uses.extend(targets.drain(..).map(|target| (target, in_requires as fn(&mut Uses))));
            }
            if let Some(provides) = &field.marks.provides {
                targets_of(schema, named(&field.ty), provides, &mut targets);
                uses.extend(targets.drain(..).map(|target| (target, in_provides as fn(&mut Uses))));
            }
        }
        uses.extend(in_contexts(schema, &ty.kind).into_iter().map(|target| (target, in_context as fn(&mut Uses))));
        uses.extend(demanded(schema, &ty.kind).map(|field| ((ty.name.clone(), field), by_interface as fn(&mut Uses))));
    }
    for ((ty, field), mark) in uses {
        let fields = schema.types.get_mut(&ty).and_then(|ty| ty.kind.composite_mut());
        if let Some(field) = fields.and_then(|composite| composite.fields.get_mut(&field)) {
            mark(&mut field.uses);
        }
    }
    externals(schema, &nominal);
}

fn in_key(uses: &mut Uses) {
    uses.in_key = true;
}

fn in_requires(uses: &mut Uses) {
    uses.in_requires = true;
}

fn in_provides(uses: &mut Uses) {
    uses.in_provides = true;
}

fn by_interface(uses: &mut Uses) {
    uses.by_interface = true;
}

fn in_context(uses: &mut Uses) {
    uses.in_context = true;
}

/// The fields further up that arguments of a type's fields take their values from.
fn in_contexts(schema: &Schema, kind: &Kind) -> Vec<Coordinate> {
    let mut targets = Vec::new();
    let fields = kind.fields().into_iter().flat_map(|fields| fields.values());
    for argument in fields.flat_map(|field| field.arguments.values()) {
        let Some(from) = &argument.marks.from_context else { continue };
        for owner in schema.context_owners(&from.context) {
            targets_of(schema, &owner.name, &from.selection, &mut targets);
        }
    }
    targets
}

/// The fields that a type has because its interfaces have them.
fn demanded<'a>(schema: &'a Schema, kind: &'a Kind) -> impl Iterator<Item = Name> + 'a {
    let interfaces = kind.composite().into_iter().flat_map(|composite| composite.implements.keys());
    let fields = interfaces.filter_map(|interface| schema.types.get(interface)?.kind.fields());
    fields.flat_map(|fields| fields.keys().cloned())
}

/// All fields that a field set selects, with the implementations of interface fields.
fn targets_of(schema: &Schema, parent: &Name, fields: &FieldSet, targets: &mut Vec<Coordinate>) {
    walk(schema, parent, &fields.selections, targets);
}

fn walk(schema: &Schema, parent: &Name, selections: &[Selection], targets: &mut Vec<Coordinate>) {
    for selection in selections {
        match selection {
            Selection::Field { name, children, .. } => {
                targets.push((parent.clone(), name.clone()));
                if schema.types.get(parent).is_some_and(|ty| ty.kind.is_interface()) {
                    targets.extend(schema.implementers(parent).into_iter().map(|ty| (ty, name.clone())));
                }
                if let Some(field) = schema.field(parent, name).filter(|_| !children.is_empty()) {
                    walk(schema, named(&field.ty), children, targets);
                }
            }
            Selection::Fragment { on, children, .. } => walk(schema, on.as_ref().unwrap_or(parent), children, targets),
        }
    }
}

fn externals(schema: &mut Schema, nominal: &[Coordinate]) {
    let version = schema.version;
    for ty in schema.types.values_mut() {
        let Some(composite) = ty.kind.composite_mut() else { continue };
        for field in composite.fields.values_mut().filter(|field| field.marks.external.is_some()) {
            field.external = External::Yes;
        }
        // Federation 1 let unused externals stand; they say nothing.
        if version == Version::V1 {
            composite.fields.retain(|_, field| field.external == External::No || field.uses.any());
        }
    }
    for (ty, field) in nominal {
        let fields = schema.types.get_mut(ty).and_then(|ty| ty.kind.composite_mut());
        let field = fields.and_then(|composite| composite.fields.get_mut(field));
        if let Some(field) = field.filter(|field| field.external == External::Yes) {
            field.external = External::Nominal;
        }
    }
}
