use reel_testkit::eventually;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::{UNKNOWN, World, codes};

#[tokio::test]
async fn one_table_that_fails_leaves_its_siblings_and_the_other_videos() {
    let world = World::new().await;
    world.client.like_video(1, 10, true).await;
    let comment = world.client.comment(1, 10).await.to_string();
    world.pool.execute("DROP TABLE video_stats").await.unwrap();
    let selection = "id likeCount viewerHasLiked comments { totalCount edges { node { id } } }";
    let answer = world.client.entities(Some(1), "Video", &[10, 11], selection).await;
    let expected = json!([
        {"id": "10", "likeCount": null, "viewerHasLiked": true,
         "comments": {"totalCount": null, "edges": [{"node": {"id": comment}}]}},
        {"id": "11", "likeCount": null, "viewerHasLiked": false, "comments": {"totalCount": null, "edges": []}},
    ]);
    assert_eq!(answer["data"]["_entities"], expected);
    assert_eq!(codes(&answer), ["INTERNAL"; 4]);
    assert!(!answer.to_string().contains("video_stats"), "the cause is ours alone: {answer}");
}

#[tokio::test]
async fn comments_that_cannot_be_read_leave_the_rest_of_the_video() {
    let world = World::new().await;
    world.client.like_video(1, 10, true).await;
    world.pool.execute("DROP TABLE comment").await.unwrap();
    let document = "query ($of: [_Any!]!) { comment(id: \"5\") { id } _entities(representations: $of) { \
        ... on Video { likeCount comments { totalCount } } ... on Comment { id } ... on User { id } } }";
    let of = json!([
        {"__typename": "Video", "id": "10"}, {"__typename": "Comment", "id": "6"}, {"__typename": "User", "id": "1"},
    ]);
    let answer = world.client.run(None, document, json!({ "of": of })).await;
    let entities = json!([{"likeCount": 1, "comments": null}, null, {"id": "1"}]);
    assert_eq!(answer["data"], json!({"comment": null, "_entities": entities}));
    assert_eq!(codes(&answer), ["INTERNAL"; 3]);
}

#[tokio::test]
async fn a_malformed_key_voids_only_its_own_entity() {
    let world = World::new().await;
    let document = "query ($of: [_Any!]!) { _entities(representations: $of) { \
        ... on Video { id } ... on Comment { id } ... on User { id } } }";
    let of = ["Video", "Comment", "User"].map(|of| json!({"__typename": of, "id": "nonsense"}));
    let of: Vec<Value> = of.into_iter().chain([json!({"__typename": "Video", "id": "1"})]).collect();
    let answer = world.client.run(None, document, json!({ "of": of })).await;
    assert_eq!(answer["data"]["_entities"], json!([null, null, null, {"id": "1"}]));
    assert_eq!(codes(&answer), ["INVALID_ID"; 3]);
}

#[tokio::test]
async fn without_the_video_domain_only_what_is_not_known_yet_fails_and_nothing_is_remembered_of_it() {
    let world = World::new().await;
    world.client.like_video(1, 10, true).await;
    world.videos.set_down(true);
    world.client.like_video(2, 10, true).await;
    let document = "mutation { likeVideo(input: {videoId: \"11\"}) { userErrors { code } } }";
    let answer = world.client.run(Some(1), document, json!({})).await;
    assert_eq!(codes(&answer), ["SERVICE_UNAVAILABLE"]);
    assert!(!answer.to_string().contains("10.0.0.7"));
    world.videos.set_down(false);
    world.client.like_video(1, 11, true).await;
    assert_eq!(world.videos.asked(), 3);
}

#[tokio::test]
async fn that_a_video_exists_is_asked_once_and_that_it_does_not_each_time() {
    let world = World::new().await;
    for viewer in 1..=3 {
        world.client.like_video(viewer, 10, true).await;
        world.client.comment(viewer, 10).await;
    }
    assert_eq!(world.videos.asked(), 1);
    for _ in 0..2 {
        let input = json!({"videoId": UNKNOWN.to_string()});
        world.client.mutate(1, "likeVideo", input, "video { id }").await;
    }
    assert_eq!(world.videos.asked(), 3);
}

#[tokio::test]
async fn hostile_input_is_answered_and_never_with_a_failure_of_ours() {
    let world = World::new().await;
    let huge = "9".repeat(100_000);
    let ids = ["", " ", "0", "-1", "01", "1.5", "1e3", "9223372036854775808", "\u{0}", "😀", "' OR 1=1 --", &huge];
    for id in ids {
        for (mutation, field) in
            [("likeVideo", "videoId"), ("likeComment", "commentId"), ("deleteComment", "commentId")]
        {
            let payload = world.client.mutate(1, mutation, json!({ field: id }), "__typename").await;
            let error = json!({"code": "INVALID_ID", "field": ["input", field]});
            assert_eq!(payload["userErrors"], json!([error]), "{id:.20}");
        }
        let answer = world.client.run(None, "query ($id: ID!) { comment(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!((&answer["data"], codes(&answer)), (&json!({"comment": null}), vec!["INVALID_ID"]), "{id:.20}");
    }
    for content in ["\u{0}", "\u{feff}x", "'; DROP TABLE comment; --", "\u{202e}x", "{{7*7}}"] {
        let input = json!({"videoId": "10", "content": content});
        let payload = world.client.mutate(1, "publishComment", input, "comment { content }").await;
        let expected = if content == "\u{0}" { Value::Null } else { json!({ "content": content }) };
        assert_eq!(payload["comment"], expected);
    }
    let answer = world.client.run(None, "{ comment(id: \"9223372036854775807\") { id } }", json!({})).await;
    assert_eq!(answer, json!({"data": {"comment": null}}));
}

#[tokio::test]
async fn a_page_that_does_not_exist_voids_its_list_only() {
    let world = World::new().await;
    let arguments = ["first: 0", "first: -1", "first: 101", "after: \"\"", "after: \"😀\"", "after: \"azotMQ==\""];
    for arguments in arguments {
        for (of, list) in [("Video", "comments"), ("User", "likedVideos")] {
            let answer =
                world.client.entities(None, of, &[1], &format!("id {list}({arguments}) {{ totalCount }}")).await;
            assert_eq!(answer["data"]["_entities"][0], json!({"id": "1", list: null}), "{arguments}");
            assert_eq!(codes(&answer), ["INVALID_PAGE"], "{arguments}");
        }
    }
}

#[tokio::test]
async fn a_deleted_tree_that_cannot_be_cleared_does_not_stand_in_the_way_of_others() {
    let mut world = World::new().await;
    world
        .pool
        .execute("INSERT INTO deleted_comment (root_id, id, video_id) VALUES (1, 1, 10), (2, 2, 10)")
        .await
        .unwrap();
    let stuck = "CREATE TRIGGER stuck BEFORE DELETE ON deleted_comment FOR EACH ROW \
        IF OLD.root_id = 1 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stuck'; END IF";
    world.pool.execute(stuck).await.unwrap();
    world.restart().await;
    eventually("the later tree is cleared", async || world.rows("deleted_comment").await == 1).await;
    world.pool.execute("DROP TRIGGER stuck").await.unwrap();
    eventually("the earlier one is tried again", async || world.rows("deleted_comment").await == 0).await;
}
