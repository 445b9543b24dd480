//! Authorization must not have a way around it.

use async_graphql_value::Name;

use super::Check;
use crate::{
    Code,
    compose::{
        marks::{demand, satisfies},
        model::{Merged, MergedMarks},
    },
    diagnostics::Report,
    field_set::{FieldSet, Selection},
    model::{Field, Marks, Schema, TypeDef, named},
};

/// Interfaces take their demands from their implementations; their own would hold for some subgraphs only.
pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    if !ty.kind.is_interface() && ty.marks.interface_object.is_none() {
        return;
    }
    refuse(check, ty.name.as_str(), &ty.marks, ty.pos);
    for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
        refuse(check, &format!("{}.{}", ty.name, field.name), &field.marks, field.pos);
    }
}

fn refuse(check: &mut Check<'_, '_>, coordinate: &str, marks: &Marks, pos: async_graphql_parser::Pos) {
    let applied = [
        ("@authenticated", marks.authenticated.is_some()),
        ("@requiresScopes", marks.requires_scopes.is_some()),
        ("@policy", marks.policy.is_some()),
    ];
    for (name, _) in applied.iter().filter(|(_, applied)| *applied) {
        let message = format!(
            "{name} cannot stand on {coordinate}: put it on the object types, the interface then demands what they do."
        );
        check.error(Code::AuthRequirementsAppliedOnInterface, message, pos);
    }
}

/// A field that is computed from guarded fields has to be guarded as they are.
pub(super) fn check_requirements(merged: &Merged, schemas: &[Schema], report: &mut Report) {
    for schema in schemas {
        for ty in schema.types.values() {
            for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
                for (what, owner, selection) in computed_from(schema, ty, field) {
                    let mut needed = MergedMarks::default();
                    demanded(merged, owner, &selection.selections, &mut needed);
                    if !needed.demands_something() || satisfies(&own_demands(merged, &ty.name, &field.name), &needed) {
                        continue;
                    }
                    let message = format!(
                        "{}.{} {what} \"{selection}\", which is guarded by @authenticated, @requiresScopes or \
                         @policy: put the same on {}.{}.",
                        ty.name, field.name, ty.name, field.name
                    );
                    report.error(Code::MissingTransitiveAuthRequirements, message, vec![schema.place(field.pos)]);
                }
            }
        }
    }
}

/// What a field requires or takes from contexts, with the type that has it.
fn computed_from<'a>(
    schema: &'a Schema,
    ty: &'a TypeDef,
    field: &'a Field,
) -> Vec<(&'static str, &'a Name, &'a FieldSet)> {
    let mut from: Vec<_> = field.marks.requires.iter().map(|requires| ("requires", &ty.name, requires)).collect();
    for context in field.arguments.values().filter_map(|argument| argument.marks.from_context.as_ref()) {
        let owners = schema.context_owners(&context.context);
        from.extend(owners.map(|owner| ("takes from its context", &owner.name, &context.selection)));
    }
    from
}

fn own_demands(merged: &Merged, ty: &Name, field: &Name) -> MergedMarks {
    let mut own = MergedMarks::default();
    if let Some(ty) = merged.types.get(ty) {
        demand(&mut own, &ty.marks);
        if let Some(field) = ty.kind.composite().and_then(|composite| composite.fields.get(field)) {
            demand(&mut own, &field.marks);
            if let Some(target) = merged.types.get(named(&field.ty)) {
                demand(&mut own, &target.marks);
            }
        }
    }
    own
}

fn demanded(merged: &Merged, ty: &Name, selections: &[Selection], needed: &mut MergedMarks) {
    for selection in selections {
        match selection {
            Selection::Field { name, children, .. } => {
                let composite = merged.types.get(ty).and_then(|ty| ty.kind.composite());
                let Some(field) = composite.and_then(|composite| composite.fields.get(name)) else { continue };
                demand(needed, &field.marks);
                let target = named(&field.ty);
                if let Some(ty) = merged.types.get(target) {
                    demand(needed, &ty.marks);
                }
                demanded(merged, target, children, needed);
            }
            Selection::Fragment { on, children, .. } => {
                let on = on.as_ref().unwrap_or(ty);
                if let Some(ty) = merged.types.get(on) {
                    demand(needed, &ty.marks);
                }
                demanded(merged, on, children, needed);
            }
        }
    }
}
