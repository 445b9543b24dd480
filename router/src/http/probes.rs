//! Whether the process lives, and whether it can serve.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures::future::BoxFuture;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::auth::EndedSessions;
use reel_id::Clock;

/// How long one check may take.
const CHECK_TIME: Duration = Duration::from_secs(1);

/// How long one round of checks answers for.
const SHARED_TIME: Duration = Duration::from_secs(1);

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

/// `/livez` and `/readyz` of a process, and `/metrics` where there are any.
pub fn probe_routes(checks: Vec<ReadinessCheck>, metrics: Option<Metrics>) -> Router {
    let ready = Arc::new(Ready { checks, last: Mutex::default() });
    let routes =
        Router::new().route("/livez", get(live)).route("/readyz", get(move || async move { ready.answer().await }));
    match metrics {
        Some(metrics) => routes.route("/metrics", get(move || async move { render(metrics()) })),
        None => routes,
    }
}

/// The process runs.
async fn live() -> &'static str {
    "ok\n"
}

/// The checks, and what they said last: whoever asks meanwhile waits for it, and whoever asks soon after gets the same.
struct Ready {
    checks: Vec<ReadinessCheck>,
    last: Mutex<Option<(Instant, StatusCode, String)>>,
}

impl Ready {
    /// Every dependency by name; 503 when one is missing.
    async fn answer(&self) -> Response {
        let mut last = self.last.lock().await;
        let (status, body) = match &*last {
            Some((since, status, body)) if since.elapsed() < SHARED_TIME => (*status, body.clone()),
            _ => {
                let (status, body) = self.check().await;
                *last = Some((Instant::now(), status, body.clone()));
                (status, body)
            }
        };
        drop(last);
        (status, [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "application/json")], body).into_response()
    }

    async fn check(&self) -> (StatusCode, String) {
        let checks = futures::future::join_all(self.checks.iter().map(ReadinessCheck::run)).await;
        let ready = checks.iter().all(|check| check.ready || check.advisory);
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, serde_json::json!(Readiness { ready, checks }).to_string())
    }
}

/// The metrics in Prometheus' text format.
fn render(text: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
