//! The validation rules of the GraphQL specification, against the API schema.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_graphql_parser::Pos;
use graphql_tools::static_graphql::schema::Document;
use graphql_tools::validation::rules::default_rules_validation_plan;
use graphql_tools::validation::validate::{ValidationPlan, validate};
use reel_error::ErrorCode;

use crate::error::GraphqlError;

/// How many errors one answer lists.
const MOST_ERRORS: usize = 20;

/// Validates documents against one API schema.
pub struct Validator {
    schema: Arc<Document>,
    rules: ValidationPlan,
    suggestions: bool,
}

impl Validator {
    /// A validator for this API schema. `suggestions` is whether errors say what the client may have meant.
    pub fn new(schema: Arc<Document>, suggestions: bool) -> Self {
        Self { schema, rules: default_rules_validation_plan(), suggestions }
    }

    /// Checks a document that has passed the pre-check.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn validate(&self, text: &str) -> Result<(), Vec<GraphqlError>> {
        // The rules are the library's; a panic of theirs must not be more than a refused document.
        let result = catch_unwind(AssertUnwindSafe(|| self.errors(text)));
        let errors = result.unwrap_or_else(|_| {
            vec![GraphqlError::new(
                ErrorCode::GraphqlValidationFailed,
                "The document cannot be validated; simplify it.",
            )]
        });
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn errors(&self, text: &str) -> Vec<GraphqlError> {
        let document = match graphql_tools::parser::parse_query::<String>(text) {
            Ok(document) => document.into_static(),
            Err(_) => return vec![GraphqlError::generic(ErrorCode::GraphqlParseFailed)],
        };
        let errors = validate(&self.schema, &document, &self.rules);
        errors
            .into_iter()
            .take(MOST_ERRORS)
            .map(|error| {
                let message = if self.suggestions { &*error.message } else { without_suggestion(&error.message) };
                let mut refused = GraphqlError::new(ErrorCode::GraphqlValidationFailed, message);
                let positions = error.locations.iter();
                refused.locations = positions.map(|at| Pos { line: at.line, column: at.column }).collect();
                if refused.locations.is_empty() {
                    refused.locations.extend(place_of_named(&error.message, text));
                }
                refused
            })
            .collect()
    }
}

/// Some of the library's rules do not say where. What such an error is about has its name in the error; where the document
/// has that name once, that is the place.
fn place_of_named(message: &str, text: &str) -> Option<Pos> {
    let rest =
        ["Unknown argument \"", "Variable \"", "Fragment \""].iter().find_map(|head| message.strip_prefix(head))?;
    let (name, _) = rest.split_once('"')?;
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let is_whole = |at: usize| {
        let (before, after) = (text.get(..at), text.get(at + name.len()..));
        !before.is_some_and(|text| text.ends_with(is_part)) && !after.is_some_and(|text| text.starts_with(is_part))
    };
    let mut found = text.match_indices(name).map(|(at, _)| at).filter(|at| is_whole(*at));
    let (Some(at), None) = (found.next(), found.next()) else { return None };
    let before = text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..)?.chars().count() + 1;
    Some(Pos { line: before.matches('\n').count() + 1, column })
}

fn without_suggestion(message: &str) -> &str {
    message.split_once(" Did you mean ").map_or(message, |(message, _)| message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_its_name_in_an_error_is_found_where_that_is_its_only_one() {
        let text = "query ($unused: Int) {\n  é: books(last: 3) { unusedToo }\n}";
        let place = |message: &str| place_of_named(message, text).map(|at| (at.line, at.column));
        assert_eq!(place("Unknown argument \"last\" on field \"Query.books\"."), Some((2, 12)));
        assert_eq!(place("Variable \"$unused\" is never used."), Some((1, 8)));
        assert_eq!(place("Fragment \"books\" is never used."), Some((2, 6)));
        assert_eq!(place("Variable \"$missing\" is not defined."), None);
        assert_eq!(place("Fragment \"e\" is never used."), None);
        assert_eq!(place("Something else about \"last\"."), None);
        assert_eq!(place_of_named("Unknown argument \"a\" on field", "{ b(a: 1) c(a: 2) }"), None);
    }
}
