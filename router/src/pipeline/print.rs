//! The operation as the planner gets it: without what was denied, without what the router answers itself, and with the
//! type names that authorization needs.

use std::fmt::Write as _;

use async_graphql_value::Name;

use super::operation::{Condition, Field, Operation, Selection};
use crate::schema::{Schema, TypeDefinition, base_name};

/// The text, or `None` when nothing is left to plan.
pub(super) fn print(operation: &Operation, schema: &Schema) -> Option<String> {
    let mut body = String::new();
    root_set(&operation.selections, schema, &mut body);
    if body.is_empty() {
        return None;
    }
    let mut text = operation.kind.to_string();
    if !operation.variables.is_empty() {
        text.push('(');
        for variable in &operation.variables {
            push(&mut text, format_args!("${}: {} ", variable.name, variable.ty));
            if let Some(default) = &variable.default_value {
                push(&mut text, format_args!("= {default} "));
            }
        }
        text.push(')');
    }
    push(&mut text, format_args!("{{ {body}}}"));
    Some(text)
}

/// At the root `__typename` and introspection need no subgraph; a fragment that has nothing else is left out whole.
fn root_set(selections: &[Selection], schema: &Schema, out: &mut String) {
    for selection in selections {
        match selection {
            Selection::Field(field) if field.name.starts_with("__") || field.denied.is_some() => {}
            Selection::Field(selected) => field(selected, schema, out),
            Selection::Fragment(fragment) => {
                let mut inner = String::new();
                root_set(&fragment.selections, schema, &mut inner);
                if !inner.is_empty() {
                    fragment_head(fragment.condition.as_ref().map(Name::as_str), &fragment.conditions, out);
                    push(out, format_args!("{{ {inner}}} "));
                }
            }
        }
    }
}

fn field(field: &Field, schema: &Schema, out: &mut String) {
    if field.sent != field.name {
        push(out, format_args!("{}: ", field.sent));
    }
    out.push_str(&field.name);
    if !field.arguments.is_empty() {
        out.push('(');
        for (name, value) in &field.arguments {
            push(out, format_args!("{name}: {value} "));
        }
        out.push(')');
    }
    conditions(&field.conditions, out);
    out.push(' ');
    match schema.type_named(base_name(&field.ty)) {
        Some(ty) if ty.is_leaf() => {}
        Some(ty) => set(&field.selections, hides_objects(ty, schema), schema, out),
        // What is selected for ourselves may be none of the clients' business.
        None if field.selections.is_empty() => {}
        None => set(&field.selections, false, schema, out),
    }
}

/// Whether some objects behind an abstract type are not for everyone, so that each must say what it is. Where the
/// selections alone need type names the planner adds them; asking without need would cost fetches.
fn hides_objects(ty: &TypeDefinition, schema: &Schema) -> bool {
    let mut possible = ty.possible_types.iter().filter_map(|name| schema.type_named(name));
    ty.is_abstract() && possible.any(|ty| !ty.protection.is_open())
}

fn set(selections: &[Selection], needs_typename: bool, schema: &Schema, out: &mut String) {
    out.push_str("{ ");
    let start = out.len();
    for selection in selections {
        match selection {
            Selection::Field(selected) if selected.denied.is_some() => {}
            Selection::Field(selected) => field(selected, schema, out),
            Selection::Fragment(fragment) => {
                fragment_head(fragment.condition.as_ref().map(Name::as_str), &fragment.conditions, out);
                set(&fragment.selections, false, schema, out);
            }
        }
    }
    let has_typename = selections.iter().any(|selection| {
        matches!(selection, Selection::Field(field) if field.sent == "__typename" && field.conditions.is_empty())
    });
    if (needs_typename && !has_typename) || out.len() == start {
        out.push_str("__typename ");
    }
    out.push_str("} ");
}

fn fragment_head(condition: Option<&str>, when: &[Condition], out: &mut String) {
    out.push_str("...");
    if let Some(condition) = condition {
        push(out, format_args!(" on {condition}"));
    }
    conditions(when, out);
    out.push(' ');
}

fn conditions(conditions: &[Condition], out: &mut String) {
    for condition in conditions {
        let directive = if condition.expected { "include" } else { "skip" };
        push(out, format_args!(" @{directive}(if: ${})", condition.variable));
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}
