use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use reel_auth::Viewer;

use crate::transport::RequestContext;

/// The header under which the telemetry layer passes the request's id on, in requests and answers.
const REQUEST_ID: &str = "x-request-id";
const TRACE_PARENT: &str = "traceparent";

/// What the head of a request says about how it is to be run.
#[derive(Debug, Clone)]
pub(crate) struct RequestHead {
    request_id: String,
    traceparent: Option<String>,
    pub(crate) deadline: Instant,
}

impl RequestHead {
    /// Reads the head; the request may take until `limit` from now.
    pub(crate) fn read(headers: &HeaderMap, limit: Duration) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            request_id: text(REQUEST_ID).unwrap_or_default(),
            traceparent: text(TRACE_PARENT),
            deadline: Instant::now() + limit,
        }
    }

    /// The same request with this much time from now on.
    pub(crate) fn extended(self, limit: Duration) -> Self {
        Self { deadline: Instant::now() + limit, ..self }
    }

    /// The context in which an operation of this request runs.
    pub(crate) fn context(&self, viewer: Option<Viewer>) -> Arc<RequestContext> {
        Arc::new(RequestContext {
            viewer,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
            deadline: self.deadline,
        })
    }
}
