//! The one executable of Reelgraph.

use std::process::ExitCode;

use clap::Parser as _;
use reel_app::{Cli, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("reelgraph: {failure}");
            failure.exit_code()
        }
    }
}
