use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span::SpanKind, status::StatusCode as SpanStatus};
use prost::Message as _;

use crate::eventually;

/// A collector of traces that takes OTLP over HTTP and remembers what it got.
#[derive(Debug)]
pub struct TestCollector {
    endpoint: String,
    received: Arc<Mutex<Received>>,
}

#[derive(Debug, Default)]
struct Received {
    spans: Vec<TestSpan>,
    headers: Vec<HeaderMap>,
    /// Bodies as they were sent.
    bytes: Vec<u8>,
}

/// A span as it arrived. Ids are hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSpan {
    /// The `service.name` of the process.
    pub service: String,
    /// The name.
    pub name: String,
    /// `server`, `client` or `internal`.
    pub kind: &'static str,
    /// The trace.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of what it is a part of; empty if it is the first.
    pub parent: String,
    /// Attributes, as text.
    pub attributes: BTreeMap<String, String>,
    /// The names of its events.
    pub events: Vec<String>,
    /// Whether its status is an error.
    pub failed: bool,
}

impl TestCollector {
    /// Starts it on a port of its own.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start() -> Self {
        let received = Arc::<Mutex<Received>>::default();
        let taken = Arc::clone(&received);
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let Ok(request) = ExportTraceServiceRequest::decode(body.clone()) else { return StatusCode::BAD_REQUEST };
            let mut received = taken.lock().unwrap_or_else(PoisonError::into_inner);
            received.spans.extend(request.resource_spans.iter().flat_map(spans));
            received.headers.push(headers);
            received.bytes.extend_from_slice(&body);
            StatusCode::OK
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { endpoint, received }
    }

    /// Its address, for the setting `telemetry.traces.endpoint`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What has arrived.
    ///
    /// # Panics
    /// Never.
    pub fn spans(&self) -> Vec<TestSpan> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).spans.clone()
    }

    /// The headers of what has arrived.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).headers.clone()
    }

    /// Whether a text is anywhere in what has arrived.
    pub fn has_seen(&self, text: &str) -> bool {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// The spans of the trace in which there is such a span, once they are enough.
    ///
    /// # Panics
    /// When they are not in time; `what` says in the message what was waited for.
    pub async fn trace_of(
        &self,
        what: &str,
        first: impl Fn(&TestSpan) -> bool,
        enough: impl Fn(&[TestSpan]) -> bool,
    ) -> Vec<TestSpan> {
        let found = || {
            let mut spans = self.spans();
            let trace = spans.iter().find(|span| first(span)).map(|span| span.trace.clone());
            spans.retain(|span| Some(&span.trace) == trace.as_ref());
            Some(spans).filter(|spans| enough(spans))
        };
        eventually(what, async || found().is_some()).await;
        found().expect("spans do not go away")
    }
}

fn spans(of_process: &ResourceSpans) -> Vec<TestSpan> {
    let resource = of_process.resource.as_ref().map(|resource| attributes(&resource.attributes));
    let service = resource.and_then(|mut attributes| attributes.remove("service.name")).unwrap_or_default();
    let spans = of_process.scope_spans.iter().flat_map(|scope| &scope.spans);
    spans.map(|span| test_span(&service, span)).collect()
}

fn test_span(service: &str, span: &Span) -> TestSpan {
    TestSpan {
        service: service.to_owned(),
        name: span.name.clone(),
        kind: match span.kind() {
            SpanKind::Server => "server",
            SpanKind::Client => "client",
            _ => "internal",
        },
        trace: hexadecimal(&span.trace_id),
        id: hexadecimal(&span.span_id),
        parent: hexadecimal(&span.parent_span_id),
        attributes: attributes(&span.attributes),
        events: span.events.iter().map(|event| event.name.clone()).collect(),
        failed: span.status.as_ref().is_some_and(|status| status.code() == SpanStatus::Error),
    }
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    pairs.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref()))).collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::BoolValue(value)) => value.to_string(),
        Some(any_value::Value::IntValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
