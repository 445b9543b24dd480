//! Documents that are named by their hash.

use std::path::PathBuf;

use axum::body::Body;
use http::Request;
use reel_router::config::RouterSettings;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::world::{World, data, silent_world, world};

const QUERY: &str = "{ user(id: 1) { username } }";
const HASH: &str = "d8576c0b44ce2dd8ebd8a02efe2eca4daf41105413d420176cac66cb1be3ef77";
/// Deeper than clients may ask, with a page that is larger.
const DEEP: &str = "{ viewer { videos(first: 100) { edges { node { author { videos(first: 100) { edges { node { author { videos(first: 100) { edges { node { id }}}}}}}}}}}}}";
const DEEP_HASH: &str = "7bef4d73597d18bbe4bd02192164ac4b9e592e6dd0d4f697d20171eb48dd521e";
const GRAPHQL: &str = "application/graphql-response+json";

fn by_hash(hash: &str) -> Value {
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
}

fn with_hash(query: &str, hash: &str) -> Value {
    let mut body = by_hash(hash);
    body["query"] = query.into();
    body
}

async fn post(world: &World, body: &Value) -> (u16, Value) {
    let request = Request::post("/graphql").header("content-type", "application/json").header("accept", GRAPHQL);
    let answer = world.send(request.body(Body::from(body.to_string())).unwrap()).await;
    (answer.status.as_u16(), answer.json())
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

fn hello(settings: impl FnOnce(&mut RouterSettings)) -> crate::world::WorldBuilder {
    world(|_| data(json!({ "user": { "__typename": "User", "id": "1", "username": "ana" } }))).settings(settings)
}

/// A manifest in a file of its own, which goes with the folder.
fn manifest(documents: &Value) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    std::fs::write(&path, documents.to_string()).unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_document_that_was_sent_once_is_found_by_its_hash_by_post_and_by_get() {
    let world = hello(|_| {}).start().await;
    let (status, answer) = post(&world, &by_hash(HASH)).await;
    assert_eq!((status, &answer["errors"][0]["message"]), (404, &json!("PersistedQueryNotFound")));
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(post(&world, &with_hash(QUERY, HASH)).await.1["data"]["user"]["username"], "ana");
    assert_eq!(post(&world, &by_hash(HASH)).await.1["data"]["user"]["username"], "ana");
    let extensions = by_hash(&HASH.to_uppercase())["extensions"].to_string();
    let uri = format!("/graphql?{}", serde_urlencoded(&[("extensions", &extensions)]));
    let get = world.send(Request::get(uri).header("accept", GRAPHQL).body(Body::empty()).unwrap()).await;
    assert_eq!(get.json()["data"]["user"]["username"], "ana");
    let id = json!({ "documentId": format!("sha256:{HASH}") });
    assert_eq!(post(&world, &id).await.1["data"]["user"]["username"], "ana");
}

fn serde_urlencoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn a_hash_that_is_not_the_documents_stores_nothing() {
    let world = silent_world().start().await;
    let (status, _) = post(&world, &with_hash(QUERY, DEEP_HASH)).await;
    assert_eq!(status, 400);
    for hash in [DEEP_HASH, HASH] {
        assert_eq!(code(&post(&world, &by_hash(hash)).await.1), "PERSISTED_QUERY_NOT_FOUND");
    }
}

#[tokio::test]
async fn hashes_that_cannot_be_read_are_malformed_requests() {
    let world = silent_world().start().await;
    for extensions in [
        json!({ "persistedQuery": 1 }),
        json!({ "persistedQuery": { "version": 1 } }),
        json!({ "persistedQuery": { "version": 2, "sha256Hash": HASH } }),
        json!({ "persistedQuery": { "version": 1, "sha256Hash": "abc" } }),
    ] {
        assert_eq!(post(&world, &json!({ "extensions": extensions })).await.0, 400, "{extensions}");
    }
    assert_eq!(post(&world, &json!({ "documentId": "nonsense" })).await.0, 400);
}

#[tokio::test]
async fn remembered_documents_are_bounded_and_bound_by_the_limits() {
    let world = hello(|settings| settings.documents.automatic_bytes = 10).start().await;
    assert_eq!(post(&world, &with_hash(QUERY, HASH)).await.0, 200);
    assert_eq!(code(&post(&world, &by_hash(HASH)).await.1), "PERSISTED_QUERY_NOT_FOUND", "too large to keep");
    let world = silent_world().start().await;
    for body in [with_hash(DEEP, DEEP_HASH), by_hash(DEEP_HASH)] {
        assert_eq!(code(&post(&world, &body).await.1), "DEPTH_LIMIT_EXCEEDED");
    }
}

#[tokio::test]
async fn automatic_documents_can_be_turned_off() {
    let world = hello(|settings| settings.documents.automatic = false).start().await;
    assert_eq!(post(&world, &with_hash(QUERY, HASH)).await.0, 200);
    let (_, answer) = post(&world, &by_hash(HASH)).await;
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotSupported");
}

#[tokio::test]
async fn trusted_documents_are_exempt_from_the_limits_by_hash_and_by_text() {
    let (_folder, path) = manifest(&json!({ DEEP_HASH: DEEP }));
    let world = world(|_| data(json!({}))).settings(|settings| settings.documents.manifest = Some(path)).start().await;
    for body in [by_hash(DEEP_HASH), with_hash(DEEP, DEEP_HASH), json!({ "query": DEEP })] {
        let (status, answer) = post(&world, &body).await;
        assert_eq!((status, answer.get("data").is_some()), (200, true), "{answer}");
    }
    // The limits still hold for everyone else's, though the plan of a trusted one is kept.
    let (_, other) = post(&world, &json!({ "query": format!("{DEEP} ") })).await;
    assert_eq!(code(&other), "DEPTH_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_trusted_document_may_have_any_page_size_but_what_a_client_gives_is_bounded() {
    const SIZED: &str = "query($n: Int = 100) { videos(first: $n) { totalCount } }";
    let hash: String = Sha256::digest(SIZED).iter().map(|byte| format!("{byte:02x}")).collect();
    let (_folder, path) = manifest(&json!({ hash: SIZED }));
    let world = world(|_| data(json!({}))).settings(|settings| settings.documents.manifest = Some(path)).start().await;
    for (variables, refused) in [
        (json!({}), ""),
        (json!({ "n": null }), ""),
        (json!({ "n": 50 }), ""),
        (json!({ "n": 50.0 }), ""),
        (json!({ "n": 51 }), "PAGE_SIZE_LIMIT_EXCEEDED"),
    ] {
        let (_, answer) = post(&world, &json!({ "query": SIZED, "variables": variables })).await;
        assert_eq!(code(&answer), refused, "{variables}: {answer}");
    }
}

#[tokio::test]
async fn only_trusted_documents_run_when_it_is_set() {
    let (_folder, path) = manifest(&json!({ HASH: QUERY }));
    let only = |settings: &mut RouterSettings| {
        settings.documents.manifest = Some(path);
        settings.documents.only_trusted = true;
    };
    let world = hello(only).start().await;
    for body in [by_hash(HASH), json!({ "query": QUERY })] {
        assert_eq!(post(&world, &body).await.1["data"]["user"]["username"], "ana");
    }
    for body in [json!({ "query": "{ __typename }" }), by_hash(DEEP_HASH), with_hash(DEEP, DEEP_HASH)] {
        let (status, answer) = post(&world, &body).await;
        assert_eq!((status, code(&answer)), (403, "DOCUMENT_NOT_TRUSTED"), "{body}");
    }
    let login = world.anonymous("POST", "/user/login", "username=a&password=b").await;
    assert_ne!(login.outcome().1, 10_302, "our own documents are not clients'");
}
