use std::time::Duration;

use serde_json::json;

use crate::support::{UNKNOWN, World, codes};

const COUNTED: &str = "likeCount viewerHasLiked";

#[tokio::test]
async fn a_like_shows_to_everybody_and_taking_it_back_leaves_nothing() {
    let world = World::new().await;
    world.client.like_video(1, 10, true).await;
    world.client.like_video(2, 10, true).await;
    let seen = world.client.video(Some(1), 10, COUNTED).await;
    assert_eq!(seen, json!({"likeCount": 2, "viewerHasLiked": true}));
    let seen = world.client.video(None, 10, COUNTED).await;
    assert_eq!(seen, json!({"likeCount": 2, "viewerHasLiked": false}));
    world.client.like_video(1, 10, false).await;
    let seen = world.client.video(Some(1), 10, COUNTED).await;
    assert_eq!(seen, json!({"likeCount": 1, "viewerHasLiked": false}));
    world.assert_consistent().await;
}

#[tokio::test]
async fn repeating_a_like_or_taking_it_back_changes_nothing() {
    let world = World::new().await;
    world.client.like_video(1, 10, false).await;
    world.client.like_video(1, 10, true).await;
    world.clock.advance(Duration::from_secs(60));
    world.client.like_video(1, 10, true).await;
    let seen = world.client.entity(None, "User", 1, "likedVideos { edges { likedAt node { likeCount } } }").await;
    let expected = json!({"edges": [{"likedAt": "2026-01-01T08:00:00+00:00", "node": {"likeCount": 1}}]});
    assert_eq!(seen["likedVideos"], expected);
    for _ in 0..2 {
        world.client.like_video(1, 10, false).await;
        assert_eq!(world.client.video(Some(1), 10, "likeCount").await, json!({"likeCount": 0}));
    }
    world.assert_consistent().await;
}

#[tokio::test]
async fn the_payload_of_a_like_shows_the_new_count() {
    let world = World::new().await;
    let input = json!({"videoId": "10"});
    let payload = world.client.mutate(1, "likeVideo", input, "video { id likeCount viewerHasLiked }").await;
    assert_eq!(payload["video"], json!({"id": "10", "likeCount": 1, "viewerHasLiked": true}));
    let comment = world.client.comment(1, 10).await;
    let input = json!({"commentId": comment.to_string()});
    let payload = world.client.mutate(2, "likeComment", input.clone(), "comment { likeCount viewerHasLiked }").await;
    assert_eq!(payload["comment"], json!({"likeCount": 1, "viewerHasLiked": true}));
    let payload = world.client.mutate(2, "unlikeComment", input, "comment { likeCount viewerHasLiked }").await;
    assert_eq!(payload["comment"], json!({"likeCount": 0, "viewerHasLiked": false}));
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_liked() {
    let world = World::new().await;
    for mutation in ["likeVideo", "unlikeVideo"] {
        let input = json!({"videoId": UNKNOWN.to_string()});
        let payload = world.client.mutate(1, mutation, input, "video { id }").await;
        let error = json!({"code": "VIDEO_NOT_FOUND", "field": ["input", "videoId"]});
        assert_eq!(payload, json!({"video": null, "userErrors": [error]}));
    }
    for mutation in ["likeComment", "unlikeComment"] {
        let payload = world.client.mutate(1, mutation, json!({"commentId": "5"}), "comment { id }").await;
        let error = json!({"code": "COMMENT_NOT_FOUND", "field": ["input", "commentId"]});
        assert_eq!(payload, json!({"comment": null, "userErrors": [error]}));
    }
    assert_eq!(world.rows("video_like").await + world.rows("comment_like").await, 0);
}

#[tokio::test]
async fn repeating_a_like_of_a_comment_changes_nothing() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await;
    for like in [false, true, true] {
        assert_eq!(world.client.like_comment(2, comment, like).await, None);
    }
    let seen = world.client.entity(Some(2), "Comment", comment, COUNTED).await;
    assert_eq!(seen, json!({"likeCount": 1, "viewerHasLiked": true}));
    for _ in 0..2 {
        assert_eq!(world.client.like_comment(2, comment, false).await, None);
    }
    let seen = world.client.entity(Some(2), "Comment", comment, COUNTED).await;
    assert_eq!(seen, json!({"likeCount": 0, "viewerHasLiked": false}));
    world.assert_consistent().await;
}

#[tokio::test]
async fn nobody_changes_anything_without_logging_in() {
    let world = World::new().await;
    let comment = world.client.comment(1, 10).await;
    let mutations = [
        "likeVideo(input: {videoId: \"10\"}) { userErrors { code } }".to_owned(),
        "unlikeVideo(input: {videoId: \"10\"}) { userErrors { code } }".to_owned(),
        format!("likeComment(input: {{commentId: \"{comment}\"}}) {{ userErrors {{ code }} }}"),
        format!("unlikeComment(input: {{commentId: \"{comment}\"}}) {{ userErrors {{ code }} }}"),
        "publishComment(input: {videoId: \"10\", content: \"x\"}) { userErrors { code } }".to_owned(),
        format!("deleteComment(input: {{commentId: \"{comment}\"}}) {{ userErrors {{ code }} }}"),
    ];
    for mutation in mutations {
        let answer = world.client.run(None, &format!("mutation {{ {mutation} }}"), json!({})).await;
        assert_eq!(codes(&answer), ["UNAUTHENTICATED"], "{mutation}");
    }
    assert_eq!((world.rows("comment").await, world.rows("video_like").await), (1, 0));
}
