//! The executable that the end-to-end tests start. It is `reelgraph` itself under another name: a test finds only its
//! own package's programs, and those it finds are never out of date.

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
