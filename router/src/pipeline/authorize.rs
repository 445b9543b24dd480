//! Takes away what this caller may not have, before anything is planned: what is not planned is not fetched, and a
//! mutation that is not planned does not happen. What is taken away becomes null with an error, or the request is refused
//! for it.

use async_graphql_parser::Pos;
use async_graphql_value::{Name, Variables};
use reel_error::ErrorCode;
use serde::Deserialize;

use super::operation::{Condition, Field, Operation, Selection};
use crate::condition::all_hold;
use crate::error::GraphqlError;
use crate::grants::Grants;
use crate::path::PathSegment;
use crate::schema::{Protection, Schema, base_name};

/// How many fields a refusal names.
const MOST_NAMED: usize = 20;

/// What becomes of a request that asks for what its caller may not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDenied {
    /// Those fields are null, each with an error; the rest is answered.
    #[default]
    NullFields,
    /// Nothing is answered.
    RefuseRequest,
}

/// A field that the caller may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeniedField {
    /// The response keys down to it.
    path: Vec<Name>,
    code: ErrorCode,
    /// When it is selected at all.
    conditions: Vec<Condition>,
    position: Pos,
}

/// Marks the fields that the caller may not have.
pub fn authorize(operation: &mut Operation, schema: &Schema, grants: &Grants) {
    let root = schema.type_named(&operation.root_type);
    let surrounding = root.and_then(|ty| denial(&ty.protection, grants));
    Authorizer { schema, grants }.mark(&mut operation.selections, surrounding);
}

/// The error of a caller who does not meet a demand.
pub fn denial(protection: &Protection, grants: &Grants) -> Option<ErrorCode> {
    match protection {
        protection if protection.admits(grants) => None,
        _ if grants.is_authenticated() => Some(ErrorCode::Forbidden),
        _ => Some(ErrorCode::Unauthenticated),
    }
}

/// The fields that [`authorize`] has marked, without what is inside of one.
pub(super) fn denied_fields(operation: &Operation) -> Vec<DeniedField> {
    let mut denied = Vec::new();
    find(&operation.selections, &mut Vec::new(), &mut Vec::new(), &mut denied);
    denied
}

/// Refuses the request for those of the fields that it selects with these variables.
///
/// # Errors
///
/// One error for each of them.
pub(crate) fn check(denied: &[DeniedField], variables: &Variables) -> Result<(), Vec<GraphqlError>> {
    let selected = denied.iter().filter(|field| all_hold(&field.conditions, variables));
    let errors: Vec<_> = selected.take(MOST_NAMED).map(DeniedField::error).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

impl DeniedField {
    fn error(&self) -> GraphqlError {
        let path = self.path.iter().cloned().map(PathSegment::Key).collect();
        GraphqlError::generic(self.code).at(path).located(self.position)
    }
}

fn find(
    selections: &[Selection],
    path: &mut Vec<Name>,
    conditions: &mut Vec<Condition>,
    denied: &mut Vec<DeniedField>,
) {
    for selection in selections {
        let (own, inner) = match selection {
            Selection::Field(field) => (&field.conditions, &field.selections),
            Selection::Fragment(fragment) => (&fragment.conditions, &fragment.selections),
        };
        let outer = conditions.len();
        conditions.extend(own.iter().cloned());
        match selection {
            Selection::Field(Field { key, denied: Some(code), position, .. }) => {
                let path = path.iter().chain([key]).cloned().collect();
                let conditions = conditions.clone();
                denied.push(DeniedField { path, code: *code, conditions, position: *position });
            }
            Selection::Field(field) => {
                path.push(field.key.clone());
                find(inner, path, conditions, denied);
                path.pop();
            }
            Selection::Fragment(_) => find(inner, path, conditions, denied),
        }
        conditions.truncate(outer);
    }
}

struct Authorizer<'a> {
    schema: &'a Schema,
    grants: &'a Grants,
}

impl Authorizer<'_> {
    /// `surrounding` is why the caller may not see the type that the selections are on.
    fn mark(&self, selections: &mut [Selection], surrounding: Option<ErrorCode>) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.mark_field(field, surrounding),
                Selection::Fragment(fragment) => {
                    let condition = fragment.condition.as_ref().and_then(|name| self.schema.type_named(name));
                    let of_type = condition.and_then(|ty| denial(&ty.protection, self.grants));
                    self.mark(&mut fragment.selections, surrounding.or(of_type));
                }
            }
        }
    }

    fn mark_field(&self, field: &mut Field, surrounding: Option<ErrorCode>) {
        if field.name == "__typename" {
            return;
        }
        let definition = self.schema.type_named(&field.parent).and_then(|parent| parent.fields.get(&field.name));
        let own = definition.and_then(|definition| denial(&definition.protection, self.grants));
        let of_type = self.schema.type_named(base_name(&field.ty)).and_then(|ty| denial(&ty.protection, self.grants));
        field.denied = surrounding.or(own).or(of_type);
        self.mark(&mut field.selections, of_type);
    }
}
