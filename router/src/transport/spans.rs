//! Calls over HTTP as steps of a trace.

use std::borrow::Cow;

use http::{StatusCode, Uri};
use reel_telemetry::Span;

use super::{RequestContext, TransportError};
use crate::meters::FetchOutcome;

/// A call that is recorded, if its request is. It counts as cancelled unless it is settled.
pub(super) struct CallSpan(Option<Span>);

impl CallSpan {
    /// A call to this address begins, as a part of a fetch.
    pub(super) fn begin(context: &RequestContext, url: &Uri) -> Self {
        let span = context.span.as_ref().map(|fetch| fetch.call("POST"));
        if let Some(span) = &span {
            span.set("http.request.method", "POST");
            span.set("url.full", without_credentials(url));
            span.set("server.address", url.host().unwrap_or_default().to_owned());
            span.set("server.port", i64::from(url.port_u16().unwrap_or(default_port(url))));
        }
        Self(span)
    }

    /// What the subgraph is told about the trace.
    pub(super) fn traceparent<'a>(&self, context: &'a RequestContext) -> Option<Cow<'a, str>> {
        match &self.0 {
            Some(span) => Some(span.traceparent().into()),
            None => context.traceparent.as_deref().map(Cow::Borrowed),
        }
    }

    /// The head of the answer is there.
    pub(super) fn answered(&self, status: StatusCode) {
        if let Some(span) = &self.0 {
            span.set("http.response.status_code", i64::from(status.as_u16()));
        }
    }

    /// It has ended.
    pub(super) fn settle<T>(mut self, answer: &Result<T, TransportError>) {
        if let Some(span) = self.0.take() {
            if let Err(error) = answer {
                span.fail(FetchOutcome::from(error).name());
            }
            span.end();
        }
    }
}

impl Drop for CallSpan {
    fn drop(&mut self) {
        if let Some(span) = &self.0 {
            span.fail(FetchOutcome::Cancelled.name());
            span.end();
        }
    }
}

fn without_credentials(url: &Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}{}", url.scheme_str().unwrap_or("http"), url.path())
}

fn default_port(url: &Uri) -> u16 {
    if url.scheme_str() == Some("https") { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_is_secret_in_it() {
        let url = "https://user:password@shop.example:4001/graphql?key=secret".parse().unwrap();
        assert_eq!(without_credentials(&url), "https://shop.example:4001/graphql");
    }
}
