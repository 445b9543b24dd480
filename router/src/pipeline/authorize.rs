//! Takes away what this viewer may not have, before anything is planned: what is not planned is not fetched, and a
//! mutation that is not planned does not happen. What is taken away becomes null with an error.

use reel_error::ErrorCode;

use super::operation::{Field, Operation, Selection};
use crate::schema::{Protection, Schema, base_name};

/// Marks the fields that the viewer may not have.
pub fn authorize(operation: &mut Operation, schema: &Schema, authenticated: bool) {
    let root = schema.type_named(&operation.root_type).map(|ty| ty.protection).unwrap_or_default();
    Authorizer { schema, authenticated }.mark(&mut operation.selections, root);
}

/// The error of a viewer who does not meet a demand.
pub fn denial(protection: Protection, authenticated: bool) -> Option<ErrorCode> {
    match protection {
        protection if protection.admits(authenticated) => None,
        _ if authenticated => Some(ErrorCode::Forbidden),
        _ => Some(ErrorCode::Unauthenticated),
    }
}

struct Authorizer<'a> {
    schema: &'a Schema,
    authenticated: bool,
}

impl Authorizer<'_> {
    /// `surrounding` is what the type demands that the selections are on.
    fn mark(&self, selections: &mut [Selection], surrounding: Protection) {
        for selection in selections {
            match selection {
                Selection::Field(field) => self.mark_field(field, surrounding),
                Selection::Fragment(fragment) => {
                    let condition = fragment.condition.as_ref().and_then(|name| self.schema.type_named(name));
                    let demanded = condition.map(|ty| ty.protection).unwrap_or_default();
                    self.mark(&mut fragment.selections, surrounding.and(demanded));
                }
            }
        }
    }

    fn mark_field(&self, field: &mut Field, surrounding: Protection) {
        if field.name == "__typename" {
            return;
        }
        let definition = self.schema.type_named(&field.parent).and_then(|parent| parent.fields.get(&field.name));
        let own = definition.map(|definition| definition.protection).unwrap_or_default();
        let of_type = self.schema.type_named(base_name(&field.ty)).map(|ty| ty.protection).unwrap_or_default();
        field.denied = denial(surrounding.and(own).and(of_type), self.authenticated);
        self.mark(&mut field.selections, of_type);
    }
}
