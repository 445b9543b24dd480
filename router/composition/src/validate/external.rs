//! `@external` has to be for something, and takes no other directives along.

use super::Check;
use crate::{
    Code,
    model::{External, Field, TypeDef},
    spec::Version,
};

pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    if check.schema.version == Version::V1 {
        return;
    }
    let fields = ty.kind.fields().into_iter().flat_map(|fields| fields.values());
    for field in fields.filter(|field| field.external != External::No) {
        one(check, ty, field);
    }
}

fn one(check: &mut Check<'_, '_>, ty: &TypeDef, field: &Field) {
    let coordinate = format!("{}.{}", ty.name, field.name);
    if ty.kind.is_interface() {
        let message =
            format!("@external on {coordinate}: fields of interfaces cannot be external, mark those of objects.");
        return check.error(Code::ExternalOnInterface, message, field.pos);
    }
    if !field.uses.any() && !check.schema.unread_field_set {
        let message = format!(
            "{coordinate} is @external but no @key, @requires, @provides or interface of this subgraph uses it: remove \
             the field, or @external if the subgraph resolves it."
        );
        check.error(Code::ExternalUnused, message, field.pos);
    }
    let marks = &field.marks;
    let merged = [
        ("@tag", !marks.tags.is_empty()),
        ("@inaccessible", marks.inaccessible.is_some()),
        ("@authenticated", marks.authenticated.is_some()),
        ("@requiresScopes", marks.requires_scopes.is_some()),
        ("@policy", marks.policy.is_some()),
    ];
    for (name, _) in merged.iter().filter(|(_, applied)| *applied && field.external == External::Yes) {
        let message =
            format!("{coordinate} is @external, so {name} has no effect there: put it where the field is defined.");
        check.error(Code::MergedDirectiveApplicationOnExternal, message, field.pos);
    }
}
