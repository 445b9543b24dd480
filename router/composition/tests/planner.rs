//! The supergraph of our own four subgraphs, in the planner that the router uses.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::Path, time::Duration};

use hive_router_query_planner::{
    ast::normalization::normalize_operation,
    planner::{Planner, QueryPlannerOptions},
    utils::{
        cancellation::CancellationToken,
        parsing::{safe_parse_operation, safe_parse_schema},
    },
};
use reel_composition::{Subgraph, compose};

const POPULAR: &str = r"
  query Popular {
    popularVideos(first: 3) {
      edges { node {
        title
        likeCount
        viewerHasLiked
        author { username viewerIsFollowing }
        comments(first: 2) { edges { node { content author { username } } } }
      } }
    }
  }
";

#[test]
fn a_query_over_all_four_subgraphs_is_planned() {
    let plan = plan(POPULAR);
    for subgraph in ["user", "video", "interaction", "social"] {
        assert!(plan.contains(&format!("service: \"{subgraph}\"")), "no fetch from {subgraph} in:\n{plan}");
    }
}

#[test]
fn a_key_of_another_subgraph_needs_no_fetch_from_it() {
    let plan = plan("{ video(id: 1) { author { id } } }");
    assert!(plan.contains("service: \"video\""), "{plan}");
    assert!(!plan.contains("service: \"user\""), "{plan}");
}

#[test]
fn the_planner_sees_which_fields_need_a_viewer() {
    let planner = planner();
    let mutation = &planner.supergraph.definitions["Mutation"];
    assert!(!mutation.fields()["likeVideo"].authenticated.is_empty());
    assert!(mutation.fields()["logIn"].authenticated.is_empty());
}

fn planner() -> Planner {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/reelgraph/subgraphs");
    let subgraphs = ["user", "video", "interaction", "social"].map(|name| Subgraph {
        name: name.to_owned(),
        url: Some(format!("http://{name}.test/graphql")),
        sdl: fs::read_to_string(folder.join(format!("{name}.graphql"))).unwrap(),
    });
    let supergraph = compose(&subgraphs).unwrap();
    let schema = safe_parse_schema(&supergraph.supergraph_sdl).unwrap();
    Planner::new_from_supergraph(&schema, QueryPlannerOptions::default()).unwrap()
}

fn plan(operation: &str) -> String {
    let planner = planner();
    let document = safe_parse_operation(operation).unwrap();
    let normalized = normalize_operation(&planner.supergraph, &document, None).unwrap();
    let operation = normalized.executable_operation();
    let deadline = CancellationToken::with_timeout(Duration::from_secs(5));
    planner.plan_from_normalized_operation(operation, Default::default(), &deadline).unwrap().to_string()
}
