//! The pre-check of every GraphQL document, at the entry of the router and of each subgraph.
//!
//! Whatever walks a document later (validation, planning, async-graphql's own visitors) follows fragment spreads again
//! and again, so a document of a kilobyte can cost minutes. [`check`] is linear in the document's length: it scans the
//! nesting before anything recursive runs, parses, and counts what the document expands to once per fragment.

mod bounds;
mod error;
mod measure;
mod scan;

use async_graphql_parser::types::ExecutableDocument;

pub use bounds::DocumentBounds;
pub use error::DocumentError;
pub use measure::Measure;

/// A parsed document that is within the bounds it was checked against.
#[derive(Debug, Clone)]
pub struct CheckedDocument {
    /// The parsed document.
    pub document: ExecutableDocument,
    /// What the largest operation of the document expands to.
    pub measure: Measure,
}

/// Parses `text` if it is within `bounds`, in time linear in its length.
///
/// # Errors
///
/// A [`DocumentError`] that names the bound that was crossed, or the place where the syntax is wrong.
pub fn check(text: &str, bounds: &DocumentBounds) -> Result<CheckedDocument, DocumentError> {
    scan::scan(text, bounds)?;
    let document =
        async_graphql_parser::parse_query(text).map_err(|error| DocumentError::from_parser(&error, bounds))?;
    let measure = measure::measure(&document, bounds)?;
    Ok(CheckedDocument { document, measure })
}
