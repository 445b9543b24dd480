use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long a process may take to say what it is expected to, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to end after it was asked to.
const STOP: Duration = Duration::from_secs(30);

/// One process of the product. It is killed when the value is dropped.
#[derive(Debug)]
pub struct Process {
    pub(crate) name: String,
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Process {
    /// Starts it and waits for the address in the first line of its output that holds `marker`.
    ///
    /// # Panics
    /// When no such line comes.
    pub async fn start(mut command: Command, name: &str, marker: &'static str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the product's executable can be started");
        let (sender, lines) = mpsc::unbounded_channel();
        forward(child.stdout.take().expect("standard output is piped"), name, sender.clone());
        forward(child.stderr.take().expect("standard error is piped"), name, sender);
        let mut process = Self { name: name.to_owned(), address: ([0; 4], 0).into(), child, lines };
        process.address = process.says(marker, address).await;
        process
    }

    /// Waits until it writes a line that holds `marker`.
    ///
    /// # Panics
    /// When no such line comes.
    pub async fn has_said(&mut self, marker: &'static str) {
        self.says(marker, |_| Some(())).await;
    }

    async fn says<T>(&mut self, marker: &'static str, read: impl Fn(&str) -> Option<T>) -> T {
        let said = async {
            while let Some(line) = self.lines.recv().await {
                if let Some(found) = line.contains(marker).then(|| read(&line)).flatten() {
                    return Some(found);
                }
            }
            None
        };
        let said = tokio::time::timeout(PATIENCE, said).await.ok().flatten();
        said.unwrap_or_else(|| panic!("{} did not say {marker:?}; see its output", self.name))
    }

    /// Asks it to stop as a service manager does, and waits until it has.
    ///
    /// # Panics
    /// When it does not.
    pub async fn stop(&mut self) -> ExitStatus {
        self.end_by(Signal::SIGTERM).await
    }

    /// Asks it to stop as Ctrl-C does, and waits until it has.
    ///
    /// # Panics
    /// When it does not.
    pub async fn interrupt(&mut self) -> ExitStatus {
        self.end_by(Signal::SIGINT).await
    }

    /// Ends it with no chance to do anything about it.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn kill(&mut self) {
        self.end_by(Signal::SIGKILL).await;
    }

    async fn end_by(&mut self, signal: Signal) -> ExitStatus {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            kill(Pid::from_raw(id), signal).expect("our own child can be signalled");
        }
        let ended = tokio::time::timeout(STOP, self.child.wait()).await;
        ended
            .unwrap_or_else(|_| panic!("{} did not stop within {STOP:?}", self.name))
            .expect("our own child can be awaited")
    }
}

/// Hands on what the process writes, and shows it beside the test's own output.
fn forward(output: impl AsyncRead + Unpin + Send + 'static, name: &str, lines: mpsc::UnboundedSender<String>) {
    let name = name.to_owned();
    tokio::spawn(async move {
        let mut output = BufReader::new(output).lines();
        while let Ok(Some(line)) = output.next_line().await {
            eprintln!("[{name}] {line}");
            // Nobody listens any more once the process has been dropped.
            let _ = lines.send(line);
        }
    });
}

/// The first loopback address with a port in the text.
fn address(line: &str) -> Option<SocketAddr> {
    line.match_indices("127.").find_map(|(at, _)| {
        let from = &line[at..];
        let end = from.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(from.len());
        from[..end].trim_end_matches(['.', ':']).parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_banners_and_log_lines() {
        let expected: SocketAddr = ([127, 0, 0, 1], 4711).into();
        for line in [
            "  GraphQL  http://127.0.0.1:4711/graphql   (open it)",
            r#"{"fields":{"address":"127.0.0.1:4711"}}"#,
            "ready address=127.0.0.1:4711",
            "ready at 127.0.0.1:4711.",
        ] {
            assert_eq!(address(line), Some(expected), "{line}");
        }
        assert_eq!(address("at 12:00:00.127Z ready on 127.9.0.3:80"), Some(([127, 9, 0, 3], 80).into()));
        assert_eq!(address("ready"), None);
    }
}
