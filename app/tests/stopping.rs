//! A process that is told to stop while it starts, from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks until there is an answer.
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Starts the command, and tells it to stop once it waits for this server, which takes connections and says nothing.
fn stop_while_it_waits(folder: &Path, arguments: &[&str], server: &TcpListener) -> ExitStatus {
    server.set_nonblocking(true).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelgraph"));
    command.current_dir(folder).args(arguments).args(["--config", "settings.yaml", "--listen", "127.0.0.1:0"]);
    let mut running = Running(command.spawn().unwrap());
    let _waits_here: TcpStream = wait_for("the connection", || {
        assert_eq!(running.0.try_wait().unwrap(), None, "it ended by itself");
        server.accept().ok().map(|(stream, _)| stream)
    });
    let stop = format!("kill -TERM {}", running.0.id());
    assert!(Command::new("sh").args(["-c", &stop]).status().unwrap().success());
    wait_for("its end", || running.0.try_wait().unwrap())
}

fn silent() -> (TcpListener, tempfile::TempDir) {
    (TcpListener::bind("127.0.0.1:0").unwrap(), tempfile::tempdir().unwrap())
}

#[test]
fn a_router_that_waits_for_the_schema_of_a_subgraph_stops_in_order() {
    let (server, folder) = silent();
    let url = format!("http://{}/graphql", server.local_addr().unwrap());
    let settings = format!(
        "router:\n  rest: {{ enabled: false }}\n  supergraph: {{ subgraphs: [{{ name: shop, url: \"{url}\" }}], \
         ask_timeout_ms: 600000 }}\n"
    );
    fs::write(folder.path().join("settings.yaml"), settings).unwrap();
    assert!(stop_while_it_waits(folder.path(), &["router"], &server).success());
}

#[test]
fn everything_in_one_process_stops_in_order_while_it_waits_for_its_database() {
    let (server, folder) = silent();
    let mysql = format!("mysql://root@{}", server.local_addr().unwrap());
    let settings = format!("mysql: {{ url: \"{mysql}\" }}\nredis: {{ url: \"redis://127.0.0.1:1/0\" }}\n");
    fs::write(folder.path().join("settings.yaml"), settings).unwrap();
    assert!(stop_while_it_waits(folder.path(), &["dev", "--no-demo", "--state-dir", "state"], &server).success());
}
