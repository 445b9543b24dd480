//! Documents that a client has sent to another router, through Redis.

use std::time::{Duration, Instant};

use axum::body::Body;
use http::Request;
use redis::AsyncCommands as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use reel_config::Seconds;
use reel_router::SharedDocuments;
use reel_router::config::DocumentSettings;
use reel_testkit::{TestRedis, eventually};
use serde_json::{Value, json};

use crate::world::{World, data, world};

const QUERY: &str = "{ user(id: 1) { username } }";
const HASH: &str = "d8576c0b44ce2dd8ebd8a02efe2eca4daf41105413d420176cac66cb1be3ef77";

/// A router that finds documents of others behind this connection.
async fn router(documents: SharedDocuments) -> World {
    let world = world(|_| data(json!({ "user": { "__typename": "User", "id": "1", "username": "ana" } })));
    world.shares(documents).start().await
}

fn at(redis: &TestRedis) -> SharedDocuments {
    let settings = DocumentSettings { redis_ttl_s: Seconds(1_000), ..patient() };
    SharedDocuments::new(redis.redis().connection(), &redis.redis().key("documents"), &settings)
}

/// A loaded machine may need longer than a deployment would wait.
fn patient() -> DocumentSettings {
    DocumentSettings { redis_timeout_ms: reel_config::Millis(5_000), ..DocumentSettings::default() }
}

async fn post(world: &World, query: Option<&str>) -> Value {
    let mut body = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": HASH } } });
    if let Some(query) = query {
        body["query"] = query.into();
    }
    let request = Request::post("/graphql").header("content-type", "application/json");
    world.send(request.body(Body::from(body.to_string())).unwrap()).await.json()
}

fn is_unknown(answer: &Value) -> bool {
    answer["errors"][0]["message"] == "PersistedQueryNotFound"
}

#[tokio::test]
async fn a_document_that_one_router_was_sent_is_found_by_another_and_has_a_lifetime() {
    let redis = TestRedis::new().await;
    let (first, second) = (router(at(&redis)).await, router(at(&redis)).await);
    assert!(is_unknown(&post(&second, None).await));
    assert_eq!(post(&first, Some(QUERY)).await["data"]["user"]["username"], "ana");
    eventually("the document is in Redis", async || !is_unknown(&post(&second, None).await)).await;
    let key = redis.redis().key(&format!("documents:{HASH}"));
    let mut connection = redis.redis().connection();
    let ttl: i64 = connection.ttl(&key).await.unwrap();
    assert!((1..=1_000).contains(&ttl), "{ttl}");
    let _: () = connection.del(&key).await.unwrap();
    assert_eq!(post(&second, None).await["data"]["user"]["username"], "ana", "it remembers by itself, too");
    redis.close().await;
}

#[tokio::test]
async fn what_is_not_the_document_of_its_hash_is_not_there() {
    let redis = TestRedis::new().await;
    let key = redis.redis().key(&format!("documents:{HASH}"));
    let mut connection = redis.redis().connection();
    let router = router(at(&redis)).await;
    for wrong in
        [b"{ viewer { id } }".to_vec(), b"\xff\xfe".to_vec(), vec![b' '; 1_000_000], [QUERY, " "].concat().into()]
    {
        let _: () = connection.set(&key, wrong).await.unwrap();
        assert!(is_unknown(&post(&router, None).await));
    }
    let _: () = connection.del(&key).await.unwrap();
    let _: () = connection.lpush(&key, QUERY).await.unwrap();
    assert!(is_unknown(&post(&router, None).await), "a list is no document");
    let _: () = connection.del(&key).await.unwrap();
    let _: () = connection.set(&key, QUERY).await.unwrap();
    assert_eq!(post(&router, None).await["data"]["user"]["username"], "ana");
    redis.close().await;
}

#[tokio::test]
async fn without_redis_every_document_is_unknown_in_time_and_no_request_fails() {
    // One that refuses connections, and one that accepts them and never says a word.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in ["127.0.0.1:1".to_owned(), silent.local_addr().unwrap().to_string()] {
        let client = redis::Client::open(format!("redis://{address}")).unwrap();
        let connection = ConnectionManager::new_lazy_with_config(client, ConnectionManagerConfig::new()).unwrap();
        let router = router(SharedDocuments::new(connection, "t:documents", &DocumentSettings::default())).await;
        let begun = Instant::now();
        assert!(is_unknown(&post(&router, None).await), "{address}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{address}: {:?}", begun.elapsed());
        assert_eq!(post(&router, Some(QUERY)).await["data"]["user"]["username"], "ana");
        assert_eq!(post(&router, None).await["data"]["user"]["username"], "ana", "it remembers by itself");
    }
}
