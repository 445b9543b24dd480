//! Whether the process lives, and whether it can serve.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::BoxFuture;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use crate::auth::EndedSessions;
use reel_id::Clock;

/// How long one check may take.
const CHECK_TIME: Duration = Duration::from_secs(1);

/// Asks one dependency whether it can serve. The error is for the operator.
pub type Probe = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A dependency without which the router cannot serve.
#[derive(Clone)]
pub struct ReadinessCheck {
    name: String,
    probe: Probe,
    is_advisory: bool,
}

impl ReadinessCheck {
    /// A check under this name.
    pub fn new(name: impl Into<String>, probe: Probe) -> Self {
        Self { name: name.into(), probe, is_advisory: false }
    }

    /// The same check, of something that the router can serve without: it is reported and does not count.
    #[must_use]
    pub fn advisory(self) -> Self {
        Self { is_advisory: true, ..self }
    }

    /// Whether the list of ended logins is younger than `stale_after`.
    pub fn ended_sessions(ended: Arc<EndedSessions>, clock: Arc<dyn Clock>, stale_after: Duration) -> Self {
        let probe = move || -> BoxFuture<'static, Result<(), String>> {
            let age_ms = ended.age_ms(clock.now_ms());
            let limit_ms = i64::try_from(stale_after.as_millis()).unwrap_or(i64::MAX);
            Box::pin(std::future::ready(match age_ms {
                Some(age_ms) if age_ms <= limit_ms => Ok(()),
                Some(age_ms) => Err(format!("the list of ended logins is {age_ms} ms old")),
                None => Err("the list of ended logins has not been read yet".to_owned()),
            }))
        };
        Self::new("ended_sessions", Arc::new(probe))
    }

    async fn run(&self) -> CheckResult<'_> {
        let outcome = match tokio::time::timeout(CHECK_TIME, (self.probe)()).await {
            Ok(outcome) => outcome,
            Err(_) => Err("no answer in time".to_owned()),
        };
        CheckResult { name: &self.name, ready: outcome.is_ok(), advisory: self.is_advisory, reason: outcome.err() }
    }
}

impl fmt::Debug for ReadinessCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReadinessCheck({})", self.name)
    }
}

#[derive(Serialize)]
struct Readiness<'a> {
    ready: bool,
    checks: Vec<CheckResult<'a>>,
}

#[derive(Serialize)]
struct CheckResult<'a> {
    name: &'a str,
    ready: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    advisory: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Renders the metrics in Prometheus' text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// `/livez`, `/readyz` and `/metrics` of a process.
pub fn probe_routes(checks: Vec<ReadinessCheck>, metrics: Metrics) -> Router {
    let checks = Arc::new(checks);
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(move || async move { ready(&checks).await }))
        .route("/metrics", get(move || async move { render(metrics()) }))
}

/// The process runs.
async fn live() -> &'static str {
    "ok\n"
}

/// Every dependency by name; 503 when one is missing.
async fn ready(checks: &[ReadinessCheck]) -> Response {
    let checks = futures::future::join_all(checks.iter().map(ReadinessCheck::run)).await;
    let ready = checks.iter().all(|check| check.ready || check.advisory);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(CACHE_CONTROL, "no-store")], Json(Readiness { ready, checks })).into_response()
}

/// The metrics in Prometheus' text format.
fn render(text: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
