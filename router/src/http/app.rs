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
use tower_http::catch_panic::CatchPanicLayer;

use super::graphql::KnownDocuments;
use super::probes::{Metrics, ReadinessCheck};
use super::{Failure, UploadGate, compression, cors, graphiql, graphql, guard, language, probes, uploads};
use crate::auth::{Authenticator, EndedSessions, Issuers};
use crate::config::RouterSettings;
use crate::documents::SharedDocuments;
use crate::graph::LiveGraph;
use crate::headers::HeaderPassage;
use crate::meters::LimitMeter;
use crate::rest;

/// What the application is made of.
pub struct RouterParts {
    /// Executes GraphQL.
    pub graph: Arc<LiveGraph>,
    /// Documents that clients have sent to other routers, too.
    pub shared_documents: Option<SharedDocuments>,
    /// Who may be asking. Without it everyone is anonymous, and there are no uploads; the REST endpoints need it.
    pub accounts: Option<Accounts>,
    /// Whose tokens are believed besides those of the accounts.
    pub issuers: Issuers,
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
    /// The settings.
    pub settings: RouterSettings,
    /// Further dependencies that `/readyz` reports.
    pub checks: Vec<ReadinessCheck>,
    /// Renders the metrics in Prometheus' text format; `None` when nothing is counted.
    pub metrics: Option<Metrics>,
}

/// What it takes to know who asks.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Checks access tokens.
    pub verifier: Arc<TokenVerifier>,
    /// The logins that have ended; a [`RevocationWatch`](crate::auth::RevocationWatch) fills it.
    pub ended: Arc<EndedSessions>,
    /// The way to the user domain.
    pub users: Channel,
    /// The way to the video domain.
    pub videos: Channel,
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
    #[error(
        "schema/operations/rest/{name}.graphql does not fit the graph: {reason}; in front of another graph set router.rest.enabled to false"
    )]
    Document {
        /// The document.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// The trusted documents cannot be used.
    #[error("router.documents.manifest: {reason}")]
    Manifest {
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
    pub(crate) graph: Arc<LiveGraph>,
    pub(crate) authenticator: Authenticator,
    pub(crate) gate: Option<UploadGate>,
    pub(crate) documents: KnownDocuments,
    pub(crate) headers: HeaderPassage,
    pub(crate) settings: RouterSettings,
    pub(crate) limits: LimitMeter,
}

/// The application.
#[derive(Debug)]
pub struct RouterApp;

impl RouterApp {
    /// Puts the routes together. The caller mounts `/files` beside them and wraps all in its telemetry.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn routes(mut parts: RouterParts) -> Result<Router, StartError> {
        parts.settings.graphql = parts.settings.shown();
        let headers = HeaderPassage::new(&parts.settings.subgraph_headers);
        let cors =
            cors::layer(&parts.settings.http.cors_origins, &headers).map_err(|origin| StartError::Origin { origin })?;
        let places = Arc::new(guard::Places::new(parts.settings.http.max_in_flight));
        let compression = compression::layer(&parts.settings.compression);
        let probes = probe_routes(&parts);
        let shared = Arc::new(Shared {
            authenticator: authenticator(&parts),
            gate: parts.accounts.map(|accounts| accounts.gate(&parts.settings)),
            documents: KnownDocuments::new(parts.graph.trusted(), parts.shared_documents, &parts.settings),
            graph: parts.graph,
            headers,
            settings: parts.settings,
            limits: LimitMeter::new(),
        });
        let rest = if shared.settings.rest.enabled { rest::routes(Arc::clone(&shared))? } else { Router::new() };
        let work = rest.merge(graphql_routes(&shared)).layer(from_fn_with_state(places, guard::admit));
        let routes = work
            .merge(probes)
            .fallback(unknown_endpoint)
            .method_not_allowed_fallback(wrong_method)
            .layer(CatchPanicLayer::custom(guard::panicked))
            .layer(from_fn(guard::secure));
        let routes = match compression {
            Some(compression) => routes.layer(compression),
            None => routes,
        };
        Ok(match cors {
            Some(cors) => routes.layer(cors),
            None => routes,
        })
    }
}

fn authenticator(parts: &RouterParts) -> Authenticator {
    let others = Authenticator::nobody().with_issuers(parts.issuers.clone());
    match &parts.accounts {
        Some(own) => others.with_logins(Arc::clone(&own.verifier), Arc::clone(&own.ended), own.users.clone()),
        None => others,
    }
}

impl Accounts {
    fn gate(&self, settings: &RouterSettings) -> UploadGate {
        UploadGate::new(&self.users, &self.videos, settings.uploads.clone())
    }
}

fn graphql_routes(shared: &Arc<Shared>) -> Router {
    let mut routes = Router::new().route("/graphql", get(graphql::get).post(graphql::post));
    if shared.gate.is_some() {
        routes = routes.route("/uploads", post(uploads::post));
    }
    let routes = routes.with_state(Arc::clone(shared));
    if shared.settings.graphql.graphiql { routes.merge(graphiql::routes()) } else { routes }
}

fn probe_routes(parts: &RouterParts) -> Router {
    let stale_after = parts.settings.revocation.stale_after_ms.duration();
    let mut checks = Vec::new();
    if let Some(accounts) = &parts.accounts {
        let (ended, clock) = (Arc::clone(&accounts.ended), Arc::clone(&parts.clock));
        checks.push(ReadinessCheck::ended_sessions(ended, clock, stale_after));
    }
    checks.push(parts.graph.readiness());
    if parts.settings.documents.manifest.is_some() {
        checks.push(parts.graph.manifest_readiness());
    }
    if !parts.issuers.is_empty() {
        checks.push(parts.issuers.readiness());
    }
    checks.extend(parts.checks.iter().cloned());
    probes::probe_routes(checks, parts.metrics.clone())
}

async fn unknown_endpoint(request: Request) -> Response {
    Failure::with_status(ErrorCode::UnknownEndpoint).into_response(language(request.headers()), false)
}

async fn wrong_method(request: Request) -> Response {
    Failure::with_status(ErrorCode::MethodNotAllowed).into_response(language(request.headers()), false)
}
