//! `reelgraph router`, and the router as a part of `reelgraph dev`.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use reel_auth::call::CallSigner;
use reel_auth::{InternalKey, PublicKey, SigningKey, TokenVerifier};
use reel_id::{Clock, SystemClock};
use reel_router::auth::{EndedSessions, IssuerTasks, Issuers, RevocationTask, RevocationWatch};
use reel_router::config::SubgraphHeaderSettings;
use reel_router::graph::LiveGraph;
use reel_router::http::{Accounts, Metrics, ReadinessCheck, RouterApp, RouterParts, serve};
use reel_router::reload::WatchTask;
use reel_router::transport::SubgraphTransport;
use reel_router::{Engine, SharedDocuments};
use reel_rpc::Channel;
use reel_telemetry::{Callers, Traces};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::ListenOptions;
use crate::domains::{open_files, open_redis};
use crate::graph::{self, Served};
use crate::health::{self, subgraph_check};
use crate::in_process::InProcess;
use crate::shutdown::stop_signal;
use crate::{Domains, Failure, Links, Platform, Settings};

/// The ways from the router to the four subgraphs, by name.
pub type Transports = HashMap<String, Arc<dyn SubgraphTransport>>;

/// `reelgraph router`: runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(settings: Settings, options: ListenOptions) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let listener = bind(options.listen.unwrap_or(settings.listen)).await?;
    reel_telemetry::init(&settings.telemetry).map_err(Failure::usage)?;
    let traces = start_traces(&settings, "reelgraph-router")?;
    let router = tokio::select! {
        router = start(&settings, traces.clone(), listener) => router?,
        // A subgraph that does not tell its schema may hold the start up for long; stopping does not wait for it.
        () = stop.requested() => return Ok(()),
    };
    tracing::info!(address = %router.address(), "the router is ready");
    stop.requested().await;
    router.stop().await;
    stop_traces(traces).await;
    Ok(())
}

/// Begins to record requests, if the settings say where to send that.
pub(crate) fn start_traces(settings: &Settings, service: &str) -> Result<Option<Traces>, Failure> {
    Traces::start(&settings.telemetry.traces, service).map_err(Failure::usage)
}

/// Sends what is left, after everything else has stopped.
pub(crate) async fn stop_traces(traces: Option<Traces>) {
    if let Some(traces) = traces {
        traces.stop().await;
    }
}

async fn start(settings: &Settings, traces: Option<Traces>, listener: TcpListener) -> Result<RunningRouter, Failure> {
    if knows_accounts(settings) {
        start_remote(settings, &Platform::new(settings)?.with_traces(traces), listener).await
    } else {
        start_anonymous(settings, traces, listener).await
    }
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
    tasks: RouterTasks,
}

/// What a router does in the background.
#[derive(Debug)]
struct RouterTasks {
    revocation: Option<RevocationTask>,
    watches: Vec<WatchTask>,
    issuers: IssuerTasks,
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
        let RouterTasks { revocation, watches, issuers } = self.tasks;
        if let Some(revocation) = revocation {
            revocation.stop().await;
        }
        for watch in watches {
            watch.stop().await;
        }
        issuers.stop().await;
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
    let settings = &without_headers(settings);
    start_router(settings, platform, transports.collect(), domains.links.clone(), checks, listener).await
}

/// Subgraphs of this process are called without HTTP, so no header reaches them, and nothing may say that one does.
fn without_headers(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    if !settings.router.subgraph_headers.is_empty() {
        tracing::warn!(
            "router.subgraph_headers has no effect here: subgraphs of the same process are called without HTTP"
        );
        settings.router.subgraph_headers = SubgraphHeaderSettings::default();
    }
    settings
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
    let own = graph::own_addresses(settings)?;
    let endpoint = |url: &str| format!("{}/graphql", url.trim_end_matches('/'));
    let fallbacks = own.iter().map(|(domain, url)| (domain.name().to_owned(), endpoint(url))).collect();
    let served = graph::start(settings, fallbacks, Some(Arc::new(platform.call_signer()))).await?;
    // Which subgraphs of another graph are ours is not known, and others need not have a probe.
    let is_ours = settings.router.supergraph.is_own();
    let checks = own.iter().filter(|_| is_ours).map(|(domain, url)| subgraph_check(domain.name(), url));
    let checks = checks.collect::<Result<_, _>>()?;
    start_with_accounts(settings, platform, served, links, checks, listener).await
}

/// A router in front of somebody else's subgraphs: it knows no user domain, and everyone is anonymous but for the tokens of
/// the issuers that the settings list.
async fn start_anonymous(
    settings: &Settings,
    traces: Option<Traces>,
    listener: TcpListener,
) -> Result<RunningRouter, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let key = settings.auth.internal_key.as_ref();
    let key = key.map(|key| InternalKey::from_setting(Some(key))).transpose().map_err(Failure::usage)?;
    let signer = key.map(|key| Arc::new(CallSigner::new(&key, Arc::clone(&clock))));
    let (issuers, keys) = Issuers::start(&settings.router.auth, None, &clock).await.map_err(Failure::usage)?;
    let served = graph::start(settings, BTreeMap::new(), signer).await?;
    let parts = RouterParts {
        graph: served.graph,
        shared_documents: shared_documents(settings)?,
        accounts: None,
        issuers,
        clock,
        settings: settings.router.clone(),
        checks: Vec::new(),
        metrics: metrics(),
    };
    let app = RouterApp::routes(parts).map_err(Failure::usage)?;
    let tasks = RouterTasks { revocation: None, watches: served.watches, issuers: keys };
    listen(settings, traces, app, listener, tasks)
}

/// A router in front of these subgraphs, which are Reelgraph's own.
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
    let engine = Engine::new(graph::SUPERGRAPH, transports, settings.router.engine()).map_err(Failure::internal)?;
    let graph = LiveGraph::start(engine, &settings.router).await.map_err(Failure::usage)?;
    let served = Served::new(Arc::new(graph), &settings.router);
    start_with_accounts(settings, platform, served, links, checks, listener).await
}

async fn start_with_accounts(
    settings: &Settings,
    platform: &Platform,
    served: Served,
    links: Links,
    checks: Vec<ReadinessCheck>,
    listener: TcpListener,
) -> Result<RunningRouter, Failure> {
    let ended = Arc::new(EndedSessions::default());
    let verifier = TokenVerifier::new(&public_keys(settings)?, &settings.auth, Arc::clone(&platform.clock));
    let accounts = Accounts {
        verifier: Arc::new(verifier),
        ended: Arc::clone(&ended),
        users: links.user.clone(),
        videos: links.video,
    };
    let own = Some(settings.auth.issuer.as_str());
    let opened = Issuers::start(&settings.router.auth, own, &platform.clock).await;
    let (issuers, keys) = opened.map_err(Failure::usage)?;
    let parts = RouterParts {
        graph: served.graph,
        shared_documents: shared_documents(settings)?,
        accounts: Some(accounts),
        issuers,
        clock: Arc::clone(&platform.clock),
        settings: settings.router.clone(),
        checks,
        metrics: metrics(),
    };
    let app = RouterApp::routes(parts).map_err(Failure::usage)?.merge(reel_files::serve(open_files(settings)?));
    let revocation = watch_ended_sessions(settings, platform, links.user, ended).spawn();
    let tasks = RouterTasks { revocation: Some(revocation), watches: served.watches, issuers: keys };
    listen(settings, platform.traces.clone(), app, listener, tasks)
}

/// What `/metrics` shows, where anything is counted.
pub(crate) fn metrics() -> Option<Metrics> {
    reel_telemetry::metrics_are_on().then(|| -> Metrics { Arc::new(reel_telemetry::metrics_text) })
}

fn listen(
    settings: &Settings,
    traces: Option<Traces>,
    app: Router,
    listener: TcpListener,
    tasks: RouterTasks,
) -> Result<RunningRouter, Failure> {
    let address = listener.local_addr().map_err(Failure::internal)?;
    let app = reel_telemetry::observed(app, traces, Callers::Clients);
    let (stopping, mut stop) = watch::channel(false);
    let http = settings.router.http.clone();
    let serving = tokio::spawn(async move {
        serve(listener, app, &http, async move { drop(stop.wait_for(|stop| *stop).await) }).await;
    });
    Ok(RunningRouter { address, stopping, serving, tasks })
}

/// The documents that routers share, if they do.
fn shared_documents(settings: &Settings) -> Result<Option<SharedDocuments>, Failure> {
    let documents = &settings.router.documents;
    let redis = documents.redis.then(|| open_redis(settings)).transpose()?;
    Ok(redis.map(|redis| SharedDocuments::new(redis.connection(), &redis.key("documents"), documents)))
}

/// Whether the router has to know who asks. Only in front of somebody else's graph it need not.
fn knows_accounts(settings: &Settings) -> bool {
    let has_keys = !settings.auth.public_keys.is_empty() || settings.auth.signing_key.is_some();
    settings.router.rest.enabled || settings.router.supergraph.is_own() || has_keys
}

fn watch_ended_sessions(
    settings: &Settings,
    platform: &Platform,
    users: Channel,
    ended: Arc<EndedSessions>,
) -> RevocationWatch {
    let access_ttl = settings.auth.access_ttl_s.duration();
    let revocation = settings.router.revocation.clone();
    RevocationWatch::new(users, ended, Arc::clone(&platform.clock), revocation, access_ttl)
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
