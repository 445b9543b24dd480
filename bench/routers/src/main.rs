//! Routers side by side, in front of the same four subgraphs: one nested query with an answer of 88 kB.
//!
//! The subgraphs run in a second process and the load comes from a third, so that the CPU time of each can be told apart.

mod compare;
mod contender;
mod data;
mod expected;
mod report;
mod subgraphs;

use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use reel_bench_routers::load::{self, Target};

/// Measures routers in front of four small subgraphs; docs/benchmarks.md.
#[derive(Parser)]
#[command(name = "router-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Other>,
    #[command(flatten)]
    options: compare::Options,
}

#[derive(Subcommand)]
enum Other {
    /// Runs the subgraphs alone, until they are stopped.
    Subgraphs {
        /// The first of their four ports.
        #[arg(long, default_value_t = 4310)]
        port: u16,
    },
    /// Prints their supergraph.
    Supergraph {
        /// The first of their four ports.
        #[arg(long, default_value_t = 4310)]
        port: u16,
    },
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
        None => compare::compare(&cli.options).await,
        Some(Other::Subgraphs { port }) => subgraphs::serve(*port).await,
        Some(Other::Supergraph { port }) => {
            print!("{}", subgraphs::supergraph(*port)?);
            Ok(())
        }
        Some(Other::Load { target, seconds, connections }) => {
            let target: Target = serde_json::from_str(target)?;
            let measure = load::run(&target, *connections, Duration::from_secs(*seconds)).await?;
            println!("{}", serde_json::to_string(&measure)?);
            Ok(())
        }
    }
}
