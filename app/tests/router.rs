//! `reelgraph router` in front of subgraphs that its settings list, from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";

fn settings(folder: &Path, supergraph: &str) {
    let text = format!(
        "telemetry: {{ format: json }}\nrouter:\n  rest: {{ enabled: false }}\n  supergraph: {{ {supergraph} }}\n"
    );
    fs::write(folder.join("settings.yaml"), text).unwrap();
}

fn router(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelgraph"));
    command.current_dir(folder).args(["router", "--config", "settings.yaml", "--listen", "127.0.0.1:0"]);
    command
}

/// Ends the process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address that the log names once the router is ready.
fn address(running: &mut Running) -> String {
    let log = BufReader::new(running.0.stderr.take().unwrap());
    let mut lines = log.lines().map(|line| line.unwrap());
    let ready = lines.find(|line| line.contains("the router is ready")).unwrap();
    // Whatever else is logged must have somewhere to go.
    std::thread::spawn(move || lines.for_each(drop));
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let address = ready.pointer("/fields/address").or(ready.get("address")).unwrap();
    address.as_str().unwrap().to_owned()
}

async fn has_type(address: &str, name: &str) -> bool {
    let query = json!({ "query": format!("{{ __type(name: \"{name}\") {{ name }} }}") });
    let answer = reqwest::Client::new().post(format!("http://{address}/graphql")).json(&query).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["data"]["__type"]["name"] == name
}

#[tokio::test]
async fn a_graph_composed_of_listed_subgraphs_is_served_and_follows_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.graphql");
    fs::write(&file, format!("{LINK} type Query {{ a: A }} type A {{ b: Int }}")).unwrap();
    settings(
        folder.path(),
        "subgraphs: [{ name: shop, url: \"http://shop.test/graphql\", file: shop.graphql }], poll_ms: 20",
    );
    let mut running = Running(router(folder.path()).stderr(Stdio::piped()).spawn().unwrap());
    let address = address(&mut running);
    assert!(has_type(&address, "A").await && !has_type(&address, "Newer").await);
    fs::write(&file, format!("{LINK} type Query {{ a: Newer }} type Newer {{ b: Int }}")).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !has_type(&address, "Newer").await {
        assert!(Instant::now() < patience, "the changed schema was not served");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn subgraphs_that_do_not_compose_are_printed_with_their_lines_and_exit_with_1() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.graphql"), "type Query {\n  a: Missing\n}\n").unwrap();
    settings(folder.path(), "subgraphs: [{ name: shop, url: \"http://shop.test/graphql\", file: shop.graphql }]");
    let output = router(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error[") && text.contains(" --> shop.graphql:2:"), "{text}");
    assert!(text.contains("the subgraphs do not compose: 1 error"), "{text}");
}

#[test]
fn subgraphs_that_cannot_be_read_exit_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for (supergraph, says) in [
        ("subgraphs: [{ name: shop, file: missing.graphql }]", "shop: cannot read missing.graphql"),
        ("subgraphs: [{ name: shop, url: \"http://127.0.0.1:1/g\" }]", "shop: http://127.0.0.1:1/g cannot be reached"),
        (
            "subgraphs: [{ name: shop, file: a.graphql }], file: b.graphql",
            "name a `file` or list `subgraphs`, not both",
        ),
        ("subgraphs: [{ name: shop, flie: a.graphql }]", "flie"),
    ] {
        settings(folder.path(), supergraph);
        let output = router(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(says), "{text}");
    }
}
