//! Every folder in `tests/cases` is a case: subgraphs in, and what composition has to say about them.
//!
//! A case holds `subgraphs/*.graphql` and either `supergraph.graphql` and `api.graphql` (with `hints.txt` where there
//! are hints) or `diagnostics.txt`. `UPDATE_CASES=1` writes the expected files anew: read the difference before it is
//! committed.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use hive_router_query_planner::{
    planner::{Planner, QueryPlannerOptions},
    utils::parsing::safe_parse_schema,
};
use reel_composition::{Code, Diagnostic, Subgraph, compose};

/// What a case expects, by file name.
type Expected = BTreeMap<&'static str, String>;

const EXPECTED_FILES: [&str; 4] = ["supergraph.graphql", "api.graphql", "hints.txt", "diagnostics.txt"];

#[test]
fn every_case_composes_as_recorded() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    let cases = cases();
    let wrong: Vec<_> = cases.iter().filter_map(|case| difference(case, update)).collect();
    assert!(!cases.is_empty(), "no cases found");
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_order_of_subgraphs_does_not_matter() {
    for case in cases() {
        let mut subgraphs = subgraphs(&case);
        let forward = outcome(&subgraphs);
        subgraphs.reverse();
        assert_eq!(forward, outcome(&subgraphs), "{}", case.display());
    }
}

#[test]
fn every_supergraph_loads_in_the_planner() {
    for case in cases() {
        let Ok(supergraph) = compose(&subgraphs(&case)) else { continue };
        let schema = safe_parse_schema(&supergraph.supergraph_sdl);
        let schema = schema.unwrap_or_else(|error| panic!("{}: {error}", case.display()));
        let planner = Planner::new_from_supergraph(&schema, QueryPlannerOptions::default());
        assert!(planner.is_ok(), "{}: {:?}", case.display(), planner.err());
        safe_parse_schema(&supergraph.api_sdl).unwrap_or_else(|error| panic!("{}: {error}", case.display()));
    }
}

#[test]
fn two_subgraphs_of_one_name_are_refused() {
    let subgraph = Subgraph { name: "a".to_owned(), url: None, sdl: "type Query { a: Int }".to_owned() };
    let errors = compose(&[subgraph.clone(), subgraph]).expect_err("the name is taken");
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [Code::InvalidSubgraphName]);
}

#[test]
fn every_code_has_a_case() {
    let recorded: String = cases()
        .iter()
        .flat_map(|case| ["hints.txt", "diagnostics.txt"].map(|file| fs::read_to_string(case.join(file))))
        .filter_map(Result::ok)
        .collect();
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !recorded.contains(&format!("[{code}]: "))).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn subgraphs(case: &Path) -> Vec<Subgraph> {
    let files = fs::read_dir(case.join("subgraphs")).expect("a case has a folder `subgraphs`");
    let mut subgraphs: Vec<_> = files.map(|entry| subgraph(&entry.unwrap().path())).collect();
    subgraphs.sort_by(|a, b| a.name.cmp(&b.name));
    subgraphs
}

fn subgraph(file: &Path) -> Subgraph {
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    Subgraph { url: Some(format!("http://{name}.test/graphql")), name, sdl: fs::read_to_string(file).unwrap() }
}

fn outcome(subgraphs: &[Subgraph]) -> Expected {
    match compose(subgraphs) {
        Ok(supergraph) => {
            let mut expected = BTreeMap::from([
                ("supergraph.graphql", supergraph.supergraph_sdl),
                ("api.graphql", supergraph.api_sdl),
            ]);
            if !supergraph.hints.is_empty() {
                expected.insert("hints.txt", text(&supergraph.hints));
            }
            expected
        }
        Err(errors) => BTreeMap::from([("diagnostics.txt", text(&errors))]),
    }
}

fn text(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

/// Compares a case with its files, or writes them.
fn difference(case: &Path, update: bool) -> Option<String> {
    let outcome = outcome(&subgraphs(case));
    let mut differs = Vec::new();
    for file in EXPECTED_FILES {
        let path = case.join(file);
        let recorded = fs::read_to_string(&path).ok();
        let found = outcome.get(file);
        if recorded.as_ref() == found {
            continue;
        }
        match found {
            Some(found) if update => fs::write(&path, found).unwrap(),
            None if update => fs::remove_file(&path).unwrap(),
            Some(found) => differs.push(format!("{} is now:\n{found}", path.display())),
            None => differs.push(format!("{} is recorded, but no longer the outcome", path.display())),
        }
    }
    (!differs.is_empty()).then(|| differs.join("\n"))
}
