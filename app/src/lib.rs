//! Reelgraph's executable as a library, so that the end-to-end tests and the benchmark start the same parts as `main`.
//!
//! This crate wires; every rule lives elsewhere. [`Domains`] builds the four subgraphs, [`start_router`] puts the
//! router in front of them, and each module under a command's name is that command.

mod cli;
mod compose;
pub mod demo;
mod dev;
mod domains;
mod failure;
mod generated;
mod graph;
mod health;
mod in_process;
mod keys;
mod links;
mod migrate;
mod plan;
mod planning;
mod platform;
mod report;
mod router;
mod seed;
mod settings;
mod shutdown;
mod subgraph;

pub use cli::{Cli, Command, Domain};
pub use domains::Domains;
pub use failure::Failure;
pub use links::Links;
pub use platform::Platform;
pub use router::{RunningRouter, Transports, start_in_process, start_remote, start_router};
pub use settings::Settings;
pub use subgraph::{RunningSubgraph, start_subgraph};

/// Runs one command to its end.
///
/// # Errors
/// A [`Failure`], which knows the exit code.
pub fn run(cli: Cli) -> Result<(), Failure> {
    // Both ring and another provider may be in the tree; rustls does not choose by itself. A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::internal)?;
    runtime.block_on(command(cli))
}

async fn command(cli: Cli) -> Result<(), Failure> {
    let settings = || Settings::load(cli.config.as_deref());
    match cli.command {
        Command::Dev(options) => dev::run(settings()?, options).await,
        Command::Router(options) => router::run(settings()?, options).await,
        Command::Subgraph(options) => subgraph::run(settings()?, options).await,
        Command::Migrate(options) => migrate::run(settings()?, options).await,
        Command::Schema(options) => generated::run(&options).await,
        Command::Compose(options) => compose::run(&options, cli.config.as_deref()).await,
        Command::Plan(options) => plan::run(&options),
        Command::Seed(options) => seed::run(&settings()?, &options).await,
        Command::Keys(options) => keys::run(&options),
    }
}
