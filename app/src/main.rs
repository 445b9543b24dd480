//! The one executable of Reelgraph.

use std::process::ExitCode;

use clap::Parser as _;
use reel_app::{Cli, run};

/// Answers are put together from many small pieces that live as long as a request; on several threads this takes less time
/// with it than with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("reelgraph: {failure}");
            failure.exit_code()
        }
    }
}
