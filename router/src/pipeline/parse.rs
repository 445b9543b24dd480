//! Text to syntax tree, within bounds.

use async_graphql_parser::types::ExecutableDocument;
use reel_document::{DocumentBounds, DocumentError};
use reel_error::ErrorCode;

use crate::error::GraphqlError;

/// Parses a document that is within `bounds`.
///
/// # Errors
///
/// Which bound was crossed, or where the syntax is wrong.
pub fn parse(text: &str, bounds: &DocumentBounds) -> Result<ExecutableDocument, GraphqlError> {
    reel_document::check(text, bounds).map(|checked| checked.document).map_err(|error| refused(&error))
}

fn refused(error: &DocumentError) -> GraphqlError {
    let code = ErrorCode::from_name(error.code_name()).unwrap_or(ErrorCode::GraphqlParseFailed);
    let refused = GraphqlError::new(code, error.to_string());
    match error.position() {
        Some(position) => refused.located(position),
        None => refused,
    }
}
