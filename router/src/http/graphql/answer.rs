//! Answers in the two media types of the GraphQL-over-HTTP specification.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderValue, StatusCode};
use reel_error::{ErrorCode, Language};

use super::accept::Format;
use crate::GraphqlResponse;
use crate::http::BodyError;

/// How much longer than its deadline a request may run before it is cut off: the engine ends fetches at the deadline and
/// still needs a moment to put the answer together.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// The engine's answer.
pub(super) fn from_engine(outcome: GraphqlResponse, format: Format) -> Response {
    match outcome.codes.first() {
        Some(ErrorCode::MethodNotAllowed) if outcome.is_request_error => {
            let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, format, outcome.body);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            response
        }
        Some(code) if outcome.is_request_error => {
            respond(request_error_status(code.http_status(), format), format, outcome.body)
        }
        _ => respond(StatusCode::OK, format, outcome.body),
    }
}

/// A request that was answered without the engine.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The name in `extensions.code`; those of protocols that are not ours are not in our table.
    code: &'static str,
    message: String,
    status: StatusCode,
    /// Whether the request was well-formed; then clients of `application/json` expect 200.
    well_formed: bool,
}

impl Refusal {
    /// The HTTP request is wrong.
    pub(super) fn new(code: ErrorCode, status: StatusCode, message: impl Into<String>) -> Self {
        Self { code: code.name(), message: message.into(), status, well_formed: false }
    }

    /// The HTTP request is right, but what it asks for cannot be executed.
    pub(super) fn of_request(code: ErrorCode, status: StatusCode, message: impl Into<String>) -> Self {
        Self { well_formed: true, ..Self::new(code, status, message) }
    }

    /// The same with a code of another protocol's.
    pub(super) fn named(code: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status, well_formed: true }
    }

    /// The request cannot be understood.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, StatusCode::BAD_REQUEST, message)
    }

    /// What is in `extensions.code`.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The HTTP answer.
    pub(super) fn into_response(self, format: Format) -> Response {
        let body = serde_json::json!({
            "errors": [{"message": self.message, "extensions": {"code": self.code}}],
        });
        let status = if self.well_formed { request_error_status(self.status.as_u16(), format) } else { self.status };
        respond(status, format, Bytes::from(body.to_string()))
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::of_request(code, status, code.message(Language::English))
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge => ErrorCode::PayloadTooLarge,
            BodyError::Broken => ErrorCode::UnreadableBody,
        };
        Self { well_formed: false, ..Self::from(code) }
    }
}

/// The client takes neither of the media types.
pub(super) fn not_acceptable() -> Response {
    let refusal = Refusal::new(
        ErrorCode::InvalidArgument,
        StatusCode::NOT_ACCEPTABLE,
        "Answers are application/graphql-response+json or application/json.",
    );
    refusal.into_response(Format::Json)
}

/// `application/json` promises 200 for every well-formed request, so that clients can tell our answers from a proxy's;
/// trouble of ours is shown as such in both.
fn request_error_status(status: u16, format: Format) -> StatusCode {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match format {
        Format::Json if !status.is_server_error() => StatusCode::OK,
        Format::Json | Format::GraphqlResponse => status,
    }
}

fn respond(status: StatusCode, format: Format, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_request_is_200_as_json_and_its_own_status_as_graphql_response() {
        let status = |refusal: Refusal, format| refusal.into_response(format).status().as_u16();
        let stale = || Refusal::from(ErrorCode::TokenExpired);
        assert_eq!((status(stale(), Format::Json), status(stale(), Format::GraphqlResponse)), (200, 401));
        let late = || Refusal::from(ErrorCode::Timeout);
        assert_eq!((status(late(), Format::Json), status(late(), Format::GraphqlResponse)), (504, 504));
        let large = || Refusal::from(BodyError::TooLarge);
        assert_eq!((status(large(), Format::Json), status(large(), Format::GraphqlResponse)), (413, 413));
    }
}
