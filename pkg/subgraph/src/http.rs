//! The port of a subgraph that runs as a process of its own: GraphQL at `POST /graphql`, and the domain's gRPC service.
//!
//! Both answer only calls that our own processes signed. async-graphql-axum's extractors are not used: they accept
//! content types that let a browser send mutations, and bodies without a bound.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{Response, Variables};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use reel_auth::call::{self, CallError, CallVerifier};
use reel_error::{ErrorCode, Language};
use serde::Deserialize;

use crate::subgraph::failed;
use crate::{Call, CallDocument, Subgraph};

/// The largest request, in bytes: an entity fetch carries its representations.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// How long an operation may run when the caller does not say.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);
/// How long an operation may run whatever the caller says.
const MAX_DEADLINE: Duration = Duration::from_secs(60);

/// The header with the milliseconds that the caller will wait.
pub const DEADLINE_HEADER: &str = "x-reel-deadline-ms";

/// The audience of signed GraphQL calls to a domain, for example `user/graphql`.
pub fn audience(domain: &str) -> String {
    format!("{domain}/graphql")
}

/// The GraphQL entry of a subgraph.
pub fn router(subgraph: Subgraph, verifier: CallVerifier) -> Router {
    let entry = Arc::new(Entry { subgraph, verifier });
    Router::new().route("/graphql", post(graphql)).with_state(entry)
}

struct Entry {
    subgraph: Subgraph,
    verifier: CallVerifier,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphqlBody {
    query: String,
    operation_name: Option<String>,
    #[serde(default)]
    variables: Variables,
}

async fn graphql(State(entry): State<Arc<Entry>>, headers: HeaderMap, body: Body) -> axum::response::Response {
    match entry.read(&headers, body).await {
        Ok(call) => Json(entry.subgraph.execute(call).await).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Entry {
    /// Nothing of the body is read before the signature of its digest holds, and nothing interpreted before the digest does.
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Call, Refusal> {
        if text(headers, header::CONTENT_TYPE.as_str()).is_none_or(|kind| !kind.starts_with("application/json")) {
            return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType));
        }
        let opened = self.verifier.open(text(headers, call::HEADER).unwrap_or_default());
        let opened = opened.map_err(|error| self.unsigned(error))?;
        let body = read_body(body).await?;
        let viewer = opened.verify(&body).map_err(|error| self.unsigned(error))?;
        let body: GraphqlBody =
            serde_json::from_slice(&body).map_err(|_| Refusal(StatusCode::BAD_REQUEST, ErrorCode::UnreadableBody))?;
        Ok(Call {
            document: CallDocument::Text(body.query),
            operation_name: body.operation_name,
            variables: body.variables,
            viewer,
            request_id: text(headers, "x-request-id").unwrap_or_default().to_owned(),
            deadline: Instant::now() + patience(headers),
        })
    }

    fn unsigned(&self, error: CallError) -> Refusal {
        tracing::warn!(subgraph.name = self.subgraph.name(), %error, "refused an unsigned GraphQL call");
        Refusal(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated)
    }
}

/// Reads a whole body, within its bound and for as long as an operation may run.
async fn read_body(body: Body) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(DEFAULT_DEADLINE, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::PayloadTooLarge))
        }
        Ok(Err(_)) => Err(Refusal(StatusCode::BAD_REQUEST, ErrorCode::UnreadableBody)),
        Err(_) => Err(Refusal(StatusCode::REQUEST_TIMEOUT, ErrorCode::Timeout)),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn patience(headers: &HeaderMap) -> Duration {
    let asked = text(headers, DEADLINE_HEADER).and_then(|value| value.parse().ok()).map(Duration::from_millis);
    asked.unwrap_or(DEFAULT_DEADLINE).min(MAX_DEADLINE)
}

struct Refusal(StatusCode, ErrorCode);

impl IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        let answer: Response = failed(self.1.name(), self.1.message(Language::English));
        (self.0, Json(answer)).into_response()
    }
}
