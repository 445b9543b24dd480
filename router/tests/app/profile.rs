//! What helps to write clients, and how it is turned off.

use axum::body::Body;
use http::Request;
use reel_router::config::{Profile, RouterSettings};
use serde_json::Value;

use crate::world::{World, silent_world};

/// Whether GraphiQL, introspection and suggestions are there.
async fn shown(settings: impl FnOnce(&mut RouterSettings)) -> (bool, bool, bool) {
    let world = silent_world().settings(settings).start().await;
    let page = Request::get("/graphql").header("accept", "text/html").body(Body::empty()).unwrap();
    let graphiql = world.send(page).await.status == 200;
    assert_eq!(world.anonymous("GET", "/graphiql/start.js", "").await.status == 200, graphiql);
    let schema = ask(&world, "{ __schema { queryType { name } } }").await;
    let ty = ask(&world, "{ __type(name: \"User\") { name } }").await;
    assert_eq!(schema.get("data").is_some(), ty.get("data").is_some());
    let typename = ask(&world, "{ __typename }").await;
    assert_eq!(typename["data"]["__typename"], "Query", "the name of a type that was selected anyway");
    let refused = ask(&world, "{ viewer }").await["errors"][0]["message"].to_string();
    assert!(refused.contains("must have a selection of subfields"), "{refused}");
    (graphiql, schema.get("data").is_some(), refused.contains("Did you mean"))
}

async fn ask(world: &World, query: &str) -> Value {
    world.graphql(query, &[]).await.json()
}

#[tokio::test]
async fn everything_is_shown_to_whoever_develops() {
    assert_eq!(shown(|_| {}).await, (true, true, true));
}

#[tokio::test]
async fn production_turns_all_of_it_off_whatever_the_single_settings_say() {
    assert_eq!(shown(|settings| settings.profile = Profile::Production).await, (false, false, false));
}

#[tokio::test]
async fn each_can_be_turned_off_alone() {
    assert_eq!(shown(|settings| settings.graphql.graphiql = false).await, (false, true, true));
    assert_eq!(shown(|settings| settings.graphql.introspection = false).await, (true, false, true));
    assert_eq!(shown(|settings| settings.graphql.suggestions = false).await, (true, true, false));
}
