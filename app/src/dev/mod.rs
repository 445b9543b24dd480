//! `reelgraph dev`: everything in one process, over a private MariaDB and Redis, with nothing to configure.

mod banner;
mod servers;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::cli::DevOptions;
use crate::settings::reachable;
use crate::shutdown::{Stop, stop_signal};
use crate::{Domains, Failure, Platform, RunningRouter, Settings, demo, domains, keys, router};
use servers::PrivateServers;

/// Runs until Ctrl-C or SIGTERM. What can be wrong with the way it is used is found before anything is started.
pub(crate) async fn run(mut settings: Settings, options: DevOptions) -> Result<(), Failure> {
    let started = Instant::now();
    let stop = stop_signal()?;
    let listener = router::bind(options.listen.unwrap_or(settings.listen)).await?;
    prepare(&mut settings, &options, &listener)?;
    reel_video::check_ffmpeg(&settings.video).await.map_err(Failure::usage)?;
    reel_telemetry::init(&settings.telemetry).map_err(Failure::usage)?;
    let mut servers = tokio::select! {
        servers = PrivateServers::start(&mut settings, &options.state_dir) => servers?,
        () = stop.requested() => return Ok(()),
    };
    let outcome = serve(&settings, &options, listener, started, stop, &mut servers).await;
    servers.stop().await;
    outcome
}

/// Completes the settings with what the state directory holds: keys, files, spooled uploads.
fn prepare(settings: &mut Settings, options: &DevOptions, listener: &TcpListener) -> Result<(), Failure> {
    let state = &options.state_dir;
    std::fs::create_dir_all(state)
        .map_err(|error| Failure::usage(format!("cannot use the state directory {}: {error}", state.display())))?;
    keys::complete(&mut settings.auth, state)?;
    settings.complete_for_dev(state, listener.local_addr().map_err(Failure::internal)?);
    Ok(())
}

async fn serve(
    settings: &Settings,
    options: &DevOptions,
    listener: TcpListener,
    started: Instant,
    stop: Stop,
    servers: &mut PrivateServers,
) -> Result<(), Failure> {
    let traces = router::start_traces(settings, "reelgraph")?;
    let platform = Platform::new(settings)?.with_traces(traces.clone());
    let (domains, router) = tokio::select! {
        started = start(settings, &platform, listener) => started?,
        // A server that does not answer may hold the start up for long; stopping does not wait for it.
        () = stop.requested() => {
            platform.tasks.stop(domains::TASKS_BOUND).await;
            return Ok(());
        }
    };
    banner::ready(router.address(), &settings.files.public_url, started.elapsed());
    let address = reachable(router.address());
    let demo = (!options.no_demo).then(|| publish_demo(settings, &options.state_dir, address));
    let outcome = tokio::select! {
        () = stop.requested() => Ok(()),
        failure = servers.ended() => Err(failure),
    };
    banner::stopping();
    if let Some(demo) = demo {
        demo.abort();
    }
    router.stop().await;
    platform.tasks.stop(domains::TASKS_BOUND).await;
    domains.close().await;
    router::stop_traces(traces).await;
    outcome
}

async fn start(
    settings: &Settings,
    platform: &Platform,
    listener: TcpListener,
) -> Result<(Domains, RunningRouter), Failure> {
    let domains = Domains::start(settings, platform).await?;
    let router = router::start_in_process(settings, platform, &domains, listener).await?;
    Ok((domains, router))
}

/// Publishes the demo content in the background on the first start; the marker is written when it is complete.
fn publish_demo(settings: &Settings, state_dir: &Path, address: SocketAddr) -> JoinHandle<()> {
    let ffmpeg = settings.video.ffmpeg.clone();
    let marker = state_dir.join("demo-published");
    tokio::spawn(async move {
        if marker.exists() {
            return;
        }
        match demo::publish(&format!("http://{address}"), &ffmpeg, banner::demo_step).await {
            Ok(()) => {
                if let Err(error) = std::fs::write(&marker, "") {
                    tracing::warn!(%error, "the demo content is published, but its marker cannot be written");
                }
                banner::demo_ready();
            }
            Err(error) => tracing::error!(error = format!("{error:#}"), "the demo content is not complete"),
        }
    })
}
