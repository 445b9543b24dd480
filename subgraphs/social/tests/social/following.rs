use std::time::Duration;

use serde_json::json;

use crate::support::{UNKNOWN, World};

const COUNTS: &str = "followerCount followingCount friendCount";
const FOLLOW: &str =
    "mutation ($id: ID!) { followUser(input: {userId: $id}) { user { id } userErrors { code message field } } }";
const UNFOLLOW: &str =
    "mutation ($id: ID!) { unfollowUser(input: {userId: $id}) { user { id } userErrors { code message field } } }";

#[tokio::test]
async fn a_follow_shows_on_both_people_and_an_unfollow_takes_it_back() {
    let world = World::new().await;
    world.follow(1, 2).await;
    assert_eq!(
        world.person(Some(1), 2, "followerCount followingCount friendCount viewerIsFollowing isFollowingViewer").await,
        json!({"followerCount": 1, "followingCount": 0, "friendCount": 0, "viewerIsFollowing": true, "isFollowingViewer": false})
    );
    assert_eq!(
        world.person(Some(2), 1, "followingCount viewerIsFollowing isFollowingViewer").await,
        json!({"followingCount": 1, "viewerIsFollowing": false, "isFollowingViewer": true})
    );
    world.unfollow(1, 2).await;
    let nothing = json!({"followerCount": 0, "followingCount": 0, "friendCount": 0});
    assert_eq!(world.person(None, 1, COUNTS).await, nothing);
    assert_eq!(world.person(None, 2, COUNTS).await, nothing);
}

#[tokio::test]
async fn repeating_a_follow_or_an_unfollow_changes_nothing() {
    let world = World::new().await;
    world.unfollow(1, 2).await;
    world.follow(1, 2).await;
    world.clock.advance(Duration::from_secs(60));
    world.follow(1, 2).await;
    let followers = "followerCount followers { totalCount edges { followedAt node { id } } }";
    assert_eq!(
        world.person(None, 2, followers).await,
        json!({"followerCount": 1, "followers": {"totalCount": 1, "edges": [
            {"followedAt": "2026-01-01T08:00:00+00:00", "node": {"id": "1"}}]}})
    );
    world.unfollow(1, 2).await;
    world.unfollow(1, 2).await;
    assert_eq!(world.person(None, 2, "followerCount").await, json!({"followerCount": 0}));
}

#[tokio::test]
async fn friends_are_those_who_follow_each_other_since_the_later_follow() {
    let world = World::new().await;
    world.follow(1, 2).await;
    world.clock.advance(Duration::from_secs(3_600));
    world.follow(2, 1).await;
    world.follow(1, 3).await;
    let friends = "friendCount friends { totalCount edges { friendsSince node { id } } }";
    for (person, friend) in [(1, "2"), (2, "1")] {
        assert_eq!(
            world.person(None, person, friends).await,
            json!({"friendCount": 1, "friends": {"totalCount": 1, "edges": [
                {"friendsSince": "2026-01-01T09:00:00+00:00", "node": {"id": friend}}]}})
        );
    }
    world.unfollow(1, 2).await;
    for person in [1, 2] {
        assert_eq!(
            world.person(None, person, friends).await,
            json!({"friendCount": 0, "friends": {"totalCount": 0, "edges": []}})
        );
    }
    assert_eq!(world.person(Some(2), 1, "viewerIsFollowing").await, json!({"viewerIsFollowing": true}));
}

#[tokio::test]
async fn following_oneself_or_nobody_is_refused_with_what_to_correct() {
    let world = World::new().await;
    let cases = [("1", "CANNOT_FOLLOW_SELF"), ("1000000", "USER_NOT_FOUND"), ("x", "INVALID_ID")];
    for (id, code) in cases {
        let answer = world.run(Some(1), FOLLOW, json!({"id": id})).await;
        let payload = &answer["data"]["followUser"];
        assert_eq!(payload["user"], json!(null), "{answer}");
        assert_eq!(payload["userErrors"][0]["code"], code);
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", "userId"]));
    }
    assert_eq!(world.person(None, 1, COUNTS).await, json!({"followerCount": 0, "followingCount": 0, "friendCount": 0}));
}

#[tokio::test]
async fn unfollowing_an_unknown_person_is_refused() {
    let world = World::new().await;
    let answer = world.run(Some(1), UNFOLLOW, json!({"id": UNKNOWN.to_string()})).await;
    assert_eq!(answer["data"]["unfollowUser"]["userErrors"][0]["code"], "USER_NOT_FOUND");
}

#[tokio::test]
async fn nobody_follows_or_unfollows_anonymously() {
    let world = World::new().await;
    for (document, field) in [(FOLLOW, "followUser"), (UNFOLLOW, "unfollowUser")] {
        let answer = world.run(None, document, json!({"id": "2"})).await;
        assert_eq!(answer["data"][field], json!(null));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
    assert_eq!(world.users.asked(), 0, "an anonymous caller must not cause work");
}

#[tokio::test]
async fn an_anonymous_caller_follows_nobody_and_is_followed_by_nobody() {
    let world = World::new().await;
    world.follow(1, 2).await;
    assert_eq!(
        world.person(None, 2, "viewerIsFollowing isFollowingViewer").await,
        json!({"viewerIsFollowing": false, "isFollowingViewer": false})
    );
}
