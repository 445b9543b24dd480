//! What is counted, and under which labels. Each test has a process of its own, so the counts are its own.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::body::Body;
use http::Request;
use reel_config::Seconds;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::shop::{PRODUCTS, STARS, shop};
use crate::world::{World, WorldBuilder, data, silent_world, world};

const TRUSTED: &str = "query Trusted { user(id: 1) { username } }";

/// The series by name and labels.
fn series() -> BTreeMap<String, f64> {
    let text = reel_telemetry::metrics_text();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| line.rsplit_once(' ').map(|(series, value)| (series.to_owned(), value.parse().unwrap()));
    lines.map(|line| pair(line).unwrap()).collect()
}

#[track_caller]
fn counted(expected: &[(&str, f64)]) {
    let series = series();
    for (name, value) in expected {
        assert_eq!(series.get(*name), Some(value), "{name} in {series:#?}");
    }
}

fn answering() -> WorldBuilder {
    world(|_| data(json!({ "user": { "__typename": "User", "id": "1", "username": "ana" } })))
}

fn manifest(documents: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let entries = documents.iter().map(|text| (hash(text), Value::from(*text)));
    std::fs::write(&path, Value::from(entries.collect::<serde_json::Map<_, _>>()).to_string()).unwrap();
    (folder, path)
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn post(world: &World, body: &Value) -> Value {
    let request = Request::post("/graphql").header("content-type", "application/json");
    world.send(request.body(Body::from(body.to_string())).unwrap()).await.json()
}

#[tokio::test]
async fn operations_are_counted_by_the_names_of_trusted_documents_only() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let (_folder, path) = manifest(&[TRUSTED, "{ user(id: 1) { username } }", "query A { nothing }"]);
    let world = answering().settings(|settings| settings.documents.manifest = Some(path)).start().await;
    for text in [TRUSTED, TRUSTED, "{ user(id: 1) { username } }", "query A { nothing }", "query B { user }"] {
        post(&world, &json!({ "query": text })).await;
    }
    // A name that the document does not have is the client's.
    post(&world, &json!({ "query": TRUSTED, "operationName": "Mine" })).await;
    counted(&[
        (r#"reelgraph_operations_total{operation="Trusted",outcome="ok"}"#, 2.0),
        (r#"reelgraph_operations_total{operation="unnamed",outcome="ok"}"#, 1.0),
        (r#"reelgraph_operations_total{operation="A",outcome="refused"}"#, 1.0),
        (r#"reelgraph_operations_total{operation="other",outcome="refused"}"#, 2.0),
        (r#"reelgraph_operation_duration_seconds_count{operation="Trusted"}"#, 2.0),
        (r#"reelgraph_operation_duration_seconds_bucket{operation="Trusted",le="+Inf"}"#, 2.0),
    ]);
}

#[tokio::test]
async fn a_thousand_invented_names_make_no_series() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let world = answering().start().await;
    let invent = |number: usize| {
        let name = format!("Invented{number}");
        // Some are executed, the others have no such operation or are no documents.
        match number % 10 {
            0 => json!({ "query": format!("query {name} {{ user(id: 1) {{ username }} }}"), "operationName": name }),
            1..5 => json!({ "query": "{ __typename }", "operationName": name }),
            5..8 => json!({ "query": name, "operationName": name }),
            _ => json!({ "documentId": format!("sha256:{}", hash(&name)), "operationName": name }),
        }
    };
    for number in 0..10 {
        post(&world, &invent(number)).await;
    }
    let before: Vec<String> = series().into_keys().collect();
    for number in 10..1_000 {
        post(&world, &invent(number)).await;
    }
    assert_eq!(series().into_keys().collect::<Vec<_>>(), before);
    counted(&[
        (r#"reelgraph_operations_total{operation="other",outcome="ok"}"#, 100.0),
        (r#"reelgraph_operations_total{operation="other",outcome="refused"}"#, 700.0),
        (r#"reelgraph_automatic_documents_total{outcome="miss"}"#, 200.0),
    ]);
}

#[tokio::test]
async fn rest_endpoints_are_counted_by_the_names_of_their_documents() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let world = answering().start().await;
    world.as_ana("GET", "/user/info?user_id=1", "").await;
    let series = series();
    let counted =
        |outcome: &str| series[&format!(r#"reelgraph_operations_total{{operation="UserInfo",outcome="{outcome}"}}"#)];
    assert_eq!(counted("ok") + counted("errors"), 1.0);
    assert!(series.contains_key(r#"reelgraph_operations_total{operation="PopularVideos",outcome="ok"}"#));
}

#[tokio::test]
async fn plans_and_documents_that_are_found_again_are_told_apart_from_new_ones() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let world = answering().start().await;
    let by_hash = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash(TRUSTED) } } });
    let mut with_text = by_hash.clone();
    with_text["query"] = TRUSTED.into();
    for body in [&by_hash, &with_text, &by_hash, &by_hash] {
        post(&world, body).await;
    }
    counted(&[
        (r#"reelgraph_automatic_documents_total{outcome="miss"}"#, 1.0),
        (r#"reelgraph_automatic_documents_total{outcome="stored"}"#, 1.0),
        (r#"reelgraph_automatic_documents_total{outcome="hit"}"#, 2.0),
        (r#"reelgraph_plan_cache_lookups_total{outcome="miss"}"#, 1.0),
        (r#"reelgraph_plan_cache_lookups_total{outcome="hit"}"#, 2.0),
        ("reelgraph_plan_cache_entries", 1.0),
        ("reelgraph_operations_planned_total", 1.0),
    ]);
}

#[tokio::test]
async fn a_limit_that_is_hit_is_counted_by_its_code() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let limited = silent_world().settings(|settings| {
        settings.limits.body_bytes = 2_000;
        settings.limits.depth = 2;
        settings.limits.aliases = 1;
    });
    let limited = limited.start().await;
    for text in ["{ viewer { videos(first: 1) { edges { node { id } } } } }", "{ a: __typename b: __typename }"] {
        post(&limited, &json!({ "query": text })).await;
    }
    post(&limited, &json!({ "query": " ".repeat(2_000) })).await;
    limited.anonymous("POST", "/user/login", &format!("username={}", "a".repeat(2_000))).await;
    let slow = world(|_| json!("never")).settings(|settings| settings.limits.deadline_s = Seconds(1)).start().await;
    post(&slow, &json!({ "query": "{ user(id: 1) { username } }" })).await;
    let short = world(|_| json!("never")).settings(|settings| settings.limits.answer_bytes = 1).start().await;
    post(&short, &json!({ "query": "{ __typename }" })).await;
    let hit = |code: &str| format!(r#"reelgraph_limits_hit_total{{code="{code}"}}"#);
    counted(&[
        (&hit("DEPTH_LIMIT_EXCEEDED"), 1.0),
        (&hit("ALIAS_LIMIT_EXCEEDED"), 1.0),
        (&hit("PAYLOAD_TOO_LARGE"), 2.0),
        (&hit("TIMEOUT"), 1.0),
        (&hit("ANSWER_LIMIT_EXCEEDED"), 1.0),
        (&hit("COST_LIMIT_EXCEEDED"), 0.0),
    ]);
}

#[tokio::test]
async fn subgraphs_are_counted_by_their_names() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let shop = shop().start().await;
    shop.query(PRODUCTS, &[]).await;
    shop.query(STARS, &[]).await;
    counted(&[
        (r#"reelgraph_subgraph_fetches_total{subgraph="shop",outcome="ok"}"#, 2.0),
        (r#"reelgraph_subgraph_fetches_total{subgraph="reviews",outcome="ok"}"#, 1.0),
        (r#"reelgraph_subgraph_fetch_duration_seconds_count{subgraph="shop"}"#, 2.0),
        (r#"reelgraph_subgraph_breaker_open{subgraph="shop"}"#, 0.0),
        (r#"reelgraph_subgraph_retries_total{subgraph="reviews"}"#, 0.0),
        (r#"reelgraph_subgraph_deduplicated_total{subgraph="reviews"}"#, 0.0),
    ]);
}

#[tokio::test]
async fn nothing_is_counted_unless_it_is_set() {
    if reel_testkit::ran_alone() {
        return;
    }
    let world = answering().start().await;
    post(&world, &json!({ "query": TRUSTED })).await;
    assert!(!reel_telemetry::metrics_are_on());
    assert_eq!(reel_telemetry::metrics_text(), "");
    let shop = shop().start().await;
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    assert_eq!(shop.send(request).await.status, 404);
}
