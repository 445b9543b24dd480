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
                refused
            })
            .collect()
    }
}

fn without_suggestion(message: &str) -> &str {
    message.split_once(" Did you mean ").map_or(message, |(message, _)| message)
}
