//! `reelgraph router`, and the router as a part of `reelgraph dev`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use reel_auth::{PublicKey, SigningKey, TokenVerifier};
use reel_router::auth::{EndedSessions, RevocationTask, RevocationWatch};
use reel_router::http::{ReadinessCheck, RouterApp, RouterParts, serve};
use reel_router::transport::SubgraphTransport;
use reel_router::transport::http::{HttpTransport, HttpTransportSettings};
use reel_router::Engine;
use reel_rpc::Channel;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::{Domain, ListenOptions};
use crate::domains::open_files;
use crate::health::{self, subgraph_check};
use crate::in_process::InProcess;
use crate::shutdown::stop_signal;
use crate::{Domains, Failure, Links, Platform, Settings};

/// The supergraph of our own subgraphs, as reviewed; `reelgraph schema --check` keeps it up to date.
pub(crate) const SUPERGRAPH: &str = include_str!("../../schema/supergraph.graphql");

/// The ways from the router to the four subgraphs, by name.
pub type Transports = HashMap<String, Arc<dyn SubgraphTransport>>;

/// `reelgraph router`: runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(settings: Settings, options: ListenOptions) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let listener = bind(options.listen.unwrap_or(settings.listen)).await?;
    reel_telemetry::init(&settings.telemetry).map_err(Failure::usage)?;
    let platform = Platform::new(&settings)?;
    let router = start_remote(&settings, &platform, listener).await?;
    tracing::info!(address = %router.address(), "the router is ready");
    stop.requested().await;
    router.stop().await;
    Ok(())
}

/// Takes the address, or says in one line why it cannot be had.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::usage(format!("cannot listen on {address}: {error}; choose another with --listen")))
}

/// A router that serves.
#[derive(Debug)]
pub struct RunningRouter {
    address: SocketAddr,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<()>,
    revocation: RevocationTask,
}

impl RunningRouter {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets running requests finish and stops.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        // The task returns nothing, and a panic in it has been reported where it happened.
        let _ = self.serving.await;
        self.revocation.stop().await;
    }
}

/// A router in front of the domains of this process.
///
/// # Errors
/// When a key is missing or a setting is unusable.
pub async fn start_in_process(
    settings: &Settings,
    platform: &Platform,
    domains: &Domains,
    listener: TcpListener,
) -> Result<RunningRouter, Failure> {
    let transports = domains.subgraphs.iter().map(|subgraph| {
        let transport: Arc<dyn SubgraphTransport> = Arc::new(InProcess(subgraph.clone()));
        (subgraph.name().to_owned(), transport)
    });
    let checks = health::store_checks(&domains.databases, Some(&domains.redis));
    start_router(settings, platform, transports.collect(), domains.links.clone(), checks, listener).await
}

/// A router in front of the subgraph processes that the settings list.
///
/// # Errors
/// When a key is missing or a setting is unusable. A subgraph that is down is no error: `/readyz` says so.
pub async fn start_remote(
    settings: &Settings,
    platform: &Platform,
    listener: TcpListener,
) -> Result<RunningRouter, Failure> {
    let links = Links::connect(settings, &platform.call_signer())?;
    let mut transports = Transports::new();
    let mut checks = Vec::new();
    for domain in Domain::ALL {
        let url = settings.subgraphs.url(domain)?;
        let transport = HttpTransport::new(http_settings(domain, url)?, Arc::new(platform.call_signer()));
        transports.insert(domain.name().to_owned(), Arc::new(transport));
        checks.push(subgraph_check(domain.name(), url));
    }
    start_router(settings, platform, transports, links, checks, listener).await
}

/// A router in front of these subgraphs.
///
/// # Errors
/// When a key is missing or a setting is unusable.
pub async fn start_router(
    settings: &Settings,
    platform: &Platform,
    transports: Transports,
    links: Links,
    checks: Vec<ReadinessCheck>,
    listener: TcpListener,
) -> Result<RunningRouter, Failure> {
    let address = listener.local_addr().map_err(Failure::internal)?;
    let engine = Engine::new(SUPERGRAPH, transports, settings.router.engine()).map_err(Failure::internal)?;
    let ended = Arc::new(EndedSessions::default());
    let verifier = TokenVerifier::new(&public_keys(settings)?, &settings.auth, Arc::clone(&platform.clock));
    let parts = RouterParts {
        engine: Arc::new(engine),
        verifier: Arc::new(verifier),
        ended: Arc::clone(&ended),
        users: links.user.clone(),
        videos: links.video,
        clock: Arc::clone(&platform.clock),
        settings: settings.router.clone(),
        checks,
        metrics: Arc::new(reel_telemetry::metrics_text),
    };
    let app: Router =
        RouterApp::routes(parts).await.map_err(Failure::usage)?.merge(reel_files::serve(open_files(settings)?));
    let app = reel_telemetry::observed(app);
    let revocation = watch_ended_sessions(settings, platform, links.user, ended).spawn();
    let (stopping, mut stop) = watch::channel(false);
    let http = settings.router.http.clone();
    let serving = tokio::spawn(async move {
        serve(listener, app, &http, async move { drop(stop.wait_for(|stop| *stop).await) }).await;
    });
    Ok(RunningRouter { address, stopping, serving, revocation })
}

fn watch_ended_sessions(
    settings: &Settings,
    platform: &Platform,
    users: Channel,
    ended: Arc<EndedSessions>,
) -> RevocationWatch {
    let access_ttl = Duration::from_secs(settings.auth.access_ttl_s.into());
    let revocation = settings.router.revocation.clone();
    RevocationWatch::new(users, ended, Arc::clone(&platform.clock), revocation, access_ttl)
}

fn http_settings(domain: Domain, url: &str) -> Result<HttpTransportSettings, Failure> {
    let endpoint = format!("{}/graphql", url.trim_end_matches('/'));
    let uri = endpoint.parse().map_err(|error| {
        Failure::usage(format!("subgraphs.{}.url: {url} is not a URL (http://host:port): {error}", domain.name()))
    })?;
    Ok(HttpTransportSettings::new(uri, reel_subgraph::http::audience(domain.name())))
}

/// The keys of the settings; the process that signs needs no second setting for its own.
fn public_keys(settings: &Settings) -> Result<Vec<PublicKey>, Failure> {
    let listed = settings.auth.public_keys.iter().map(|text| PublicKey::from_setting(text).map_err(Failure::usage));
    let mut keys = listed.collect::<Result<Vec<_>, _>>()?;
    if settings.auth.signing_key.is_some() {
        let own = SigningKey::from_setting(settings.auth.signing_key.as_ref()).map_err(Failure::usage)?;
        keys.push(own.public_key());
    }
    if keys.is_empty() {
        return Err(Failure::usage("auth.public_keys is not set: `reelgraph keys` makes a set of keys"));
    }
    Ok(keys)
}
