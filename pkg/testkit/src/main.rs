//! `with-servers -- COMMAND…`: runs a command with a private MariaDB and Redis, whose addresses it finds in its
//! environment, and removes both when it ends. The exit code is the command's.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reel_devservers::{Options, Servers};
use reel_testkit::{MYSQL_URL, REDIS_URL};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// The code for wrong use, for example a server that is not installed.
const WRONG_USE: u8 = 2;

/// How long the command may take to end after a signal.
const GRACE: Duration = Duration::from_secs(20);

/// Runs a command with a private MariaDB and Redis.
#[derive(Debug, Parser)]
#[command(name = "with-servers")]
struct Arguments {
    /// Keep the data in this directory instead of removing it.
    #[arg(long, value_name = "DIRECTORY")]
    state_dir: Option<PathBuf>,
    /// The command, with its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("with-servers: {error:#}");
            ExitCode::from(WRONG_USE)
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    // The directory outlives the servers: it is removed when this function returns.
    let temporary = tempfile::Builder::new().prefix("reelgraph-test-").tempdir()?;
    let mut servers = match &arguments.state_dir {
        Some(directory) => Servers::start(directory, Options::lasting()).await?,
        None => Servers::start(temporary.path(), Options::ephemeral()).await?,
    };
    let outcome = run_command(&arguments.command, &mut servers, signals).await;
    servers.stop().await;
    outcome
}

async fn run_command(command: &[OsString], servers: &mut Servers, mut signals: Signals) -> anyhow::Result<ExitCode> {
    let mut child = spawn(command, servers)?;
    tokio::select! {
        status = child.wait() => return Ok(exit_code(status?)),
        signal = signals.next() => pass_on(&child, signal),
        error = servers.ended() => {
            eprintln!("with-servers: {error}");
            pass_on(&child, Signal::SIGTERM);
        }
    }
    match tokio::time::timeout(GRACE, child.wait()).await {
        Ok(status) => Ok(exit_code(status?)),
        Err(_) => {
            child.kill().await?;
            Ok(exit_code(child.wait().await?))
        }
    }
}

fn spawn(command: &[OsString], servers: &Servers) -> anyhow::Result<Child> {
    let (program, arguments) = command.split_first().context("no command given")?;
    let mut command = Command::new(program);
    command.args(arguments).env(MYSQL_URL, servers.mysql_url()).env(REDIS_URL, servers.redis_url());
    // `cargo run` describes this package to us. A cargo that we run would take it for its own and build things twice.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command.spawn().with_context(|| format!("cannot run {}", program.to_string_lossy()))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Hands a signal to the command, except for Ctrl-C in a terminal, which the terminal has handed to both of us.
fn pass_on(child: &Child, signal: Signal) {
    if signal == Signal::SIGINT && std::io::stdin().is_terminal() {
        return;
    }
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        let _ended_meanwhile = kill(Pid::from_raw(pid), signal);
    }
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT,
            _ = self.terminate.recv() => Signal::SIGTERM,
            _ = self.hangup.recv() => Signal::SIGHUP,
        }
    }
}
