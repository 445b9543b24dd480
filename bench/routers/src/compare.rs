//! Starts the subgraphs and the routers, and lets the routers take turns.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use reel_bench_routers::load::{Measure, Target};

use crate::contender::{Contender, Running, cpu};
use crate::report::{self, Round, Series};
use crate::{expected, subgraphs};

/// What is asked.
pub(crate) const QUERY: &str = include_str!("query.graphql");

/// How the routers are compared.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Another router, as NAME=COMMAND; may be given several times. The command finds PORT, SUPERGRAPH (a file) and DIR (a
    /// folder of its own) in its environment, and serves http://127.0.0.1:$PORT/graphql in the foreground.
    #[arg(long = "router", value_name = "NAME=COMMAND")]
    routers: Vec<String>,
    /// The executable of our router. Default: `reelgraph` beside this program.
    #[arg(long, value_name = "FILE")]
    reelgraph: Option<PathBuf>,
    /// Settings of our router, as YAML under the key `router`.
    #[arg(long, value_name = "YAML", default_value = "{}")]
    settings: String,
    /// Every request carries an Authorization header of its own.
    #[arg(long)]
    unique: bool,
    /// Seconds of each round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds of each router.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections that send at the same time; a further run is made for each value.
    #[arg(long, value_delimiter = ',', default_value = "50,500")]
    connections: Vec<usize>,
    /// The first of the ports that are used: four for the subgraphs, then one for each router.
    #[arg(long, default_value_t = 4310)]
    port: u16,
}

/// Runs everything and prints the tables.
pub(crate) async fn compare(options: &Options) -> Result<()> {
    let dir = TempDir::new()?;
    let supergraph = dir.path().join("supergraph.graphql");
    std::fs::write(&supergraph, subgraphs::supergraph(options.port)?)?;
    let mut contenders = options.routers.iter().map(|text| parse(text)).collect::<Result<Vec<_>>>()?;
    contenders.push(ours(options, dir.path())?);
    ensure_free((options.port..).take(subgraphs::NAMES.len() + contenders.len()))?;
    let mut subgraphs = start_subgraphs(options.port).await?;
    let right = expected::answer();
    let mut running = Vec::new();
    for (port, contender) in (options.port..).skip(subgraphs::NAMES.len()).zip(&contenders) {
        let own = dir.path().join(port.to_string());
        running.push(contender.start(port, &supergraph, &own, &right).await?);
    }
    print!("{}", report::at_rest(&running));
    for connections in &options.connections {
        let series = rounds(options, *connections, &running, &subgraphs, dir.path()).await?;
        println!("\n{connections} connections, {} rounds of {} s\n", options.rounds, options.seconds);
        print!("{}", report::under_load(&series));
    }
    // Waited for, so that a run that follows at once finds the ports free.
    for router in running {
        router.stop().await?;
    }
    subgraphs.kill().await?;
    Ok(())
}

/// Whatever else listens there would be measured in place of ours.
fn ensure_free(ports: impl Iterator<Item = u16>) -> Result<()> {
    for port in ports {
        TcpListener::bind(("127.0.0.1", port))
            .with_context(|| format!("port {port} is in use; choose another --port"))?;
    }
    Ok(())
}

fn parse(text: &str) -> Result<Contender> {
    let (name, command) = text.split_once('=').context("a --router is NAME=COMMAND")?;
    Ok(Contender { name: name.to_owned(), command: command.to_owned() })
}

/// Our router, in front of somebody else's graph.
fn ours(options: &Options, dir: &Path) -> Result<Contender> {
    let program = match &options.reelgraph {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("reelgraph"),
    };
    ensure!(program.exists(), "{} is not there; build it: cargo build --release -p reel-app", program.display());
    let mut router: serde_json::Value = serde_yaml_ng::from_str(&options.settings)?;
    router["supergraph"]["file"] = json!(dir.join("supergraph.graphql"));
    router["rest"]["enabled"] = json!(false);
    let config = dir.join("reelgraph.yaml");
    std::fs::write(&config, json!({ "router": router }).to_string())?;
    let command = format!("'{}' router --config '{}' --listen 127.0.0.1:$PORT", program.display(), config.display());
    Ok(Contender { name: "reelgraph".to_owned(), command })
}

async fn start_subgraphs(port: u16) -> Result<Child> {
    let process = Command::new(std::env::current_exe()?)
        .args(["subgraphs", "--port", &port.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    for place in 0..subgraphs::NAMES.len() {
        let mut left = 100;
        while TcpStream::connect(("127.0.0.1", port + u16::try_from(place)?)).await.is_err() {
            left -= 1;
            ensure!(left > 0, "the subgraphs do not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(process)
}

/// The routers take turns, so that whatever else the machine does hits all of them.
async fn rounds(
    options: &Options,
    connections: usize,
    routers: &[Running],
    subgraphs: &Child,
    dir: &Path,
) -> Result<Vec<Series>> {
    let mut series: Vec<Series> =
        routers.iter().map(|router| Series { name: router.name.clone(), rounds: Vec::new() }).collect();
    let progress = ProgressBar::new((options.rounds * routers.len()) as u64);
    for _ in 0..options.rounds {
        for (router, series) in routers.iter().zip(&mut series) {
            series.rounds.push(round(options, connections, router, subgraphs, dir).await?);
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    Ok(series)
}

async fn round(
    options: &Options,
    connections: usize,
    router: &Running,
    subgraphs: &Child,
    dir: &Path,
) -> Result<Round> {
    let answer = dir.join("answer.json");
    std::fs::write(&answer, &router.answer)?;
    let target = Target {
        address: router.address.clone(),
        method: "POST".into(),
        path: "/graphql".into(),
        headers: vec![("content-type".into(), "application/json".into()), ("accept".into(), "application/json".into())],
        bodies: vec![json!({ "query": QUERY }).to_string()],
        must_contain: String::new(),
        must_equal: Some(answer),
        unique_authorization: options.unique,
    };
    router.forget_peak()?;
    let subgraphs = subgraphs.id().context("the subgraphs have ended")?;
    let (own_before, subgraphs_before) = (router.cpu()?, cpu(subgraphs)?);
    let measure = measure(&target, options.seconds, connections).await?;
    let answers = measure.answers as f64;
    Ok(Round {
        cpu_per_answer: (router.cpu()? - own_before) / answers,
        subgraphs_cpu_per_answer: (cpu(subgraphs)? - subgraphs_before) / answers,
        peak_memory: router.peak_memory()?,
        measure,
    })
}

/// Sends the load from a process of its own.
async fn measure(target: &Target, seconds: u64, connections: usize) -> Result<Measure> {
    let output = Command::new(std::env::current_exe()?)
        .arg("load")
        .arg(serde_json::to_string(target)?)
        .args(["--seconds", &seconds.to_string(), "--connections", &connections.to_string()])
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot start the load")?;
    ensure!(output.status.success(), "the load failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
