//! The application: every route of the router process.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use reel_auth::TokenVerifier;
use reel_error::ErrorCode;
use reel_id::Clock;
use reel_rpc::Channel;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::probes::{Metrics, ReadinessCheck};
use super::{Failure, UploadGate, cors, graphiql, graphql, guard, language, probes, uploads};
use crate::Engine;
use crate::auth::{Authenticator, EndedSessions};
use crate::config::RouterSettings;
use crate::rest::{self, Documents};

/// What the application is made of.
pub struct RouterParts {
    /// Executes GraphQL.
    pub engine: Arc<Engine>,
    /// Checks access tokens.
    pub verifier: Arc<TokenVerifier>,
    /// The logins that have ended; a [`RevocationWatch`](crate::auth::RevocationWatch) fills it.
    pub ended: Arc<EndedSessions>,
    /// The way to the user domain.
    pub users: Channel,
    /// The way to the video domain.
    pub videos: Channel,
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
    /// The settings.
    pub settings: RouterSettings,
    /// Further dependencies that `/readyz` reports.
    pub checks: Vec<ReadinessCheck>,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Metrics,
}

impl fmt::Debug for RouterParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RouterParts").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The application cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A document of a REST endpoint does not fit the graph.
    #[error("schema/operations/rest/{name}.graphql does not fit the graph: {reason}")]
    Document {
        /// The document.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// A setting cannot be used.
    #[error("router.http.cors_origins: {origin:?} is not an origin (scheme://host, as a browser sends it)")]
    Origin {
        /// The value.
        origin: String,
    },
    /// A setting cannot be used.
    #[error("router.rest.time_offset_minutes: {minutes} is not between -1439 and 1439")]
    TimeOffset {
        /// The value.
        minutes: i32,
    },
}

/// What every handler shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    pub(crate) authenticator: Authenticator,
    pub(crate) gate: UploadGate,
    pub(crate) settings: RouterSettings,
}

/// The application.
#[derive(Debug)]
pub struct RouterApp;

impl RouterApp {
    /// Puts the routes together. The caller mounts `/files` beside them and wraps all in its telemetry.
    ///
    /// # Errors
    /// When a document of a REST endpoint does not fit the graph, or a setting cannot be used.
    pub async fn routes(parts: RouterParts) -> Result<Router, StartError> {
        let cors = cors::layer(&parts.settings.http.cors_origins).map_err(|origin| StartError::Origin { origin })?;
        let places = Arc::new(Semaphore::new(parts.settings.http.max_in_flight));
        let documents = Documents::prepare(&parts.engine).await?;
        let probes = probe_routes(&parts);
        let shared = Arc::new(Shared {
            authenticator: Authenticator::new(parts.verifier, parts.ended, parts.users.clone()),
            gate: UploadGate::new(&parts.users, &parts.videos, parts.settings.uploads.clone()),
            engine: parts.engine,
            settings: parts.settings,
        });
        let work = rest::routes(Arc::clone(&shared), documents)?
            .merge(graphql_routes(&shared))
            .layer(from_fn_with_state(places, guard::admit));
        let routes = work
            .merge(probes)
            .fallback(unknown_endpoint)
            .method_not_allowed_fallback(wrong_method)
            .layer(CatchPanicLayer::custom(guard::panicked))
            .layer(from_fn(guard::secure));
        Ok(match cors {
            Some(cors) => routes.layer(cors),
            None => routes,
        })
    }
}

fn graphql_routes(shared: &Arc<Shared>) -> Router {
    let routes = Router::new()
        .route("/graphql", get(graphql::get).post(graphql::post))
        .route("/uploads", post(uploads::post))
        .with_state(Arc::clone(shared));
    if shared.settings.graphql.graphiql { routes.merge(graphiql::routes()) } else { routes }
}

fn probe_routes(parts: &RouterParts) -> Router {
    let stale_after = parts.settings.revocation.stale_after_ms.duration();
    let mut checks =
        vec![ReadinessCheck::ended_sessions(Arc::clone(&parts.ended), Arc::clone(&parts.clock), stale_after)];
    checks.extend(parts.checks.iter().cloned());
    probes::probe_routes(checks, Arc::clone(&parts.metrics))
}

async fn unknown_endpoint(request: Request) -> Response {
    Failure::with_status(ErrorCode::UnknownEndpoint).into_response(language(request.headers()), false)
}

async fn wrong_method(request: Request) -> Response {
    Failure::with_status(ErrorCode::MethodNotAllowed).into_response(language(request.headers()), false)
}
