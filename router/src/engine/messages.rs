//! What an engine is asked and what it answers.

use async_graphql_value::Variables;
use bytes::Bytes;
use reel_error::ErrorCode;

use crate::error::GraphqlError;
use crate::executor::write_errors;
use crate::pipeline::caching::CachePolicy;

/// A client's request.
#[derive(Debug, Clone, Default)]
pub struct GraphqlRequest {
    /// The document.
    pub query: String,
    /// Which of its operations.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
    /// Whether mutations are refused, because the request came by GET.
    pub read_only: bool,
    /// Whether the document is one of the operator's, so that the limits on documents do not hold for it.
    pub trusted: bool,
}

/// The answer to a client's request.
#[derive(Debug, Clone)]
pub struct GraphqlResponse {
    /// The JSON body.
    pub body: Bytes,
    /// Whether the request was refused before anything was executed; then the body has no `data`.
    pub is_request_error: bool,
    /// The `extensions.code` of each error, in order.
    pub codes: Vec<ErrorCode>,
    /// How long it may be kept; only for queries by GET without an error.
    pub cache: Option<CachePolicy>,
}

/// A response without `data`.
pub(super) fn refusal(errors: &[GraphqlError]) -> GraphqlResponse {
    let mut body = Vec::with_capacity(256);
    write_errors(errors, &mut body);
    // The errors are written to follow `data`; here they come first.
    if let Some(first) = body.first_mut() {
        *first = b'{';
    }
    body.push(b'}');
    GraphqlResponse {
        body: body.into(),
        is_request_error: true,
        codes: errors.iter().map(|error| error.code).collect(),
        cache: None,
    }
}
