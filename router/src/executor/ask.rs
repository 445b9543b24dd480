//! One question to a subgraph, and its answer on the way into the store.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use async_graphql_value::{Name, Variables};
use bytes::Bytes;
use futures::FutureExt;
use reel_error::ErrorCode;

use super::Execution;
use super::decode::Unreadable;
use super::spans::FetchSpan;
use super::store::Value;
use super::way;
use crate::meters::FetchMeter;
use crate::planner::{EntityFetch, SelectedTable, SubgraphName};
use crate::transport::{
    Fetch, Fetched, RequestContext, SubgraphDocument, SubgraphError, SubgraphResponse, TransportError,
};

/// What a subgraph is asked.
pub(super) struct Question<'f> {
    pub(super) subgraph: &'f SubgraphName,
    pub(super) document: &'f Arc<SubgraphDocument>,
    pub(super) selected: &'f Arc<SelectedTable>,
    pub(super) variables: Variables,
    /// Representations as JSON, by their variables.
    pub(super) entities: Vec<(Name, Bytes)>,
    pub(super) whose: Whose<'f>,
}

/// Whose fields are asked for.
#[derive(Clone, Copy)]
pub(super) enum Whose<'f> {
    /// Those of the root.
    Root,
    /// Those of so many entities.
    Entities { fetch: &'f EntityFetch, count: usize },
}

/// What it answers: its data is in the store.
pub(super) struct Answered {
    pub(super) data: Value,
    pub(super) errors: Vec<SubgraphError>,
}

impl Execution<'_> {
    /// Asks a subgraph; the deadline holds whatever the transport does.
    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Answered, TransportError> {
        // A subgraph of this process may answer without waiting for anything. Others have their turn here, and the deadline
        // its say.
        tokio::task::yield_now().await;
        if Instant::now() >= self.context.deadline {
            return Err(TransportError::Timeout);
        }
        let (context, span) = self.recorded(&question);
        let Question { subgraph, document, selected, variables, entities, .. } = question;
        let Some(way) = self.ways.get(&**subgraph) else {
            return Err(TransportError::Unavailable("no transport leads to it".to_owned()));
        };
        let fetch = Fetch { variables, entities, ..Fetch::new(Arc::clone(document), context) };
        let measured = way.meter.as_ref().map(FetchMeter::begin);
        // In one process a subgraph's panic would otherwise take the whole answer with it.
        let answer = AssertUnwindSafe(way.transport.fetch(fetch)).catch_unwind();
        let answer = match tokio::time::timeout_at(self.context.deadline.into(), answer).await {
            Ok(Ok(answer)) => answer.and_then(|answer| self.read(selected, answer)),
            Ok(Err(_)) => Err(TransportError::Unavailable("it panicked".to_owned())),
            Err(_) => Err(TransportError::Timeout),
        };
        if let Some(measured) = measured {
            measured.settle(way::outcome(&answer));
        }
        if let Some(span) = span {
            span.settle(way::outcome(&answer));
        }
        if let Err(error) = &answer {
            tracing::warn!(subgraph = &**subgraph, request_id = self.context.request_id, %error, "a fetch failed");
        }
        answer
    }

    /// The context of a fetch, and its span if the request is recorded.
    fn recorded(&self, question: &Question<'_>) -> (Arc<RequestContext>, Option<FetchSpan>) {
        let Some(request) = &self.context.span else { return (Arc::clone(self.context), None) };
        let (fetch, span) = FetchSpan::begin(request, question);
        (Arc::new(RequestContext { span: Some(span), ..(**self.context).clone() }), Some(fetch))
    }

    /// Reads an answer into the store, within the bounds on all of them.
    fn read(&self, selected: &Arc<SelectedTable>, answer: Fetched) -> Result<Answered, TransportError> {
        let (most_bytes, most_values) = (self.limits.fetched_bytes, self.limits.fetched_values);
        let unreadable = |error| match error {
            Unreadable::TooMany => TransportError::TooManyValues { limit: most_values },
            Unreadable::Malformed(at) => TransportError::BadAnswer(format!("it is no JSON at byte {at}")),
        };
        let store = &mut self.state().store;
        let table = (store.add_table(Arc::clone(selected)), &**selected);
        let left = most_values.saturating_sub(store.values_read);
        match answer {
            Fetched::Response(SubgraphResponse { data, errors, .. }) => {
                Ok(Answered { data: store.take(table, data, left).map_err(unreadable)?, errors })
            }
            Fetched::Text(text) if store.bytes_read.saturating_add(text.body.len()) > most_bytes => {
                Err(TransportError::TooMuch { limit: most_bytes })
            }
            Fetched::Text(text) if text.data.is_empty() => Ok(Answered { data: Value::Null, errors: text.errors }),
            Fetched::Text(text) => {
                let start = text.data.start;
                let (data, end) = store.read(table, &text.body, start, left).map_err(unreadable)?;
                if text.ends_at(end) {
                    return Ok(Answered { data, errors: text.errors });
                }
                // Something follows the data. The data is what it is.
                match text.read_in_full().transpose()? {
                    Some(text) if text.data == (start..end) => Ok(Answered { data, errors: text.errors }),
                    _ => Err(TransportError::BadAnswer("its data ends too late".to_owned())),
                }
            }
        }
    }

    pub(super) fn log_error(&self, subgraph: &str, error: &SubgraphError) {
        let request_id = &self.context.request_id;
        let known = error.code.as_deref().and_then(ErrorCode::from_name);
        if known.is_some_and(|code| code != ErrorCode::Internal) {
            tracing::debug!(subgraph, request_id, code = error.code, message = error.message, "a subgraph's error");
        } else {
            tracing::warn!(subgraph, request_id, code = error.code, message = error.message, "a subgraph's error");
        }
    }
}
