use std::time::Duration;

use reel_auth::InternalKey;
use reel_rpc::user::FindUsersRequest;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::world::World;

#[tokio::test]
async fn people_are_found_by_id_and_by_name() {
    let world = World::new().await;
    let ana = world.person("Ana").await;
    let document =
        "query($id: ID!, $name: String!) { user(id: $id) { username } userByUsername(username: $name) { id } }";
    let id = ana.viewer.user_id.to_string();
    let found = world.run(None, document, json!({ "id": id, "name": "ANA" })).await;
    assert_eq!(found["data"], json!({ "user": { "username": "Ana" }, "userByUsername": { "id": id } }));
    let unknown = world.run(None, document, json!({ "id": "1", "name": "nobody" })).await;
    assert_eq!(unknown, json!({ "data": { "user": null, "userByUsername": null } }));
    world.close().await;
}

#[tokio::test]
async fn an_anonymous_caller_has_no_viewer() {
    let world = World::new().await;
    assert_eq!(world.run(None, "{ viewer { id } }", json!({})).await, json!({ "data": { "viewer": null } }));
    world.close().await;
}

fn entities(ids: &[String]) -> (&'static str, Value) {
    let references: Vec<Value> = ids.iter().map(|id| json!({ "__typename": "User", "id": id })).collect();
    let document = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id username } } }";
    (document, json!({ "r": references }))
}

#[tokio::test]
async fn entities_come_in_order_with_null_for_whoever_does_not_exist() {
    let world = World::new().await;
    let (ana, ben) = (world.person("ana").await, world.person("ben").await);
    let ids = [ben.viewer.user_id.to_string(), "1".into(), ana.viewer.user_id.to_string()];
    let (document, variables) = entities(&ids);
    let answer = world.run(None, document, variables).await;
    assert_eq!(
        answer["data"]["_entities"],
        json!([{ "id": ids[0], "username": "ben" }, null, { "id": ids[2], "username": "ana" }])
    );
    world.close().await;
}

#[tokio::test]
async fn one_entity_with_a_bad_id_leaves_the_others() {
    let world = World::new().await;
    let ana = world.person("ana").await;
    let (document, variables) = entities(&["x".into(), ana.viewer.user_id.to_string()]);
    let answer = world.run(None, document, variables).await;
    assert_eq!(answer["data"]["_entities"][0], json!(null));
    assert_eq!(answer["data"]["_entities"][1]["username"], "ana");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_ID");
    world.close().await;
}

#[tokio::test]
async fn many_entities_cost_one_statement() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..50 {
        let registered = world.register(&format!("person{number}"), "secret").await;
        ids.push(registered["user"]["id"].as_str().unwrap().to_owned());
    }
    // The clean-up reads too.
    world.tasks.stop(Duration::from_secs(10)).await;
    let statements = async |ids: &[String]| {
        let before = world.database.mysql().reads().await;
        let (document, variables) = entities(ids);
        let answer = world.run(None, document, variables).await;
        assert_eq!(answer["data"]["_entities"].as_array().unwrap().len(), ids.len());
        assert_eq!(answer["errors"], json!(null));
        world.database.mysql().reads().await - before
    };
    assert_eq!(statements(&ids[..1]).await, 1);
    assert_eq!(statements(&ids).await, 1);
    world.close().await;
}

#[tokio::test]
async fn when_the_people_cannot_be_loaded_their_siblings_survive() {
    let world = World::new().await;
    let ana = world.person("ana").await;
    world.database.pool().execute("DROP TABLE account").await.unwrap();
    let id = ana.viewer.user_id.to_string();
    let document = "query($id: ID!, $r: [_Any!]!) { __typename viewer { id } user(id: $id) { id } \
        _entities(representations: $r) { ... on User { id } } }";
    let reference = json!([{ "__typename": "User", "id": id }, { "__typename": "User", "id": id }]);
    let answer = world.run(Some(ana.viewer), document, json!({ "id": id, "r": reference })).await;
    assert_eq!(
        answer["data"],
        json!({ "__typename": "Query", "viewer": null, "user": null, "_entities": [null, null] })
    );
    for error in answer["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["code"], "INTERNAL");
        assert!(!error.to_string().contains("account"), "{error}");
    }
    world.close().await;
}

#[tokio::test]
async fn other_domains_learn_who_exists() {
    let world = World::new().await;
    let ana = world.person("Ana").await;
    let ids = vec![ana.viewer.user_id.raw(), 1, -1, 0, ana.viewer.user_id.raw()];
    let users = world.rpc().find_users(FindUsersRequest { ids }).await.unwrap().into_inner().users;
    assert_eq!(users.len(), 1);
    assert_eq!((users[0].id, users[0].username.as_str()), (ana.viewer.user_id.raw(), "Ana"));
    let none = world.rpc().find_users(FindUsersRequest { ids: Vec::new() }).await.unwrap().into_inner().users;
    assert!(none.is_empty());
    let too_many = FindUsersRequest { ids: (1..=501).collect() };
    assert_eq!(world.rpc().find_users(too_many).await.unwrap_err().code(), tonic::Code::InvalidArgument);
    world.close().await;
}

#[tokio::test]
async fn a_call_that_is_not_signed_by_us_is_refused() {
    let world = World::new().await;
    let mut stranger = world.rpc_signed_with(&InternalKey::generate());
    let status = stranger.find_users(FindUsersRequest { ids: vec![1] }).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
    world.close().await;
}
