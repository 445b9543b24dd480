//! What surrounds every request: headers that keep browsers from guessing, a bound on how many run at once, and an
//! answer even when a handler panics.

use std::any::Any;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use metrics::{Counter, counter};
use reel_error::{ErrorCode, Language};
use tokio::sync::Semaphore;

use super::{Failure, language};
use crate::meters::names::REQUESTS_SHED;

/// The headers of answers that are data, never a page. A handler that sets one of them keeps its own.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

/// Adds the security headers.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_missing(response.headers_mut());
    response
}

fn add_missing(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
}

/// How many requests may run at once.
pub(super) struct Places {
    free: Semaphore,
    /// Requests that found none.
    shed: Counter,
}

impl Places {
    pub(super) fn new(places: usize) -> Self {
        Self { free: Semaphore::new(places), shed: counter!(REQUESTS_SHED) }
    }
}

/// Refuses requests beyond the bound at once: a queue would only make everyone wait.
pub(super) async fn admit(State(places): State<Arc<Places>>, request: Request, next: Next) -> Response {
    let Ok(_place) = places.free.try_acquire() else {
        places.shed.increment(1);
        let failure = Failure::with_status(ErrorCode::Overloaded);
        let mut response = failure.into_response(language(request.headers()), false);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    next.run(request).await
}

/// The answer in place of one that panicked.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer asks for")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> http::Response<Body> {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    tracing::error!(panic = reason, "a request handler panicked");
    Failure::with_status(ErrorCode::Internal).into_response(Language::default(), false)
}
