//! Pages of lists, and what they cost.

use std::time::Duration;

use reel_id::Cursor;
use serde_json::{Value, json};

use crate::support::{World, id};

/// The ids of the nodes of a connection, and the cursor to go on with.
fn page(connection: &Value) -> (Vec<i64>, Option<String>) {
    let nodes = connection["edges"].as_array().unwrap().iter().map(|edge| id(&edge["node"]["id"])).collect();
    let info = &connection["pageInfo"];
    let more = info["hasNextPage"].as_bool().unwrap();
    (nodes, more.then(|| info["endCursor"].as_str().unwrap().to_owned()))
}

/// Walks a list to its end by the cursors that it hands out.
async fn walk(world: &World, of: &str, parent: i64, list: &str, size: usize) -> Vec<i64> {
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let selection = format!(
            "{list}(first: {size}, after: {after}) {{ edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}"
        );
        let entity = world.client.entity(None, of, parent, &selection).await;
        let (nodes, next) = page(&entity[list]);
        seen.extend(nodes);
        match next {
            Some(cursor) => after = json!(cursor),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn walking_a_list_by_keys_shows_each_row_once_newest_first() {
    let world = World::new().await;
    let mut threads = Vec::new();
    for video in [10, 11] {
        for _ in 0..7 {
            threads.push(world.client.comment(1, video).await);
        }
    }
    let mut replies = Vec::new();
    for _ in 0..5 {
        replies.push(world.client.reply(1, threads[6]).await.unwrap());
    }
    for video in 20..27 {
        world.client.like_video(1, video, true).await;
    }
    for size in [1, 3, 7, 100] {
        let newest_first: Vec<i64> = threads[..7].iter().rev().copied().collect();
        assert_eq!(walk(&world, "Video", 10, "comments", size).await, newest_first);
        let newest_first: Vec<i64> = replies.iter().rev().copied().collect();
        assert_eq!(walk(&world, "Comment", threads[6], "replies", size).await, newest_first);
        assert_eq!(walk(&world, "User", 1, "likedVideos", size).await, (20..27).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_row_that_appears_while_somebody_pages_moves_nothing() {
    let world = World::new().await;
    for _ in 0..4 {
        world.client.comment(1, 10).await;
    }
    let first = "comments(first: 2) { edges { node { id } } pageInfo { hasNextPage endCursor } }";
    let (newest, cursor) = page(&world.client.video(None, 10, first).await["comments"]);
    world.client.comment(1, 10).await;
    let second = format!(
        "comments(first: 2, after: \"{}\") {{ edges {{ node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}",
        cursor.unwrap()
    );
    let seen = world.client.video(None, 10, &second).await;
    let (oldest, next) = page(&seen["comments"]);
    assert!(oldest.len() == 2 && newest.iter().all(|newer| oldest.iter().all(|older| older < newer)));
    assert_eq!((next, &seen["comments"]["pageInfo"]["hasPreviousPage"]), (None, &json!(true)));
}

#[tokio::test]
async fn pages_by_number_have_neither_gaps_nor_repetitions() {
    let world = World::new().await;
    for video in 20..27 {
        world.client.like_video(1, video, true).await;
    }
    let mut seen = Vec::new();
    for number in 0..4 {
        let after = Cursor::Offset(number * 2).encode();
        let selection = format!(
            "likedVideos(first: 2, after: \"{after}\") {{ totalCount edges {{ node {{ id }} }} pageInfo {{ hasNextPage endCursor }} }}"
        );
        let list = world.client.entity(None, "User", 1, &selection).await["likedVideos"].clone();
        assert_eq!(list["totalCount"], 7);
        seen.extend(page(&list).0);
    }
    assert_eq!(seen, (20..27).rev().collect::<Vec<_>>());
    let beyond = format!("likedVideos(after: \"{}\") {{ edges {{ cursor }} totalCount }}", Cursor::Offset(99).encode());
    let list = world.client.entity(None, "User", 1, &beyond).await["likedVideos"].clone();
    assert_eq!(list, json!({"edges": [], "totalCount": 7}));
}

#[tokio::test]
async fn a_video_that_is_liked_again_comes_first_again() {
    let world = World::new().await;
    for (video, like) in [(20, true), (21, true), (20, false), (20, true)] {
        world.clock.advance(Duration::from_secs(1));
        world.client.like_video(1, video, like).await;
    }
    let seen = world.client.entity(None, "User", 1, "likedVideos { edges { likedAt node { id } } }").await;
    let expected = json!([
        {"likedAt": "2026-01-01T08:00:04+00:00", "node": {"id": "20"}},
        {"likedAt": "2026-01-01T08:00:02+00:00", "node": {"id": "21"}},
    ]);
    assert_eq!(seen["likedVideos"]["edges"], expected);
}

#[tokio::test]
async fn different_pages_of_one_list_in_one_query_are_kept_apart() {
    let world = World::new().await;
    let mut comments = Vec::new();
    for _ in 0..3 {
        comments.push(world.client.comment(1, 10).await.to_string());
    }
    let skip = Cursor::Offset(2).encode();
    let selection = format!(
        "one: comments(first: 1) {{ edges {{ node {{ id }} }} }} all: comments {{ edges {{ node {{ id }} }} }} \
         last: comments(after: \"{skip}\") {{ edges {{ node {{ id }} }} }}"
    );
    let seen = world.client.video(None, 10, &selection).await;
    let node = |index: usize| json!({"node": {"id": comments[index]}});
    assert_eq!(seen["one"]["edges"], json!([node(2)]));
    assert_eq!(seen["all"]["edges"], json!([node(2), node(1), node(0)]));
    assert_eq!(seen["last"]["edges"], json!([node(0)]));
}

#[tokio::test]
async fn fifty_videos_cost_as_many_statements_as_one() {
    let world = World::new().await;
    for video in 1..=50 {
        world.client.like_video(1, video, true).await;
        for _ in 0..3 {
            let comment = world.client.comment(2, video).await;
            world.client.reply(1, comment).await.unwrap();
        }
    }
    let selection = "id likeCount commentCount viewerHasLiked comments(first: 3) { totalCount pageInfo { hasNextPage } \
        edges { node { content viewerHasLiked author { id } replies(first: 2) { totalCount edges { node { id parent { id } } } } } } }";
    world.stop_clean_up().await;
    let mut costs = Vec::new();
    for ids in [&[7][..], &(1..=50).collect::<Vec<_>>()] {
        let before = world.mysql.reads().await;
        let answer = world.client.entities(Some(1), "Video", ids, selection).await;
        costs.push(world.mysql.reads().await - before);
        assert_eq!(answer.get("errors"), None);
        for video in answer["data"]["_entities"].as_array().unwrap() {
            assert_eq!((&video["commentCount"], &video["viewerHasLiked"]), (&json!(6), &json!(true)));
            assert_eq!(video["comments"]["edges"][2]["node"]["replies"]["totalCount"], 1);
        }
    }
    // The counts and flags of videos and their comments; the flags, replies and total of those; the replies' parents.
    assert_eq!(costs, [7, 7], "statements for one video and for fifty");
}

#[tokio::test]
async fn a_total_costs_a_statement_only_when_it_is_asked_for() {
    let world = World::new().await;
    world.client.like_video(1, 10, true).await;
    world.stop_clean_up().await;
    let mut costs = Vec::new();
    for selection in ["likedVideos { edges { cursor } }", "likedVideos { totalCount edges { cursor } }"] {
        let before = world.mysql.reads().await;
        world.client.entity(None, "User", 1, selection).await;
        costs.push(world.mysql.reads().await - before);
    }
    assert_eq!(costs, [1, 2]);
}
