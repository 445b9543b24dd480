//! The servers are started and stopped for real. What happens when their parent is killed is tested with the
//! `with-servers` program of reel-testkit.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use reel_devservers::{Options, Servers, StartError};

fn sockets(servers: &Servers) -> (PathBuf, PathBuf) {
    let mysql = servers.mysql_url().split_once("socket=").unwrap().1;
    let redis = servers.redis_url().strip_prefix("redis+unix://").unwrap();
    (mysql.into(), redis.into())
}

fn redis(socket: &Path, command: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
    let mut answer = vec![0; 64];
    let length = stream.read(&mut answer).unwrap();
    String::from_utf8(answer[..length].to_vec()).unwrap()
}

fn pid(directory: &Path, file: &str) -> i32 {
    std::fs::read_to_string(directory.join(file)).unwrap().trim().parse().unwrap()
}

fn runs(pid: i32) -> bool {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
}

#[tokio::test]
async fn data_is_kept_between_runs_and_nothing_runs_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let servers = Servers::start(directory.path(), Options::lasting()).await.unwrap();
    let (mysql, socket) = sockets(&servers);
    assert!(UnixStream::connect(&mysql).is_ok());
    assert!(redis(&socket, "SET kept yes").starts_with("+OK"));
    let pids = [pid(directory.path(), "mysql.pid"), pid(directory.path(), "redis.pid")];
    assert!(pids.into_iter().all(runs));
    servers.stop().await;
    assert!(!pids.into_iter().any(runs));

    let servers = Servers::start(directory.path(), Options::lasting()).await.unwrap();
    assert!(redis(&socket, "GET kept").contains("yes"));
    servers.stop().await;
}

#[tokio::test]
async fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let directory = tempfile::tempdir().unwrap();
    let servers = Servers::start(directory.path(), Options::ephemeral()).await.unwrap();
    let refusal = Servers::start(directory.path(), Options::ephemeral()).await.expect_err("one owner only");
    assert!(matches!(refusal, StartError::InUse { .. }), "{refusal}");
    assert!(refusal.to_string().contains(&format!("({})", std::process::id())), "{refusal}");
    servers.stop().await;
}

#[tokio::test]
async fn dropping_stops_the_servers_and_a_new_start_waits_for_them() {
    let directory = tempfile::tempdir().unwrap();
    let servers = Servers::start(directory.path(), Options::lasting()).await.unwrap();
    let first = pid(directory.path(), "mysql.pid");
    drop(servers);
    let servers = Servers::start(directory.path(), Options::lasting()).await.unwrap();
    assert!(!runs(first));
    assert_ne!(pid(directory.path(), "mysql.pid"), first);
    servers.stop().await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_and_full_of_odd_characters_works() {
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("a & b %20 ".repeat(12));
    let servers = Servers::start(&directory, Options::ephemeral()).await.unwrap();
    let (mysql, redis) = sockets(&servers);
    assert!(mysql.as_os_str().len() < 104, "{}", mysql.display());
    assert!(UnixStream::connect(&mysql).is_ok() && UnixStream::connect(&redis).is_ok());
    servers.stop().await;
    assert!(!mysql.parent().unwrap().exists(), "the temporary directory of the sockets goes with the servers");
    assert!(!directory.join("mysql/data").exists(), "ephemeral data goes with the servers");
}

#[tokio::test]
async fn the_end_of_a_server_is_noticed_and_watching_does_not_stop_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut servers = Servers::start(directory.path(), Options::ephemeral()).await.unwrap();
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(100), servers.ended()).await;
    assert!(quiet.is_err(), "nothing has ended yet");
    let redis = pid(directory.path(), "redis.pid");
    assert!(runs(redis));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(redis), nix::sys::signal::Signal::SIGKILL).unwrap();
    assert!(servers.ended().await.to_string().starts_with("redis-server ended with status 137"));
    servers.stop().await;
}
