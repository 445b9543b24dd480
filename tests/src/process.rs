use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long a process may take to say that it is ready, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(60);
/// How long it may take to end after it was asked to.
const STOP: Duration = Duration::from_secs(30);

/// One process of the product. It is killed when the value is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Process {
    /// Starts it and waits for the address in the first line of its output that holds `marker`.
    pub(crate) async fn start(mut command: Command, name: &str, marker: &'static str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the product's executable can be started");
        let (lines, mut read) = mpsc::unbounded_channel();
        forward(child.stdout.take().expect("standard output is piped"), name, lines.clone());
        forward(child.stderr.take().expect("standard error is piped"), name, lines);
        let announced = async {
            while let Some(line) = read.recv().await {
                if let Some(address) = line.contains(marker).then(|| address(&line)).flatten() {
                    return Some(address);
                }
            }
            None
        };
        let address = tokio::time::timeout(START, announced).await.ok().flatten();
        let address =
            address.unwrap_or_else(|| panic!("{name} did not say {marker:?} with its address; see its output"));
        Self { name: name.to_owned(), address, child }
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Panics
    /// When it does not.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            kill(Pid::from_raw(id), Signal::SIGTERM).expect("our own child can be signalled");
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
            // Nobody listens any more once the address is known.
            let _ = lines.send(line);
        }
    });
}

/// The first `127.0.0.1:PORT` in the text.
fn address(line: &str) -> Option<SocketAddr> {
    let from = &line[line.find("127.0.0.1:")?..];
    let end = from.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(from.len());
    from[..end].trim_end_matches(['.', ':']).parse().ok()
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
        assert_eq!(address("ready"), None);
    }
}
