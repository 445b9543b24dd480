use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tracing::Instrument;

use crate::metrics_text::DURATION;
use crate::{Callers, REQUEST_ID, RequestContext, Span, TRACEPARENT, TraceContext, Traces, metrics_are_on};

/// What is logged for a request whose client went away before it was answered.
const CLIENT_WENT_AWAY: u16 = 499;

/// Asked for all the time and by machines: logged on level debug, like the gRPC calls between our own processes, of
/// which the question for ended logins alone comes several times a second.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The same routes; each request to them is logged in one line, counted and timed where that is wanted, gets a [`RequestContext`], and its
/// answer carries the request's id. Routes that are added afterwards are not covered.
///
/// Where there are traces, those of its requests that are to be traced are recorded.
pub fn observed(router: Router, traces: Option<Traces>, callers: Callers) -> Router {
    router.layer(from_fn_with_state((traces, callers), observe))
}

async fn observe(State((traces, callers)): State<(Option<Traces>, Callers)>, request: Request, next: Next) -> Response {
    let context = match &traces {
        Some(traces) => traced(traces, callers, &request),
        None => RequestContext::read_from(request.headers()),
    };
    let span = tracing::info_span!("request", request.id = context.request_id(), trace.id = context.trace_id());
    let record = Record::begin(&request, &context);
    let id = HeaderValue::from_str(context.request_id());

    let mut response = context.scope(next.run(request)).instrument(span).await;
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    record.answered(response.status());
    response
}

/// The request, with a span if it is to be traced. Questions of machines that come all the time are not.
fn traced(traces: &Traces, callers: Callers, request: &Request) -> RequestContext {
    let context = RequestContext::read_from(request.headers());
    let path = request.extensions().get::<MatchedPath>();
    if path.is_some_and(|path| PROBES.contains(&path.as_str())) {
        return context.traced(None);
    }
    let caller = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let (method, path) = (known_method(request.method()), template(path));
    let span = traces.request(callers, caller.and_then(TraceContext::parse), || format!("{method} {path}"));
    if let Some(span) = &span {
        span.set("http.request.method", method);
        span.set("http.route", path.to_owned());
        span.set("network.protocol.version", if request.version() == Version::HTTP_2 { "2" } else { "1.1" });
        span.set("reelgraph.request.id", context.request_id().to_owned());
    }
    context.traced(span)
}

/// The template, never the path itself: it is bounded and holds nothing of a client's.
fn template(path: Option<&MatchedPath>) -> &str {
    path.map_or("unmatched", MatchedPath::as_str)
}

/// Writes the log line and the metrics and ends the span when it is dropped: after the answer, or when the client went away
/// before.
struct Record {
    method: &'static str,
    path: String,
    request_id: String,
    trace_id: String,
    begun: Instant,
    status: u16,
    by_machines: bool,
    span: Option<Span>,
}

impl Record {
    fn begin(request: &Request, context: &RequestContext) -> Self {
        let path = request.extensions().get::<MatchedPath>();
        Self {
            method: known_method(request.method()),
            path: template(path).to_owned(),
            request_id: context.request_id().to_owned(),
            trace_id: context.trace_id(),
            begun: Instant::now(),
            status: CLIENT_WENT_AWAY,
            by_machines: path.is_some_and(|path| PROBES.contains(&path.as_str())) || is_grpc(request),
            span: context.span().cloned(),
        }
    }

    fn answered(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Self { method, path, request_id, trace_id, begun, status, by_machines, span } = self;
        let elapsed = begun.elapsed();
        if metrics_are_on() {
            let labels = [("method", (*method).to_owned()), ("path", path.clone()), ("status", status.to_string())];
            metrics::counter!("http_requests_total", &labels).increment(1);
            metrics::histogram!(DURATION, &labels[..2]).record(elapsed.as_secs_f64());
        }

        if let Some(span) = span {
            finish(span, *status);
        }
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a request are far below 2^52")]
        let duration_ms = elapsed.as_micros() as f64 / 1_000.0;
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    path,
                    status,
                    duration_ms,
                    request.id = request_id,
                    trace.id = trace_id,
                    "answered"
                )
            };
        }
        match *status {
            500.. => line!(warn),
            _ if *by_machines => line!(debug),
            _ => line!(info),
        }
    }
}

fn finish(span: &Span, status: u16) {
    match status {
        CLIENT_WENT_AWAY => span.fail("cancelled"),
        _ => {
            span.set("http.response.status_code", i64::from(status));
            if status >= 500 {
                span.fail(status.to_string());
            }
        }
    }
    span.end();
}

fn is_grpc(request: &Request) -> bool {
    request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// A client may invent methods without end; metrics may not have labels without end.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;
    use tracing::instrument::WithSubscriber;

    use super::*;
    use crate::logging::tests::Lines;
    use crate::{metrics_text, start_metrics};

    fn router() -> Router {
        let handler = || async {
            tracing::info!("working");
            RequestContext::current().map(|context| context.request_id().to_owned()).unwrap_or_default()
        };
        let broken = || async { StatusCode::INTERNAL_SERVER_ERROR };
        let stuck = || std::future::pending::<()>();
        let routes = Router::new()
            .route("/things/{id}", get(handler))
            .route("/broken", get(broken))
            .route("/stuck", get(stuck))
            .route("/livez", get(|| async {}));
        observed(routes, None, Callers::Clients)
    }

    async fn ask(uri: &str, lines: &Lines) -> Response {
        let request = Request::get(uri)
            .header("x-request-id", "abc")
            .header("authorization", "Bearer hunter2")
            .header("access-token", "hunter2");
        let answer = router().oneshot(request.body(Body::empty()).unwrap());
        answer.with_subscriber(lines.subscriber()).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_is_one_line_that_reads_alone_and_holds_no_secret() {
        let lines = Lines::default();
        let response = ask("/things/7?token=hunter2", &lines).await;
        assert_eq!(response.headers()["x-request-id"], "abc");
        let lines = lines.parsed();
        let [work, line] = &lines[..] else { panic!("the handler's line and the request's: {lines:?}") };
        assert_eq!(work["span"]["request.id"], "abc");
        assert_eq!(line["message"], "answered");
        assert_eq!(line["method"], "GET");
        assert_eq!(line["path"], "/things/{id}");
        assert_eq!(line["status"], 200);
        assert_eq!(line["request.id"], "abc");
        assert_eq!(line["trace.id"].as_str().map(str::len), Some(32));
        assert!(line["duration_ms"].is_f64());
        assert!(!format!("{lines:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn failures_stand_out_and_probes_do_not() {
        let lines = Lines::default();
        ask("/broken", &lines).await;
        ask("/livez", &lines).await;
        ask("/nowhere/hunter2", &lines).await;
        let lines = lines.parsed();
        let short = |line: &Value| format!("{} {} {}", line["level"], line["path"], line["status"]).replace('"', "");
        assert_eq!(lines.iter().map(short).collect::<Vec<_>>(), ["WARN /broken 500", "INFO unmatched 404"]);
    }

    #[tokio::test]
    async fn calls_between_our_own_processes_do_not_fill_the_log() {
        let lines = Lines::default();
        for kind in ["application/grpc", "application/json"] {
            let request = Request::get("/things/7").header("content-type", kind).body(Body::empty()).unwrap();
            router().oneshot(request).with_subscriber(lines.subscriber()).await.unwrap();
        }
        let answered = lines.parsed().into_iter().filter(|line| line["message"] == "answered");
        assert_eq!(answered.count(), 1);
    }

    #[tokio::test]
    async fn a_client_that_goes_away_leaves_a_line_too() {
        let lines = Lines::default();
        // The line is written when the request is dropped, which is outside of what `ask` watches.
        let _watched = tracing::subscriber::set_default(lines.subscriber());
        let answer = tokio::time::timeout(std::time::Duration::from_millis(20), ask("/stuck", &lines)).await;
        assert!(answer.is_err());
        let lines = lines.parsed();
        assert_eq!((&lines[0]["path"], &lines[0]["status"]), (&Value::from("/stuck"), &Value::from(499)));
    }

    #[tokio::test]
    async fn requests_are_counted_under_labels_that_clients_cannot_multiply() {
        start_metrics();
        for uri in ["/things/1", "/things/2", "/nowhere/1", "/nowhere/2"] {
            ask(uri, &Lines::default()).await;
        }
        let invented = Request::builder().method("BREW").uri("/things/1").body(Body::empty()).unwrap();
        router().oneshot(invented).await.unwrap();
        let text = metrics_text();
        for line in [
            r#"http_requests_total{method="GET",path="/things/{id}",status="200"}"#,
            r#"http_requests_total{method="GET",path="unmatched",status="404"}"#,
            r#"http_requests_total{method="other",path="/things/{id}",status="405"}"#,
            r#"http_request_duration_seconds_bucket{method="GET",path="/things/{id}",le="10"}"#,
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("nowhere") && !text.contains("BREW"), "{text}");
    }
}
