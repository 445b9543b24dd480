//! `reelgraph plan`, from outside. Every folder in `plans/cases` is a case over the graph of `plans/subgraphs`: an operation,
//! with further arguments in a first line that begins with `#!`, and what is printed: as text, as JSON, and what is wrong.
//! `UPDATE_CASES=1` writes the expected files anew: read the difference before it is committed.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use reel_composition::{Subgraph, compose};
use serde_json::Value;

/// A folder with the supergraph and an operation.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        Subgraph { url: None, name, sdl: fs::read_to_string(path).unwrap() }
    };
    let subgraphs: Vec<_> = entries("subgraphs").into_iter().map(file).collect();
    fs::write(folder.path().join("supergraph.graphql"), compose(&subgraphs).unwrap().supergraph_sdl).unwrap();
    fs::write(folder.path().join("operation.graphql"), "{ me { name } }").unwrap();
    folder
}

fn entries(under: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans").join(under);
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn plan(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelgraph"));
    command.current_dir(folder).env_remove("REELGRAPH_CONFIG").arg("plan").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    // Who does not read what it is given has said so in its exit code.
    let _ = running.stdin.take().unwrap().write_all(input.as_bytes());
    running.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_case_is_explained_as_recorded() {
    let folder = folder();
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let cases = entries("cases");
    let wrong: Vec<_> = cases.iter().filter_map(|case| difference(case, folder.path(), update)).collect();
    assert!(!cases.is_empty(), "no cases found");
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Compares a case with its files, or writes them.
fn difference(case: &Path, folder: &Path, update: bool) -> Option<String> {
    let operation = fs::read_to_string(case.join("operation.graphql")).unwrap();
    let options = operation.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let arguments: Vec<&str> =
        ["--supergraph", "supergraph.graphql"].into_iter().chain(options.split_whitespace()).chain(["-"]).collect();
    let as_text = plan(folder, &arguments, &operation);
    let as_json = plan(folder, &[&arguments[..], &["--json"]].concat(), &operation);
    let code = i32::from(!as_text.stderr.is_empty());
    assert_eq!((as_text.status.code(), as_json.status.code()), (Some(code), Some(code)), "{}", case.display());
    let found = [
        ("plan.txt", text(&as_text.stdout)),
        ("plan.json", text(&as_json.stdout)),
        ("errors.txt", text(&as_text.stderr)),
    ];
    let mut differs = Vec::new();
    for (file, found) in found {
        let path = case.join(file);
        if fs::read_to_string(&path).unwrap_or_default() == found {
            continue;
        }
        match found.is_empty() {
            _ if !update => differs.push(format!("{} is now:\n{found}", path.display())),
            true => fs::remove_file(&path).unwrap(),
            false => fs::write(&path, found).unwrap(),
        }
    }
    (!differs.is_empty()).then(|| differs.join("\n"))
}

#[test]
fn what_is_printed_alone_can_be_planned_again() {
    let folder = folder();
    let arguments = ["--supergraph", "supergraph.graphql", "--show", "normalised", "-"];
    let operation = "query ($n: Int) { products(first: $n) { ...F name } } fragment F on Product { name stock }";
    let once = text(&plan(folder.path(), &arguments, operation).stdout);
    assert_eq!(text(&plan(folder.path(), &arguments, &once).stdout), once);
    assert!(once.starts_with("query"), "{once}");
}

#[test]
fn a_file_is_named_where_its_lines_are_shown() {
    let folder = folder();
    fs::write(folder.path().join("wrong.graphql"), "{\n  me { nmae }\n}\n").unwrap();
    let output = plan(folder.path(), &["--supergraph", "supergraph.graphql", "wrong.graphql"], "");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
    let lines = " --> wrong.graphql:2:8\n  |\n2 |   me { nmae }\n  |        ^^^^\n";
    assert!(text(&output.stderr).contains(lines), "{}", text(&output.stderr));
}

#[test]
fn variables_may_be_in_a_file() {
    let folder = folder();
    fs::write(folder.path().join("variables.json"), r#"{"full": true}"#).unwrap();
    let operation = "query ($full: Boolean!) { me @include(if: $full) { name } }";
    let arguments = ["--supergraph", "supergraph.graphql", "--json", "--variables", "@variables.json", "-"];
    let output: Value = serde_json::from_slice(&plan(folder.path(), &arguments, operation).stdout).unwrap();
    assert_eq!(output["fetches"][0]["skipped"], false);
}

#[test]
fn wrong_use_exits_with_2_and_says_what_to_do() {
    let folder = folder();
    fs::write(folder.path().join("schema.graphql"), "type Query { a: Int }").unwrap();
    for (arguments, says) in [
        (&[][..], "<FILE>"),
        (&["missing.graphql"], "cannot read missing.graphql"),
        (&["operation.graphql", "--supergraph", "missing.graphql"], "cannot read missing.graphql"),
        (&["operation.graphql", "--supergraph", "schema.graphql"], "make it with `reelgraph compose`"),
        (&["operation.graphql", "--show", "everything"], "[possible values: normalised, plan, fetches]"),
        (&["operation.graphql", "--variables", "first=3"], "--variables: no JSON"),
        (&["operation.graphql", "--variables", "[3]"], "give a JSON object"),
        (&["operation.graphql", "--variables", "@missing.json"], "cannot read missing.json"),
    ] {
        let output = plan(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(says), "{arguments:?}: {}", text(&output.stderr));
    }
}
