//! Names that a schema uses have to exist and fit where they stand: what GraphQL itself demands.

use crate::map::IndexMap;
use async_graphql_parser::{Pos, types::Type};
use async_graphql_value::Name;

use super::Check;
use crate::{
    Code,
    model::{Composite, InputValue, Kind, TypeDef, is_builtin_scalar, named},
};

pub(super) fn check(check: &mut Check<'_, '_>) {
    let schema = check.schema;
    for ty in schema.types.values() {
        match &ty.kind {
            Kind::Object(it) | Kind::Interface(it) => composite(check, ty, it),
            Kind::Union(members) => union(check, ty, members),
            Kind::Input(fields) => {
                not_empty(check, ty, fields.len(), "fields");
                inputs(check, ty.name.as_str(), fields);
            }
            Kind::Enum(values) => not_empty(check, ty, values.len(), "values"),
            Kind::Scalar => {}
        }
    }
}

fn not_empty(check: &mut Check<'_, '_>, ty: &TypeDef, parts: usize, what: &str) {
    if parts == 0 && !ty.extension {
        let message = format!("The {} {} has no {what}: add one, or remove it.", ty.kind.word(), ty.name);
        check.error(Code::InvalidGraphql, message, ty.pos);
    }
}

fn composite(check: &mut Check<'_, '_>, ty: &TypeDef, composite: &Composite) {
    not_empty(check, ty, composite.fields.len(), "fields");
    for field in composite.fields.values() {
        let coordinate = format!("{}.{}", ty.name, field.name);
        output(check, &coordinate, &field.ty, field.pos);
        inputs(check, &coordinate, &field.arguments);
    }
    for (interface, pos) in &composite.implements {
        match check.schema.types.get(interface).map(|it| &it.kind) {
            Some(Kind::Interface(interface_type)) => {
                for field in interface_type.fields.keys().filter(|field| !composite.fields.contains_key(*field)) {
                    let message = format!("{} implements {interface} but has no field \"{field}\": add it.", ty.name);
                    check.error(Code::InvalidGraphql, message, *pos);
                }
            }
            Some(other) => {
                let message = format!("{} implements {interface}, which is {} type.", ty.name, article(other));
                check.error(Code::InvalidGraphql, message, *pos);
            }
            None => unknown(check, interface, ty.name.as_str(), *pos),
        }
    }
}

fn union(check: &mut Check<'_, '_>, ty: &TypeDef, members: &IndexMap<Name, Pos>) {
    not_empty(check, ty, members.len(), "members");
    for (member, pos) in members {
        match check.schema.types.get(member).map(|it| &it.kind) {
            Some(Kind::Object(_)) => {}
            Some(other) => {
                let message =
                    format!("The union {} has the member {member}, which is {} type.", ty.name, article(other));
                check.error(Code::InvalidGraphql, message, *pos);
            }
            None => unknown(check, member, ty.name.as_str(), *pos),
        }
    }
}

fn article(kind: &Kind) -> String {
    let word = kind.word();
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) && word != "union" { "an" } else { "a" };
    format!("{article} {word}")
}

fn output(check: &mut Check<'_, '_>, coordinate: &str, ty: &Type, pos: Pos) {
    let name = named(ty);
    match check.schema.types.get(name).map(|it| &it.kind) {
        Some(Kind::Input(_)) => {
            let message = format!("{coordinate} returns the input object {name}: return an object or a scalar.");
            check.error(Code::InvalidGraphql, message, pos);
        }
        None if !is_builtin_scalar(name) => unknown(check, name, coordinate, pos),
        _ => {}
    }
}

fn inputs(check: &mut Check<'_, '_>, owner: &str, values: &IndexMap<Name, InputValue>) {
    for value in values.values() {
        let name = named(&value.ty);
        match check.schema.types.get(name).map(|it| &it.kind) {
            Some(Kind::Object(_) | Kind::Interface(_) | Kind::Union(_)) => {
                let message = format!("\"{}\" of {owner} takes {name}, which clients cannot send.", value.name);
                check.error(Code::InvalidGraphql, message, value.pos);
            }
            None if !is_builtin_scalar(name) => unknown(check, name, owner, value.pos),
            _ => {}
        }
    }
}

fn unknown(check: &mut Check<'_, '_>, name: &str, user: &str, pos: Pos) {
    let message = format!("{user} uses the type {name}, which the subgraph does not define: define it.");
    check.error(Code::InvalidGraphql, message, pos);
}
