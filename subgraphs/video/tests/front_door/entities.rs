use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ANA, BEN, World, codes};

const ENTITIES: &str = "query ($of: [_Any!]!) { _entities(representations: $of) {
    ... on Video { id title author { id } } ... on User { id videos(first: 2) { edges { node { title } } totalCount } } } }";

fn user(id: i64) -> Value {
    json!({"__typename": "User", "id": id.to_string()})
}

fn video(id: &str) -> Value {
    json!({"__typename": "Video", "id": id})
}

#[tokio::test]
async fn entities_come_in_the_order_they_were_asked_for_and_unknown_videos_are_null() {
    let world = World::new().await;
    let id = world.published(BEN, "t", "").await;
    let of = json!([video("5"), video(&id), user(ANA), user(BEN), video(&id)]);
    let data = world.data(None, ENTITIES, json!({"of": of})).await;
    let found = json!({"id": id, "title": "t", "author": {"id": BEN.to_string()}});
    let expected = json!([
        null,
        found,
        {"id": ANA.to_string(), "videos": {"edges": [], "totalCount": 0}},
        {"id": BEN.to_string(), "videos": {"edges": [{"node": {"title": "t"}}], "totalCount": 1}},
        found,
    ]);
    assert_eq!(data["_entities"], expected);
}

#[tokio::test]
async fn a_malformed_id_spoils_only_its_own_field() {
    let world = World::new().await;
    for id in ["", "0", "-1", "x", "9223372036854775808", "٣", "\0", &"1".repeat(5_000)] {
        let document = "query ($id: ID!) { video(id: $id) { id } feed { totalCount } }";
        let answer = world.run(None, document, json!({"id": id})).await;
        assert_eq!(answer["data"], json!({"video": null, "feed": {"totalCount": 0}}), "{id:?}");
        assert_eq!(codes(&answer), ["INVALID_ID"]);
        let answer = world.run(None, ENTITIES, json!({"of": [video(id), user(ANA)]})).await;
        assert_eq!(codes(&answer), ["INVALID_ID"]);
        assert_eq!(answer["data"]["_entities"][1]["id"], ANA.to_string());
    }
    let unknown = world.data(None, "{ video(id: \"5\") { id } }", json!({})).await;
    assert_eq!(unknown["video"], Value::Null);
}

#[tokio::test]
async fn the_number_of_statements_does_not_grow_with_the_page() {
    let world = World::new().await;
    let mut videos = Vec::new();
    for number in 0..50 {
        world.users.0.lock().unwrap().insert(1_000 + number, format!("user{number}"));
        videos.push(world.published(1_000 + number, "t", "").await);
    }
    // The clean-up reads too.
    world.tasks.stop(Duration::from_secs(10)).await;
    let reads = async |of: Vec<Value>| {
        let before = world.database.mysql().reads().await;
        let data = world.data(None, ENTITIES, json!({"of": of})).await;
        assert!(data["_entities"].as_array().unwrap().iter().all(|entity| !entity.is_null()));
        world.database.mysql().reads().await - before
    };
    let of = |count: usize| {
        let users = (0..count).map(|number| user(1_000 + number as i64));
        users.chain(videos[..count].iter().map(|id| video(id))).collect()
    };
    let one = reads(of(1)).await;
    assert_eq!(one, 3);
    // A union counts once, however many parts it has.
    assert_eq!(reads(of(50)).await, one);
}

#[tokio::test]
async fn what_fails_leaves_its_siblings() {
    let world = World::new().await;
    world.published(ANA, "cat", "").await;
    sqlx::query("DROP TABLE video_token").execute(world.database.pool()).await.unwrap();
    let document =
        "{ videos(filter: {keywords: \"cat\"}) { totalCount } feed { totalCount edges { node { title } } } }";
    let answer = world.run(None, document, json!({})).await;
    assert_eq!(codes(&answer), ["INTERNAL"]);
    assert_eq!(answer["data"]["videos"], Value::Null);
    assert_eq!(answer["data"]["feed"], json!({"totalCount": 1, "edges": [{"node": {"title": "cat"}}]}));

    sqlx::query("DROP TABLE video").execute(world.database.pool()).await.unwrap();
    let answer = world.run(None, ENTITIES, json!({"of": [user(ANA), video("5"), user(BEN)]})).await;
    let entities = &answer["data"]["_entities"];
    assert_eq!(entities[0], json!({"id": ANA.to_string(), "videos": null}));
    assert_eq!(entities[1], Value::Null);
    assert_eq!(entities[2], json!({"id": BEN.to_string(), "videos": null}));
    assert!(codes(&answer).iter().all(|code| *code == "INTERNAL") && !answer.to_string().contains("video_"));
}
