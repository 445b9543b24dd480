//! Fields that take arguments from contexts are planned apart from the rest, and fetched after it: first what is around
//! them, with the values that they need; then they, for the entities that are there by then.

mod entity;
mod sources;
mod split;

use async_graphql_value::Name;
use reel_error::ErrorCode;

use super::authorize::denial;
use super::operation::{Field, Operation, Selection};
use super::print;
use crate::error::GraphqlError;
use crate::grants::Grants;
use crate::planner::{Contexts, Entry};
use crate::schema::Schema;

use self::sources::{Source, sources};
use self::split::Splitter;

/// An operation in the parts that are planned.
#[derive(Debug)]
pub(super) struct Split {
    /// What is fetched first.
    pub(super) first: Operation,
    /// What is fetched then.
    pub(super) later: Vec<Later>,
    /// What the arguments are taken from.
    pub(super) values: Vec<Selection>,
    /// What the keys begin with that are not the client's.
    pub(super) reserved: String,
}

/// A field of entities.
#[derive(Debug)]
pub(super) struct Later {
    /// How it is reached.
    pub(super) entry: Entry,
    /// A query of it.
    pub(super) operation: Operation,
    /// What needs its answer.
    pub(super) then: Vec<Later>,
}

/// Denies fields that take a value from a field that the caller may not have.
pub(super) fn authorize(operation: &mut Operation, contexts: &Contexts, schema: &Schema, grants: &Grants) {
    if !contexts.is_empty() {
        Authorizer { contexts, schema, grants, around: Vec::new() }.mark(&mut operation.selections);
    }
}

/// Splits an operation of the document `text`. `None` when no field of it takes anything from a context.
///
/// # Errors
///
/// When the parts would be too large.
pub(super) fn split(
    operation: &Operation,
    text: &str,
    contexts: &Contexts,
    schema: &Schema,
) -> Result<Option<Split>, GraphqlError> {
    let planned = if contexts.is_empty() { None } else { print::print(operation, schema) };
    let Some(planned) = planned else { return Ok(None) };
    // Nothing of the client's may look like ours, not even a literal.
    let mut reserved = "_ctx".to_owned();
    while text.contains(&reserved) || planned.contains(&reserved) {
        reserved.push('x');
    }
    Splitter::new(operation, contexts, schema, reserved).split()
}

/// The same with what is known of the operation that this one is a part of: its parts are no larger.
pub(super) fn split_with(operation: &Operation, reserved: &str, contexts: &Contexts, schema: &Schema) -> Option<Split> {
    Splitter::new(operation, contexts, schema, reserved.to_owned()).split().ok().flatten()
}

struct Authorizer<'a> {
    contexts: &'a Contexts,
    schema: &'a Schema,
    grants: &'a Grants,
    /// The types of the objects around, from the root on.
    around: Vec<Name>,
}

impl Authorizer<'_> {
    fn mark(&mut self, selections: &mut [Selection]) {
        for selection in selections {
            match selection {
                Selection::Fragment(fragment) => self.mark(&mut fragment.selections),
                Selection::Field(field) => {
                    field.denied = field.denied.or_else(|| self.denied(field));
                    self.around.push(field.parent.clone());
                    self.mark(&mut field.selections);
                    self.around.pop();
                }
            }
        }
    }

    fn denied(&self, field: &Field) -> Option<ErrorCode> {
        let parent = self.schema.type_named(&field.parent)?;
        let fields = parent.possible_types.iter().filter_map(|object| self.contexts.field(object, &field.name));
        fields.flat_map(|field| &field.arguments).find_map(|argument| {
            for around in self.around.iter().rev() {
                let found = sources(self.contexts, self.schema, around, argument);
                if let Some(code) = found.sources.iter().find_map(|source| self.denied_value(source)) {
                    return Some(code);
                }
                if found.certain {
                    return None;
                }
            }
            None
        })
    }

    /// Whoever may not see what the value is, or may be, a part of may not have it, be it for clients to see at all or not.
    fn denied_value(&self, source: &Source<'_>) -> Option<ErrorCode> {
        match self.contexts.demanded(&source.ty, source.path) {
            Some(demanded) => denial(&demanded, self.grants),
            None => Some(ErrorCode::Forbidden),
        }
    }
}
