use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::Instant;

use crate::StartError;
use crate::directory::StateDirectory;
use crate::error::IoContext;

/// Longer than the script's own insistence.
const STOP_TIMEOUT: Duration = Duration::from_secs(25);

/// How a server is started.
pub(crate) struct Launch {
    pub(crate) program: &'static str,
    pub(crate) command: Vec<OsString>,
    pub(crate) log: PathBuf,
    /// What to remove when the server has ended.
    pub(crate) leftover: Option<PathBuf>,
}

/// A server under its script. Dropping it stops the server, without waiting for its end.
#[derive(Debug)]
pub(crate) struct ServerChild {
    program: &'static str,
    log: PathBuf,
    script: Child,
    /// The pipe that keeps the server running. It is not left in `script`, whose `wait` would close it.
    lifeline: Option<ChildStdin>,
}

impl ServerChild {
    pub(crate) fn start(launch: Launch, directory: &StateDirectory) -> Result<Self, StartError> {
        let Launch { program, command, log, leftover } = launch;
        let mut script = Command::new("/bin/sh")
            .arg(directory.script())
            .arg(&log)
            .arg(leftover.unwrap_or_default())
            .arg(directory.temporary_sockets().unwrap_or(Path::new("")))
            .args(command)
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(directory.servers_lock()?)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("run", Path::new("/bin/sh"))?;
        let lifeline = script.stdin.take();
        Ok(Self { program, log, script, lifeline })
    }

    /// Waits until `answers` says yes, at most `timeout` long.
    pub(crate) async fn wait_until<F>(&mut self, timeout: Duration, answers: F) -> Result<(), StartError>
    where
        F: AsyncFn() -> io::Result<bool>,
    {
        let deadline = Instant::now() + timeout;
        loop {
            if matches!(tokio::time::timeout_at(deadline, answers()).await, Ok(Ok(true))) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.script.try_wait() {
                return Err(self.failed(describe(status)));
            }
            if Instant::now() >= deadline {
                return Err(self.failed(format!("did not answer within {} s", timeout.as_secs())));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops the server and waits for its end; kills it when it takes too long.
    pub(crate) async fn stop(mut self) {
        drop(self.lifeline.take());
        if let Ok(Ok(status)) = tokio::time::timeout(STOP_TIMEOUT, self.script.wait()).await {
            tracing::debug!(server = self.program, %status, "stopped");
            return;
        }
        tracing::warn!(server = self.program, "does not stop and is killed");
        if let Some(group) = self.script.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _gone_already = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _status = self.script.wait().await;
    }

    /// Returns when the server has ended by itself, with what to tell people.
    pub(crate) async fn ended(&mut self) -> StartError {
        match self.script.wait().await {
            Ok(status) => self.failed(describe(status)),
            Err(error) => self.failed(format!("cannot be watched: {error}")),
        }
    }

    fn failed(&self, what: String) -> StartError {
        StartError::Failed { program: self.program, what, log: self.log.clone(), tail: tail(&self.log) }
    }
}

fn describe(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("was ended by signal {signal}"),
        None => format!("ended with status {}", status.code().unwrap_or_default()),
    }
}

/// What the log says about a failure: its last errors, or just its last lines.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let errors: Vec<&str> = lines.iter().copied().filter(|line| line.contains("ERROR")).collect();
    let telling = if errors.is_empty() { lines } else { errors };
    telling[telling.len().saturating_sub(4)..].join(" | ")
}
