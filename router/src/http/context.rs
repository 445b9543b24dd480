use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;
use reel_auth::Viewer;
use reel_telemetry::Span;

use crate::grants::Grants;
use crate::transport::{ClientHeaders, RequestContext};

/// What the head of a request says about how it is to be run.
#[derive(Debug, Clone)]
pub(crate) struct RequestHead {
    request_id: String,
    traceparent: Option<String>,
    pub(crate) deadline: Instant,
    headers: Option<Arc<ClientHeaders>>,
    pub(crate) span: Option<Span>,
}

impl RequestHead {
    /// Reads the head; the request may take until `limit` from now.
    pub(crate) fn read(headers: &HeaderMap, limit: Duration) -> Self {
        let observed = reel_telemetry::RequestContext::current();
        let observed = observed.unwrap_or_else(|| reel_telemetry::RequestContext::read_from(headers));
        let mut passed_on = HeaderMap::new();
        observed.write_to(&mut passed_on);
        let traceparent = passed_on.get(reel_telemetry::TRACEPARENT).and_then(|value| value.to_str().ok());
        Self {
            request_id: observed.request_id().to_owned(),
            traceparent: traceparent.map(str::to_owned),
            deadline: Instant::now() + limit,
            headers: None,
            span: observed.span().cloned(),
        }
    }

    /// The same request with what may pass between the client and subgraphs.
    pub(crate) fn passing(self, headers: Option<Arc<ClientHeaders>>) -> Self {
        Self { headers, ..self }
    }

    /// The same request with this much time from now on.
    pub(crate) fn extended(self, limit: Duration) -> Self {
        Self { deadline: Instant::now() + limit, ..self }
    }

    /// The context in which an operation of this request runs.
    pub(crate) fn context(&self, viewer: Option<Viewer>, grants: Grants) -> Arc<RequestContext> {
        Arc::new(RequestContext {
            viewer,
            grants,
            request_id: self.request_id.clone(),
            traceparent: self.traceparent.clone(),
            deadline: self.deadline,
            headers: self.headers.clone(),
            span: self.span.clone(),
        })
    }

    /// Puts what subgraphs answered for the client into the headers of the answer.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        if let Some(answered) = &self.headers {
            answered.announce(headers);
        }
    }
}
