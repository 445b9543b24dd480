use reel_subgraph::Tasks;
use reel_testkit::eventually;
use serde_json::{Value, json};

use crate::support::{UNKNOWN, World, id};

const COUNTS: &str = "commentCount comments { totalCount edges { node { content replyCount } } }";

#[tokio::test]
async fn a_comment_and_its_replies_are_found_from_every_side() {
    let world = World::new().await;
    let input = json!({"videoId": "10", "content": "  hello 世界 😀\u{0} "});
    let selection =
        "comment { id content createdAt updatedAt likeCount replyCount author { id } video { id } parent { id } }";
    let payload = world.client.mutate(1, "publishComment", input, selection).await;
    let comment = id(&payload["comment"]["id"]);
    let expected = json!({
        "id": comment.to_string(), "content": "  hello 世界 😀\u{0} ", "likeCount": 0, "replyCount": 0,
        "createdAt": "2026-01-01T08:00:00+00:00", "updatedAt": "2026-01-01T08:00:00+00:00",
        "author": {"id": "1"}, "video": {"id": "10"}, "parent": null,
    });
    assert_eq!(payload["comment"], expected);

    let reply = world.client.reply(2, comment).await.unwrap();
    let nested = world.client.reply(3, reply).await.unwrap();
    let document =
        "query ($id: ID!) { comment(id: $id) { id parent { id replyCount parent { id } } video { id commentCount } } }";
    let answer = world.client.run(None, document, json!({"id": nested.to_string()})).await;
    let expected = json!({
        "id": nested.to_string(), "video": {"id": "10", "commentCount": 3},
        "parent": {"id": reply.to_string(), "replyCount": 1, "parent": {"id": comment.to_string()}},
    });
    assert_eq!(answer["data"]["comment"], expected);
    let seen = world.client.entity(None, "Comment", comment, "replies { totalCount edges { node { id } } }").await;
    assert_eq!(seen["replies"], json!({"totalCount": 1, "edges": [{"node": {"id": reply.to_string()}}]}));
    let seen = world.client.video(None, 10, COUNTS).await;
    let thread = json!({"node": {"content": "  hello 世界 😀\u{0} ", "replyCount": 1}});
    assert_eq!(seen, json!({"commentCount": 3, "comments": {"totalCount": 1, "edges": [thread]}}));
    world.assert_consistent().await;
}

#[tokio::test]
async fn a_comment_that_cannot_be_published_says_what_to_correct() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await.to_string();
    let cases = [
        (json!({"content": "x"}), "INVALID_ARGUMENT", "videoId"),
        (json!({"videoId": "10", "content": ""}), "BLANK_COMMENT", "content"),
        (json!({"videoId": "10", "content": " \t\n\u{3000}\u{0}"}), "BLANK_COMMENT", "content"),
        (json!({"videoId": "10", "content": "\u{200B}"}), "BLANK_COMMENT", "content"),
        (json!({"videoId": "10", "content": "世".repeat(1001)}), "COMMENT_TOO_LONG", "content"),
        (json!({"videoId": UNKNOWN.to_string(), "content": "x"}), "VIDEO_NOT_FOUND", "videoId"),
        (json!({"parentId": "5", "content": "x"}), "COMMENT_NOT_FOUND", "parentId"),
        (json!({"parentId": comment, "videoId": "11", "content": "x"}), "COMMENT_OF_OTHER_VIDEO", "videoId"),
        (json!({"parentId": "x", "content": "x"}), "INVALID_ID", "parentId"),
        (json!({"videoId": "0", "content": "x"}), "INVALID_ID", "videoId"),
    ];
    for (input, code, field) in cases {
        let payload = world.client.mutate(1, "publishComment", input, "comment { id }").await;
        let error = json!({"code": code, "field": ["input", field]});
        assert_eq!(payload, json!({"comment": null, "userErrors": [error]}));
    }
    let input = json!({"parentId": comment, "videoId": "10", "content": "😀".repeat(1000)});
    let payload = world.client.mutate(1, "publishComment", input, "comment { content }").await;
    assert_eq!(payload, json!({"comment": {"content": "😀".repeat(1000)}, "userErrors": []}));
    assert_eq!(world.rows("comment").await, 2);
    world.assert_consistent().await;
}

#[tokio::test]
async fn deleting_a_comment_deletes_all_replies_below_it_and_their_likes_and_nothing_else() {
    let world = World::new().await;
    let client = &world.client;
    let (doomed, other) = (client.comment(1, 10).await, client.comment(1, 10).await);
    let mut below = Vec::new();
    for parent in [doomed, doomed, other] {
        let reply = client.reply(2, parent).await.unwrap();
        below.push(client.reply(3, reply).await.unwrap());
    }
    for comment in [doomed, other].into_iter().chain(below.iter().copied()) {
        assert_eq!(client.like_comment(4, comment, true).await, None);
    }
    let input = json!({"commentId": doomed.to_string(), "videoId": "10"});
    let payload = client.mutate(1, "deleteComment", input, "deletedCommentId video { id commentCount }").await;
    let video = json!({"id": "10", "commentCount": 3});
    assert_eq!(payload, json!({"deletedCommentId": doomed.to_string(), "video": video, "userErrors": []}));
    assert_eq!((world.rows("comment").await, world.rows("comment_like").await), (3, 2));
    assert_eq!(client.entity(None, "Comment", below[0], "id").await, Value::Null);
    world.assert_consistent().await;
}

#[tokio::test]
async fn deleting_a_reply_leaves_its_parent_with_one_reply_less() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await;
    let reply = world.client.reply(2, comment).await.unwrap();
    world.client.reply(2, comment).await.unwrap();
    assert_eq!(world.client.delete(2, reply).await, None);
    let seen = world.client.video(None, 10, COUNTS).await;
    let thread = json!({"node": {"content": "a comment", "replyCount": 1}});
    assert_eq!(seen, json!({"commentCount": 2, "comments": {"totalCount": 1, "edges": [thread]}}));
    world.assert_consistent().await;
}

#[tokio::test]
async fn deleting_another_persons_comment_is_refused() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await;
    let reply = world.client.reply(2, comment).await.unwrap();
    let input = json!({"commentId": reply.to_string()});
    let refused = world.client.mutate(1, "deleteComment", input, "deletedCommentId").await;
    assert_eq!(refused, "FORBIDDEN", "not even to the author of the comment above");
    assert_eq!(world.rows("comment").await, 2);
}

#[tokio::test]
async fn a_comment_that_cannot_be_deleted_says_what_to_correct() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await.to_string();
    let cases = [
        (json!({"commentId": "5"}), "COMMENT_NOT_FOUND", "commentId"),
        (json!({"commentId": "-5"}), "INVALID_ID", "commentId"),
        (json!({"commentId": comment, "videoId": "1e3"}), "INVALID_ID", "videoId"),
        (json!({"commentId": comment, "videoId": "11"}), "COMMENT_OF_OTHER_VIDEO", "videoId"),
    ];
    for (input, code, field) in cases {
        let payload = world.client.mutate(1, "deleteComment", input, "deletedCommentId video { id }").await;
        let error = json!({"code": code, "field": ["input", field]});
        assert_eq!(payload, json!({"deletedCommentId": null, "video": null, "userErrors": [error]}));
    }
    assert_eq!(world.rows("comment").await, 1);
}

/// Adds replies as they would be after a long time: `(id, parent)`, in any order.
async fn grow(world: &World, replies: &[(i64, i64)]) {
    for chunk in replies.chunks(5_000) {
        let mut insert = sqlx::QueryBuilder::new(
            "INSERT INTO comment (id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, updated_at) ",
        );
        insert.push_values(chunk, |mut row, (id, parent)| {
            row.push_bind(id).push("10").push_bind(parent).push("2, 'x', 0, 0, NOW(), NOW()");
        });
        insert.build().execute(&world.pool).await.unwrap();
    }
    for correction in [
        "UPDATE comment JOIN (SELECT parent_id, COUNT(*) AS n FROM comment GROUP BY parent_id) AS counted \
         ON counted.parent_id = comment.id SET reply_count = n",
        "UPDATE video_stats SET comment_count = (SELECT COUNT(*) FROM comment)",
    ] {
        sqlx::query(correction).execute(&world.pool).await.unwrap();
    }
    world.assert_consistent().await;
}

#[tokio::test]
async fn a_tree_that_is_wider_and_deeper_than_a_step_reaches_is_deleted_whole() {
    let mut world = World::new().await;
    let root = world.client.comment(1, 10).await;
    let mut replies: Vec<(i64, i64)> = (0..1_201).map(|wide| (1_000 + wide, root)).collect();
    replies.extend((0..200).map(|deep| (10_001 + deep, if deep == 0 { 1_500 } else { 10_000 + deep })));
    grow(&world, &replies).await;
    assert_eq!(world.client.delete(1, root).await, None);
    world.restart().await;
    // One go of the clean-up is not enough for so many levels.
    eventually("all is gone", async || world.rows("deleted_comment").await == 0).await;
    assert_eq!(world.rows("comment").await, 0);
    world.assert_consistent().await;
}

#[tokio::test]
async fn deleting_a_comment_with_very_many_replies_is_answered_before_all_are_gone_and_the_rest_follows() {
    const REPLIES: i64 = 20_000;
    let mut world = World::new().await;
    let (root, other) = (world.client.comment(1, 10).await, world.client.comment(1, 10).await);
    let replies: Vec<(i64, i64)> = (0..REPLIES).map(|wide| (1_000 + wide, root)).collect();
    grow(&world, &replies).await;
    let newest = 1_000 + REPLIES - 1;
    assert_eq!(world.client.like_comment(3, newest, true).await, None);

    assert_eq!(world.client.delete(1, root).await, None);
    assert_eq!(world.client.delete(1, root).await.as_deref(), Some("COMMENT_NOT_FOUND"));
    assert_eq!(world.client.entity(None, "Comment", root, "id").await, Value::Null);
    let left = world.rows("comment").await;
    assert!((2..=REPLIES).contains(&left), "a bounded part is deleted at once, and {left} are left");
    world.assert_consistent_so_far().await;
    let seen = world.client.video(None, 10, "commentCount comments { totalCount edges { node { id } } }").await;
    let threads = json!({"totalCount": 1, "edges": [{"node": {"id": other.to_string()}}]});
    assert_eq!(seen, json!({"commentCount": left, "comments": threads}));
    assert_eq!(world.client.entity(None, "Comment", newest, "parent { id }").await, json!({"parent": null}));
    assert_eq!(world.client.reply(2, root).await, Err("COMMENT_NOT_FOUND".to_owned()));
    world.client.reply(2, newest).await.unwrap();

    world.restart().await;
    eventually("the rest is gone", async || world.rows("deleted_comment").await == 0).await;
    assert_eq!((world.rows("comment").await, world.rows("comment_like").await), (1, 0));
    world.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_clean_up_the_same_tree_delete_and_count_each_comment_once() {
    let world = World::new().await;
    let root = world.client.comment(1, 10).await;
    let replies: Vec<(i64, i64)> = (0..12_000).map(|wide| (1_000 + wide, root)).collect();
    grow(&world, &replies).await;
    assert_eq!(world.client.delete(1, root).await, None);
    assert!(world.rows("comment").await > 0);
    let tasks = [Tasks::default(), Tasks::default()];
    for tasks in &tasks {
        world.start_also(tasks).await;
    }
    eventually("all is gone", async || world.rows("deleted_comment").await == 0).await;
    assert_eq!(world.rows("comment").await, 0);
    world.assert_consistent().await;
}
