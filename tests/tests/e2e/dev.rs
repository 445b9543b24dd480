//! `reelgraph dev` as it comes: over servers of its own in a state directory, with the demo's content.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use reel_e2e::{Client, PASSWORD, Process};
use reel_testkit::eventually;
use serde_json::json;
use tokio::process::Command;

use crate::PROGRAM;

fn dev(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["dev", "--listen", "127.0.0.1:0", "--state-dir"]).arg(state).args(arguments);
    command
}

async fn start(state: &Path, arguments: &[&str]) -> (Process, Client) {
    let process = Process::start(dev(state, arguments), "dev", "/graphql").await;
    let client = Client::new(format!("http://{}", process.address));
    client.is_ready().await;
    (process, client)
}

/// Whether no process has the directory in its command line.
fn is_unused(state: &Path) -> bool {
    let state = state.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    commands.into_iter().all(|command| !String::from_utf8_lossy(&command).contains(state))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_published_on_the_first_start_and_is_still_there_on_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let document = "{ popularVideos(first: 20) { totalCount edges { node { title author { username } likeCount \
        comments { totalCount } } } } }";
    let (mut first, client) = start(directory.path(), &[]).await;
    first.has_said("demo: ready").await;
    let published = client.graphql(document, json!({})).await.data().clone();
    assert!(published["popularVideos"]["totalCount"].as_i64() >= Some(4), "{published}");
    assert!(first.interrupt().await.success());
    eventually("nothing is left running", async || is_unused(directory.path())).await;

    let (mut second, client) = start(directory.path(), &[]).await;
    assert_eq!(client.graphql(document, json!({})).await.data(), &published);
    let ana = client.post("/user/login", &[("username", "ana"), ("password", "reelgraph")]).await;
    assert_eq!(ana.data()["username"], "ana");
    assert!(second.stop().await.success());
    eventually("nothing is left running", async || is_unused(directory.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_was_killed_does_not_block_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let (mut first, client) = start(directory.path(), &["--no-demo"]).await;
    let cy = [("username", "cy"), ("password", PASSWORD)];
    client.post("/user/register", &cy).await.data();
    first.kill().await;

    let (mut second, client) = start(directory.path(), &["--no-demo"]).await;
    assert_eq!(client.post("/user/login", &cy).await.data()["username"], "cy");
    second.kill().await;
    eventually("nothing is left running", async || is_unused(directory.path())).await;
}

#[tokio::test]
async fn wrong_use_gets_one_line_and_status_2_before_anything_is_started() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let wrong: [(&[&str], &str, &str, &str); 6] = [
        (&["--listen", &taken], "", "", &taken),
        (&[], "REELGRAPH__ROUTER__LIMITS__DEPHT", "9", "depht"),
        (&[], "REELGRAPH__ROUTER__LIMITS__DEPTH", "deep", "depth"),
        (&[], "REELGRAPH__VIDEO__FFMPEG", "/nowhere/ffmpeg", "video.ffmpeg"),
        (&[], "REELGRAPH__MYSQL__URL", "postgres://127.0.0.1", "mysql.url"),
        (&[], "REELGRAPH__REDIS__URL", "http://127.0.0.1", "redis.url"),
    ];
    for (arguments, variable, value, named) in wrong {
        let mut command = Command::new(PROGRAM);
        command.args(["dev", "--no-demo", "--state-dir"]).arg(&state);
        command.args(if arguments.is_empty() { &["--listen", "127.0.0.1:0"] } else { arguments });
        if !variable.is_empty() {
            command.env(variable, value);
        }
        let Output { status, stdout, stderr } = command.output().await.unwrap();
        let text = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{named}: {text}");
        assert!(text.lines().count() == 1 && text.contains(named), "{named}: {text}");
        assert_eq!(stdout, b"", "{named}");
        assert!(!state.join("mysql").exists(), "{named}");
    }
}
