//! The program `with-servers`: what it hands on, and that nothing outlives it, however it ends.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reel_testkit::eventually;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// A shell command under `with-servers`, with its temporary files in `temporary`.
fn with_servers(temporary: &Path, script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-servers"));
    command.env("TMPDIR", temporary).args(["--", "sh", "-c", script]);
    command
}

/// A running one, the pipe that keeps its command running, and the process ids of its servers.
async fn running(mut command: Command) -> (Child, ChildStdin, Vec<i32>) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let state = lines.next_line().await.unwrap().unwrap();
    let pids = ["mysql.pid", "redis.pid"]
        .map(|file| std::fs::read_to_string(Path::new(&state).join(file)).unwrap().trim().parse::<i32>().unwrap());
    let lifeline = child.stdin.take().unwrap();
    (child, lifeline, pids.to_vec())
}

/// Prints the state directory, then waits for a signal or the end of its input.
const WAIT: &str = r#"url=${REELGRAPH_TEST_REDIS_URL#redis+unix://}; echo "${url%/run/redis.sock}"; exec cat"#;

fn runs(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}

#[tokio::test]
async fn the_exit_code_is_the_commands_and_nothing_is_left() {
    let temporary = tempfile::tempdir().unwrap();
    let script =
        r#"test -n "$REELGRAPH_TEST_MYSQL_URL" && test -S "${REELGRAPH_TEST_REDIS_URL#redis+unix://}" && exit 7"#;
    let status = with_servers(temporary.path(), script).status().await.unwrap();
    assert_eq!(status.code(), Some(7));
    assert!(is_empty(temporary.path()));
}

#[tokio::test]
async fn a_command_that_is_not_there_is_wrong_use() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-servers"));
    let output = command.env("TMPDIR", temporary.path()).arg("/no/such/command").output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("with-servers: cannot run /no/such/command: "));
    assert!(is_empty(temporary.path()));
}

#[tokio::test]
async fn a_signal_ends_the_command_then_the_servers() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let temporary = tempfile::tempdir().unwrap();
        let (mut child, _lifeline, servers) = running(with_servers(temporary.path(), WAIT)).await;
        assert!(servers.iter().all(|pid| runs(*pid)));
        kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), signal).unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(128 + signal as i32));
        assert!(!servers.iter().any(|pid| runs(*pid)));
        assert!(is_empty(temporary.path()));
    }
}

#[tokio::test]
async fn killing_it_leaves_nothing_that_runs_or_blocks_the_next_start() {
    let state = tempfile::tempdir().unwrap();
    let start = |script: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_with-servers"));
        command.arg("--state-dir").arg(state.path()).args(["sh", "-c", script]);
        command
    };
    let (mut child, _lifeline, servers) = running(start(WAIT)).await;
    child.kill().await.unwrap();
    // At once: the new one waits for the servers of the killed one by itself.
    assert!(start("exit 0").status().await.unwrap().success());
    assert!(!servers.iter().any(|pid| runs(*pid)));
}

#[tokio::test]
async fn killing_it_removes_the_data_of_tests_too() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, _lifeline, servers) = running(with_servers(temporary.path(), WAIT)).await;
    child.kill().await.unwrap();
    eventually("the servers end with their parent", async || !servers.iter().any(|pid| runs(*pid))).await;
    let state = std::fs::read_dir(temporary.path()).unwrap().next().unwrap().unwrap().path();
    eventually("the data is removed", async || !state.join("mysql/data").exists() && !state.join("redis").exists())
        .await;
}
