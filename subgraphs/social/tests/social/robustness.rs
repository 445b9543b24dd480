use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::World;

fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn one_table_that_fails_leaves_its_siblings_and_the_other_people() {
    let world = World::new().await;
    world.follow(1, 2).await;
    world.database.pool().execute("DROP TABLE follow_stats").await.unwrap();
    let answer = world
        .people(Some(1), &[2, 3], "id followerCount viewerIsFollowing followers { totalCount edges { node { id } } }")
        .await;
    assert_eq!(
        answer["data"]["_entities"],
        json!([
            {"id": "2", "followerCount": null, "viewerIsFollowing": true,
             "followers": {"totalCount": null, "edges": [{"node": {"id": "1"}}]}},
            {"id": "3", "followerCount": null, "viewerIsFollowing": false,
             "followers": {"totalCount": null, "edges": []}},
        ])
    );
    assert_eq!(codes(&answer), ["INTERNAL"; 4]);
    assert!(!answer.to_string().contains("follow_stats"), "the cause is ours alone: {answer}");
}

#[tokio::test]
async fn a_malformed_key_voids_only_its_own_person() {
    let world = World::new().await;
    let document = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { id followerCount } } }";
    let of = json!([{"__typename": "User", "id": "nonsense"}, {"__typename": "User", "id": "2"}]);
    let answer = world.run(None, document, json!({ "of": of })).await;
    assert_eq!(answer["data"]["_entities"], json!([null, {"id": "2", "followerCount": 0}]));
    assert_eq!(codes(&answer), ["INVALID_ID"]);
}

#[tokio::test]
async fn without_the_user_domain_following_fails_masked_and_reading_goes_on() {
    let world = World::new().await;
    world.follow(1, 2).await;
    world.users.go_down();
    let document = "mutation { followUser(input: {userId: \"3\"}) { userErrors { code } } }";
    let answer = world.run(Some(1), document, json!({})).await;
    assert_eq!(codes(&answer), ["SERVICE_UNAVAILABLE"]);
    assert!(!answer.to_string().contains("10.0.0.7"));
    assert_eq!(world.person(Some(1), 2, "viewerIsFollowing").await, json!({"viewerIsFollowing": true}));
    world.follow(1, 2).await;
    world.unfollow(1, 2).await;
}

#[tokio::test]
async fn hostile_input_is_answered_and_never_with_a_failure_of_ours() {
    let world = World::new().await;
    let huge = "9".repeat(100_000);
    let ids = ["", " ", "0", "-1", "01", "1.5", "1e3", "9223372036854775808", "\u{0}", "😀", "' OR 1=1 --", &huge];
    let document = "mutation ($id: ID!) { followUser(input: {userId: $id}) { userErrors { code } } }";
    for id in ids {
        let answer = world.run(Some(1), document, json!({ "id": id })).await;
        assert_eq!(answer["data"]["followUser"]["userErrors"][0]["code"], "INVALID_ID", "{id:.20}");
        assert_eq!(answer.get("errors"), None);
    }
    let arguments = ["first: 0", "first: -1", "first: 101", "after: \"\"", "after: \"😀\"", "after: \"azotMQ==\""];
    for arguments in arguments {
        for list in ["followers", "following", "friends"] {
            let answer = world.people(None, &[1], &format!("id {list}({arguments}) {{ totalCount }}")).await;
            assert_eq!(answer["data"]["_entities"][0], json!({"id": "1", list: null}), "{arguments}");
            assert_eq!(codes(&answer), ["INVALID_PAGE"], "{arguments}");
        }
    }
}
