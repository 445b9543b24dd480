//! `reelgraph compose`, from outside.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};

const USER: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])\n\
                    type Query { user: User }\n\
                    type User @key(fields: \"id\") { id: ID! name: String }\n";

const VIDEO: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])\n\
                     type User @key(fields: \"id\") { id: ID! videos: [String] }\n";

/// Resolves a field of the user service, too.
const RIVAL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])\n\
                     type User @key(fields: \"id\") {\n  id: ID!\n  name: String\n}\n";

fn compose(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelgraph"));
    command.current_dir(folder).env_remove("REELGRAPH_CONFIG").arg("compose").args(arguments).output().unwrap()
}

fn files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, sdl) in [("user", USER), ("video", VIDEO), ("rival", RIVAL)] {
        fs::write(folder.path().join(format!("{name}.graphql")), sdl).unwrap();
    }
    folder
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A subgraph that answers every request with one document.
async fn serve(answer: Value) -> String {
    let app = Router::new().route("/graphql", post(move || async move { Json(answer) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/graphql")
}

async fn compose_async(folder: &Path, arguments: Vec<String>) -> Output {
    let folder = folder.to_owned();
    let run = move || compose(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[test]
fn files_that_fit_together_print_a_supergraph_or_the_api_schema() {
    let folder = files();
    let supergraph = compose(folder.path(), &["user=user.graphql", "video=video.graphql"]);
    assert_eq!(supergraph.status.code(), Some(0), "{}", stderr(&supergraph));
    assert!(stdout(&supergraph).contains("enum join__Graph"));
    let api = compose(folder.path(), &["--api", "user=user.graphql", "video=video.graphql"]);
    assert!(stdout(&api).contains("videos: [String]") && !stdout(&api).contains("join__"));
}

#[test]
fn an_output_file_takes_the_schema_and_nothing_is_printed() {
    let folder = files();
    let output = compose(folder.path(), &["user=user.graphql", "--output", "supergraph.graphql"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""));
    assert!(fs::read_to_string(folder.path().join("supergraph.graphql")).unwrap().contains("enum join__Graph"));
}

#[test]
fn errors_are_printed_with_their_lines_and_exit_with_1() {
    let folder = files();
    let output = compose(folder.path(), &["user=user.graphql", "rival=rival.graphql"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    let text = stderr(&output);
    assert!(text.contains("error[INVALID_FIELD_SHARING]: User.name is resolved by \"rival\" and \"user\""), "{text}");
    let line = " --> rival.graphql:4:3 (subgraph \"rival\")\n  |\n4 |   name: String\n  |   ^^^^\n";
    assert!(text.contains(line), "{text}");
    assert!(!text.contains('\x1b'), "a pipe gets no colours: {text}");
}

#[test]
fn a_failed_composition_leaves_the_output_file_alone() {
    let folder = files();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, "the last good one").unwrap();
    compose(folder.path(), &["user=user.graphql", "rival=rival.graphql", "-o", "supergraph.graphql"]);
    assert_eq!(fs::read_to_string(file).unwrap(), "the last good one");
}

#[test]
fn machines_get_one_json_document() {
    let folder = files();
    let good: Value = serde_json::from_slice(&compose(folder.path(), &["--json", "user=user.graphql"]).stdout).unwrap();
    assert_eq!((&good["composed"], &good["diagnostics"]), (&json!(true), &json!([])));
    assert!(good["schema"].as_str().unwrap().contains("enum join__Graph"));
    let output = compose(folder.path(), &["--json", "user=user.graphql", "rival=rival.graphql"]);
    assert_eq!(output.status.code(), Some(1));
    let bad: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(bad["diagnostics"][0]["code"], "INVALID_FIELD_SHARING");
    let place = json!({ "subgraph": "rival", "source": "rival.graphql", "line": 4, "column": 3 });
    assert_eq!(bad["diagnostics"][0]["places"][0], place);
}

#[test]
fn wrong_use_exits_with_2_and_says_what_to_do() {
    let folder = files();
    fs::write(folder.path().join("empty.yaml"), "subgraphs: []").unwrap();
    fs::write(folder.path().join("typo.yaml"), "subgraphs: [{ name: a, flie: a.graphql }]").unwrap();
    fs::write(folder.path().join("nothing.yaml"), "subgraphs: [{ name: a }]").unwrap();
    for (arguments, says) in [
        (&["user.graphql"][..], "neither NAME=FILE nor NAME=URL"),
        (&["user=missing.graphql"], "cannot read missing.graphql"),
        (&[], "name the subgraphs as NAME=FILE or NAME=URL"),
        (&["--config", "missing.yaml"], "cannot read missing.yaml"),
        (&["--config", "empty.yaml"], "lists no subgraphs"),
        (&["--config", "typo.yaml"], "unknown field `flie`"),
        (&["--config", "nothing.yaml"], "give it a `file` or a `url`"),
        (&["user=user.graphql", "--timeout", "0"], "--timeout"),
        (&["user=http://me:secret@user.test/graphql"], "user: its address holds a user name or a password"),
    ] {
        let output = compose(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
}

#[tokio::test]
async fn running_subgraphs_are_asked_for_their_schemas() {
    let url = serve(json!({ "data": { "_service": { "sdl": VIDEO } } })).await;
    let folder = files();
    let output = compose_async(folder.path(), vec!["user=user.graphql".to_owned(), format!("video={url}")]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains(&format!("VIDEO @join__graph(name: \"video\", url: \"{url}\")")));
}

#[tokio::test]
async fn a_list_gives_files_and_addresses_and_puts_the_addresses_into_the_supergraph() {
    let url = serve(json!({ "data": { "_service": { "sdl": VIDEO } } })).await;
    let folder = files();
    fs::create_dir(folder.path().join("lists")).unwrap();
    let user = "{ name: user, url: \"http://user.test/graphql\", file: ../user.graphql }";
    let list = format!("subgraphs:\n  - {user}\n  - {{ name: video, url: \"{url}\" }}\n");
    fs::write(folder.path().join("lists/graph.yaml"), list).unwrap();
    let output = compose_async(folder.path(), vec!["--config".to_owned(), "lists/graph.yaml".to_owned()]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("USER @join__graph(name: \"user\", url: \"http://user.test/graphql\")"));
    assert!(stdout(&output).contains(&format!("VIDEO @join__graph(name: \"video\", url: \"{url}\")")));
}

#[tokio::test]
async fn a_subgraph_that_does_not_tell_its_schema_is_named_with_the_reason() {
    let folder = files();
    for (answer, says) in [
        (json!({ "errors": [{ "message": "not for you" }] }), "does not tell its schema: not for you"),
        (json!({ "data": {} }), "without `_service { sdl }`"),
        (json!({ "data": { "_service": { "sdl": "x".repeat(17 * 1024 * 1024) } } }), "more than 16 MiB"),
    ] {
        let url = serve(answer).await;
        let output = compose_async(folder.path(), vec![format!("video={url}")]).await;
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(&format!("video: {url}")), "{}", stderr(&output));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", silent.local_addr().unwrap());
    let arguments = vec![format!("video={url}"), "--timeout".to_owned(), "1".to_owned()];
    let output = compose_async(folder.path(), arguments).await;
    assert!(stderr(&output).contains("does not answer in time"), "{}", stderr(&output));
}
