//! Custom scalars whose specification the router knows, told by `@specifiedBy`. Any other is its subgraph's to check.

use async_graphql_parser::types::{BaseType, Type};
use async_graphql_value::Value;
use chrono::{DateTime, Utc};
use reel_error::ErrorCode;

use super::operation::{Operation, Selection};
use crate::error::GraphqlError;
use crate::schema::{Schema, TypeDefinition};

/// Checks the values that are written in the document.
///
/// # Errors
///
/// One value that is none of its type.
pub fn check(operation: &Operation, schema: &Schema) -> Result<(), GraphqlError> {
    check_selections(&operation.selections, schema)
}

/// Why a text is no value of this scalar; `None` when it is one, and for scalars that the router does not know. No text is
/// given for a value that is not a string.
pub(super) fn refusal(scalar: &TypeDefinition, text: Option<&str>) -> Option<String> {
    let specification = scalar.specified_by.as_deref()?;
    if !specification.to_ascii_lowercase().contains("rfc3339") {
        return None;
    }
    let is_time = text.is_some_and(|text| text.parse::<DateTime<Utc>>().is_ok());
    (!is_time).then(|| format!("{} is a time as RFC 3339 writes it, such as 2026-01-01T08:00:00Z", scalar.name))
}

fn check_selections(selections: &[Selection], schema: &Schema) -> Result<(), GraphqlError> {
    selections.iter().try_for_each(|selection| match selection {
        Selection::Fragment(fragment) => check_selections(&fragment.selections, schema),
        Selection::Field(field) => {
            let definition = schema.type_named(&field.parent).and_then(|parent| parent.fields.get(&field.name));
            for (name, value) in &field.arguments {
                let Some(argument) = definition.and_then(|definition| definition.arguments.get(name)) else { continue };
                if let Some(why) = refused(schema, &argument.ty, value) {
                    let message = format!("The argument `{name}` of `{}` cannot be used: {why}.", field.name);
                    let error = GraphqlError::new(ErrorCode::GraphqlValidationFailed, message);
                    return Err(error.located(field.position));
                }
            }
            check_selections(&field.selections, schema)
        }
    })
}

/// Validation has checked the shapes; here it is only the scalars.
fn refused(schema: &Schema, ty: &Type, value: &Value) -> Option<String> {
    match (&ty.base, value) {
        (_, Value::Null | Value::Variable(_)) => None,
        (BaseType::List(inner), Value::List(items)) => items.iter().find_map(|item| refused(schema, inner, item)),
        (BaseType::List(inner), value) => refused(schema, inner, value),
        (BaseType::Named(name), Value::Object(members)) => {
            let fields = &schema.type_named(name)?.input_fields;
            members.iter().find_map(|(name, value)| refused(schema, &fields.get(name)?.ty, value))
        }
        (BaseType::Named(name), Value::String(text)) => refusal(schema.type_named(name)?, Some(text)),
        (BaseType::Named(name), _) => refusal(schema.type_named(name)?, None),
    }
}
