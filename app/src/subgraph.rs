//! `reelgraph subgraph NAME…`.

use std::net::SocketAddr;

use axum::Router;
use reel_auth::SigningKey;
use reel_router::http::{ReadinessCheck, serve};
use reel_subgraph::Subgraph;
use reel_telemetry::Callers;
use sqlx::MySqlPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::service::Routes;

use crate::cli::{Domain, SubgraphOptions};
use crate::domains::{self, open_database, open_files, open_redis};
use crate::shutdown::stop_signal;
use crate::{Failure, Links, Platform, Settings, health, router};

/// Runs the named subgraphs until Ctrl-C or SIGTERM.
pub(crate) async fn run(settings: Settings, options: SubgraphOptions) -> Result<(), Failure> {
    if options.listen.is_some() && options.names.len() > 1 {
        return Err(Failure::usage("--listen goes with one subgraph; set subgraphs.<name>.listen for several"));
    }
    let stop = stop_signal()?;
    let mut listeners = Vec::new();
    for domain in &options.names {
        let address = options.listen.unwrap_or(settings.subgraphs.of(*domain).listen);
        listeners.push((*domain, router::bind(address).await?));
    }
    reel_telemetry::init(&settings.telemetry).map_err(Failure::usage)?;
    let names: Vec<&str> = options.names.iter().map(|domain| domain.name()).collect();
    let traces = router::start_traces(&settings, &format!("reelgraph-{}", names.join("-")))?;
    let platform = Platform::new(&settings)?.with_traces(traces.clone());
    for domain in &options.names {
        check(&settings, *domain).await?;
    }
    let running = tokio::select! {
        started = start_all(&settings, &platform, listeners) => started?,
        // A server that does not answer may hold the start up for long; stopping does not wait for it.
        () = stop.requested() => Vec::new(),
    };
    stop.requested().await;
    stop_all(running, &platform).await;
    router::stop_traces(traces).await;
    Ok(())
}

/// Lets all finish their requests at the same time, then the background work, and only then closes the databases that
/// both use.
async fn stop_all(running: Vec<RunningSubgraph>, platform: &Platform) {
    let pools = futures::future::join_all(running.into_iter().map(RunningSubgraph::drain)).await;
    platform.tasks.stop(domains::TASKS_BOUND).await;
    futures::future::join_all(pools.iter().map(MySqlPool::close)).await;
}

/// What a domain needs of the settings and the machine, before any server is asked or changed.
async fn check(settings: &Settings, domain: Domain) -> Result<(), Failure> {
    match domain {
        Domain::User => {
            SigningKey::from_setting(settings.auth.signing_key.as_ref()).map_err(Failure::usage)?;
            open_files(settings)?;
        }
        Domain::Video => {
            reel_video::check_ffmpeg(&settings.video).await.map_err(Failure::usage)?;
            open_files(settings)?;
            let spool = &settings.video.spool_dir;
            std::fs::create_dir_all(spool)
                .map_err(|error| Failure::usage(format!("video.spool_dir: cannot use {}: {error}", spool.display())))?;
        }
        Domain::Interaction | Domain::Social => {}
    }
    Ok(())
}

async fn start_all(
    settings: &Settings,
    platform: &Platform,
    listeners: Vec<(Domain, TcpListener)>,
) -> Result<Vec<RunningSubgraph>, Failure> {
    let mut running = Vec::new();
    for (domain, listener) in listeners {
        let subgraph = start_subgraph(settings, platform, domain, listener).await?;
        tracing::info!(subgraph.name = domain.name(), address = %subgraph.address(), "the subgraph is ready");
        running.push(subgraph);
    }
    Ok(running)
}

/// A subgraph that serves.
#[derive(Debug)]
pub struct RunningSubgraph {
    address: SocketAddr,
    pool: MySqlPool,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl RunningSubgraph {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests and lets running ones finish. The database stays open for background work.
    pub async fn drain(self) -> MySqlPool {
        self.stopping.send_replace(true);
        // The task returns nothing, and a panic in it has been reported where it happened.
        let _ = self.serving.await;
        self.pool
    }
}

/// One domain behind a port: GraphQL and gRPC for signed calls, and the probes.
///
/// # Errors
/// When a store cannot be reached or used, or a setting is unusable.
pub async fn start_subgraph(
    settings: &Settings,
    platform: &Platform,
    domain: Domain,
    listener: TcpListener,
) -> Result<RunningSubgraph, Failure> {
    let address = listener.local_addr().map_err(Failure::internal)?;
    let links = Links::connect(settings, &platform.call_signer())?;
    let pool = open_database(settings, domain).await?;
    let parts = parts(settings, platform, domain, pool.clone(), links).await?;
    let verifier = platform.call_verifier(reel_subgraph::http::audience(domain.name()));
    let app = Router::new()
        .merge(reel_subgraph::http::router(parts.subgraph, verifier))
        .merge(parts.grpc)
        .merge(reel_router::http::probe_routes(parts.checks, router::metrics()));
    let app = reel_telemetry::observed(app, platform.traces.clone(), Callers::Processes);
    let http = settings.router.http.clone();
    let (stopping, mut stop) = watch::channel(false);
    let serving = tokio::spawn(async move {
        serve(listener, app, &http, async move { drop(stop.wait_for(|stop| *stop).await) }).await;
    });
    Ok(RunningSubgraph { address, pool, stopping, serving })
}

/// What differs between the domains.
struct Parts {
    subgraph: Subgraph,
    grpc: Router,
    checks: Vec<ReadinessCheck>,
}

async fn parts(
    settings: &Settings,
    platform: &Platform,
    domain: Domain,
    pool: MySqlPool,
    links: Links,
) -> Result<Parts, Failure> {
    let databases = [(domain, pool.clone())];
    let stores = || health::store_checks(&databases, None);
    Ok(match domain {
        Domain::User => {
            let user = domains::start_user(settings, platform, pool, open_files(settings)?).await?;
            Parts { subgraph: user.subgraph, grpc: Routes::new(user.rpc).into_axum_router(), checks: stores() }
        }
        Domain::Video => {
            let redis = open_redis(settings)?;
            let checks = health::store_checks(&databases, Some(&redis));
            let files = open_files(settings)?;
            let video = domains::start_video(settings, platform, pool, redis, files, links.user).await?;
            Parts { subgraph: video.subgraph, grpc: Routes::new(video.rpc).into_axum_router(), checks }
        }
        Domain::Interaction => {
            let interaction = domains::start_interaction(settings, platform, pool, links.video).await?;
            Parts { subgraph: interaction.subgraph, grpc: Router::new(), checks: stores() }
        }
        Domain::Social => {
            let social = domains::start_social(platform, pool, links.user).await?;
            Parts { subgraph: social.subgraph, grpc: Router::new(), checks: stores() }
        }
    })
}
