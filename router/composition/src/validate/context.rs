//! `@fromContext`: where it may stand, and whether every type that sets the context has a value that fits.

mod selection;

use async_graphql_value::Name;

use super::Check;
use crate::{
    Code,
    model::{Field, FromContext, InputValue, TypeDef},
};

pub(super) fn check(check: &mut Check<'_, '_>, ty: &TypeDef) {
    for field in ty.kind.fields().into_iter().flat_map(|fields| fields.values()) {
        for argument in field.arguments.values() {
            if let Some(from) = &argument.marks.from_context {
                one(check, ty, field, argument, from);
            }
        }
    }
}

/// Directives are not called by routers, so nobody would fill in their arguments.
pub(super) fn check_definitions(check: &mut Check<'_, '_>) {
    let schema = check.schema;
    for (name, directive) in &schema.directives {
        for argument in directive.arguments.values().filter(|argument| argument.marks.from_context.is_some()) {
            let message =
                format!("@fromContext cannot stand on the directive argument @{name}({}:): remove it.", argument.name);
            check.error(Code::ContextNotSet, message, argument.pos);
        }
    }
}

fn one(check: &mut Check<'_, '_>, ty: &TypeDef, field: &Field, argument: &InputValue, from: &FromContext) {
    let coordinate = format!("{}.{}({}:)", ty.name, field.name, argument.name);
    if ty.kind.is_interface() {
        let message = format!(
            "@fromContext cannot stand on {coordinate}: only fields of objects can take a context, put it on those."
        );
        return check.error(Code::ContextNotSet, message, argument.pos);
    }
    if let Some(interface) = demanding_interface(check, ty, &field.name) {
        let message = format!(
            "@fromContext on {coordinate}: the field implements {interface}.{}, whose callers would have to give the \
             argument.",
            field.name
        );
        check.error(Code::ContextNotSet, message, argument.pos);
    }
    if argument.default.is_some() {
        let message = format!("{coordinate} has @fromContext and a default: remove the default.");
        check.error(Code::ContextNotSet, message, argument.pos);
    }
    if check.schema.context_owners(&from.context).next().is_none() {
        let message = format!(
            "{coordinate} takes the context \"{}\", which no type sets: add @context(name: \"{}\") to a type above it.",
            from.context, from.context
        );
        return check.error(Code::ContextNotSet, message, argument.pos);
    }
    if let Err(why) = selection::check(check.schema, from, &argument.ty) {
        let message = format!("@fromContext(field: \"${}{}\") on {coordinate}: {why}.", from.context, from.text);
        check.error(Code::ContextInvalidSelection, message, argument.pos);
    }
    if !ty.marks.keys.iter().any(|key| key.resolvable) {
        let message = format!(
            "{coordinate} takes a context, so routers enter {} anew to fill it in: give {} a resolvable @key.",
            ty.name, ty.name
        );
        check.error(Code::ContextNoResolvableKey, message, argument.pos);
    }
}

fn demanding_interface<'a>(check: &Check<'a, '_>, ty: &'a TypeDef, field: &Name) -> Option<&'a Name> {
    let schema = check.schema;
    let interfaces = ty.kind.composite().into_iter().flat_map(|composite| composite.implements.keys());
    interfaces.into_iter().find(|interface| schema.field(interface, field).is_some())
}
