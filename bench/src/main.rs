//! The load tool: the popular query through the router, the REST endpoints, and a hand-written handler, side by side.
//!
//! The servers run in this process; the load comes from a second one, so that their CPU time is not mixed up. Rounds of
//! the targets alternate, and the figures to look at are ratios within a round: these hold when a machine is noisy.

mod baseline;
mod content;
mod report;
mod stage;

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use indicatif::ProgressBar;
use tokio::process::Command;

use reel_bench_routers::load::{self, Measure, Target};
use report::Series;
use stage::Stage;

/// As in the executable that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Reelgraph against a hand-written handler.
#[derive(Parser)]
#[command(name = "reel-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Internal>,
    /// Seconds of each round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds of each target.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections that send at the same time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
}

#[derive(Subcommand)]
enum Internal {
    /// Sends one target's load and prints its measure; the tool starts itself with it.
    #[command(hide = true)]
    Load {
        target: String,
        #[arg(long)]
        seconds: u64,
        #[arg(long)]
        connections: usize,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    match &cli.command {
        None => compare(&cli).await,
        Some(Internal::Load { target, seconds, connections }) => {
            let target: Target = serde_json::from_str(target)?;
            let measure = load::run(&target, *connections, Duration::from_secs(*seconds)).await?;
            println!("{}", serde_json::to_string(&measure)?);
            Ok(())
        }
    }
}

async fn compare(cli: &Cli) -> Result<()> {
    let stage = Stage::build().await?;
    stage.check_same_answer().await?;
    let mut series: Vec<Series> =
        stage.targets().into_iter().map(|(name, target)| Series { name, target, rounds: Vec::new() }).collect();
    let progress = ProgressBar::new((cli.rounds * series.len()) as u64);
    for _ in 0..cli.rounds {
        for entry in &mut series {
            entry.rounds.push(measure(&entry.target, cli.seconds, cli.connections).await?);
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
    println!("{} connections, {} rounds of {} s, {} cores\n", cli.connections, cli.rounds, cli.seconds, cores());
    print!("{}", report::table(&series));
    stage.tear_down().await;
    Ok(())
}

/// Sends the load from a process of its own.
async fn measure(target: &Target, seconds: u64, connections: usize) -> Result<Measure> {
    let own = std::env::current_exe()?;
    let output = Command::new(own)
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

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
