use std::time::Duration;

use reel_id::Cursor;
use serde_json::{Value, json};

use crate::world::{ANA, BEN, World, codes, nodes};

const FEED: &str = "query ($after: String, $since: DateTime, $first: Int) { list: feed(publishedAfter: $since, first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }";
const BY_AUTHOR: &str =
    "query ($after: String, $first: Int, $of: [_Any!]!) { _entities(representations: $of) { ... on User {
    list: videos(first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } } }";

async fn publish_many(world: &World, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(world.published(if number % 3 == 0 { BEN } else { ANA }, &format!("video {number}"), "").await);
    }
    ids.reverse();
    ids
}

async fn by_author(world: &World, author: i64, first: i32, after: Option<String>) -> Value {
    let of = json!([{"__typename": "User", "id": author.to_string()}]);
    world.data(None, BY_AUTHOR, json!({"first": first, "after": after, "of": of})).await["_entities"][0]["list"].take()
}

#[tokio::test]
async fn keyset_pages_have_no_gaps_and_no_duplicates_while_videos_are_added() {
    let world = World::new().await;
    let ids = publish_many(&world, 11).await;
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let list = world.data(None, FEED, json!({"first": 4, "after": after})).await["list"].take();
        assert_eq!(list["pageInfo"]["hasPreviousPage"], !after.is_null());
        seen.extend(nodes(&list, "id").into_iter().map(str::to_owned));
        if list["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = list["pageInfo"]["endCursor"].clone();
        world.published(ANA, "in between", "").await;
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn offset_pages_have_no_gaps_and_no_duplicates() {
    let world = World::new().await;
    let ids = publish_many(&world, 9).await;
    let mut seen = Vec::new();
    for offset in [0, 4, 8, 12] {
        let after = Cursor::Offset(offset).encode();
        let list = world.data(None, FEED, json!({"first": 4, "after": after})).await["list"].take();
        assert_eq!(list["pageInfo"]["hasNextPage"], offset + 4 < 9);
        assert_eq!(list["totalCount"], 9);
        seen.extend(nodes(&list, "id").into_iter().map(str::to_owned));
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_persons_videos_are_theirs_alone_newest_first_in_both_kinds_of_pages() {
    let world = World::new().await;
    let ids = publish_many(&world, 10).await;
    // From the newest: number 9 is Ben's, as 6, 3 and 0.
    let of_ben: Vec<&String> = ids.iter().step_by(3).collect();
    let first = by_author(&world, BEN, 3, None).await;
    assert_eq!(nodes(&first, "id"), of_ben[..3]);
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(4), &json!(true)));
    let cursor = first["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    assert_eq!(nodes(&by_author(&world, BEN, 3, Some(cursor)).await, "id"), of_ben[3..]);
    let by_offset = by_author(&world, BEN, 2, Some(Cursor::Offset(1).encode())).await;
    assert_eq!(nodes(&by_offset, "id"), of_ben[1..3]);
    let nobody = by_author(&world, 999, 3, None).await;
    assert_eq!((nodes(&nobody, "id").len(), &nobody["totalCount"]), (0, &json!(0)));
}

#[tokio::test]
async fn the_feed_starts_after_a_moment() {
    let world = World::new().await;
    // The first is published at 08:00:01.
    let ids = publish_many(&world, 4).await;
    let since = |moment: &str| json!({"since": moment});
    for (moment, expected) in [
        ("2026-01-01T08:00:02Z", &ids[..2]),
        ("2026-01-01T08:00:01.999Z", &ids[..3]),
        ("2026-01-01T16:00:02+08:00", &ids[..2]),
        ("2026-01-01T08:00:04Z", &[]),
        ("1800-01-01T00:00:00Z", &ids[..]),
        ("9999-01-01T00:00:00Z", &[]),
    ] {
        let list = world.data(None, FEED, since(moment)).await["list"].take();
        assert_eq!(nodes(&list, "id"), expected, "{moment}");
        assert_eq!(list["totalCount"], expected.len(), "{moment}");
    }
}

#[tokio::test]
async fn pages_that_cannot_be_are_refused_with_a_code() {
    let world = World::new().await;
    for variables in [
        json!({"first": 0}),
        json!({"first": -1}),
        json!({"first": 101}),
        json!({"after": ""}),
        json!({"after": "\0"}),
        json!({"after": "🎬".repeat(5_000)}),
        json!({"after": Cursor::Offset(10_001).encode()}),
    ] {
        for field in ["feed", "videos", "popularVideos"] {
            let document = format!(
                "query ($first: Int, $after: String) {{ {field}(first: $first, after: $after) {{ totalCount }} }}"
            );
            let answer = world.run(None, &document, variables.clone()).await;
            assert_eq!(codes(&answer), ["INVALID_PAGE"], "{field} {variables}");
        }
    }
}

#[tokio::test]
async fn a_length_costs_a_statement_only_when_it_is_asked_for() {
    let world = World::new().await;
    publish_many(&world, 2).await;
    // The clean-up reads too.
    world.tasks.stop(Duration::from_secs(10)).await;
    let reads = async |document: &str| {
        let before = world.database.mysql().reads().await;
        world.data(None, document, json!({})).await;
        world.database.mysql().reads().await - before
    };
    assert_eq!(reads("{ feed { edges { node { id } } } }").await, 1);
    assert_eq!(reads("{ feed { edges { node { id } } totalCount } }").await, 2);
    assert_eq!(reads("{ videos(filter: {keywords: \"video\"}) { edges { node { id } } } }").await, 1);
}

#[tokio::test]
async fn ids_of_one_moment_stay_in_the_order_of_publishing() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let upload = world.pretend_upload(ANA).await;
        ids.push(world.publish(ANA, upload, "t", "").await["video"]["id"].as_str().unwrap().to_owned());
    }
    ids.reverse();
    world.clock.advance(Duration::from_millis(1));
    let list = world.data(None, FEED, json!({"since": "2026-01-01T07:59:59.999Z"})).await["list"].take();
    assert_eq!(nodes(&list, "id"), ids);
}
