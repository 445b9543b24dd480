//! One query over all four subgraphs: right, cheap, and whole in its parts when one of them fails.

use reel_e2e::{Form, Person, Stage};
use reel_testkit::eventually;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};

use crate::endpoints::Scene;
use crate::play;

over_both_forms! {
    a_federated_query_answers_over_all_four_subgraphs;
    // Nothing may run in the background that would be counted as well.
    its_statements_do_not_grow_with_the_page
        with "router.revocation.poll_ms" = "3600000", "router.revocation.stale_after_ms" = "7200000";
}

const QUERY: &str = "query ($first: Int!) { popularVideos(first: $first) { edges { node { \
    title author { username viewerIsFollowing } likeCount viewerHasLiked \
    comments(first: 1) { edges { node { content author { username } } } } } } } }";

async fn a_federated_query_answers_over_all_four_subgraphs(stage: &Stage) {
    let scene = Scene::set(stage).await;
    let expected = |follows: bool| {
        json!({"popularVideos": {"edges": [{"node": {
            "title": "Harbour",
            "author": {"username": "ana", "viewerIsFollowing": follows},
            "likeCount": 1,
            "viewerHasLiked": follows,
            "comments": {"edges": [{"node": {"content": "the colours!", "author": {"username": "bo"}}}]},
        }}]}})
    };
    let variables = json!({"first": 10});
    assert_eq!(scene.bo.graphql(QUERY, variables.clone()).await.data(), &expected(true));
    assert_eq!(stage.anybody().graphql(QUERY, variables).await.data(), &expected(false));
}

/// How many SELECT statements the query costs. The least of several runs: a machine that is busy may split a batch.
async fn cost(stage: &Stage, caller: &Person, first: usize) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..8 {
        let before = stage.product.mysql().reads().await;
        let answer = caller.graphql(QUERY, json!({ "first": first })).await;
        let edges = answer.data()["popularVideos"]["edges"].as_array().unwrap();
        assert_eq!(edges.len(), first);
        assert!(edges.iter().all(|edge| !edge["node"]["comments"]["edges"][0]["node"]["author"]["username"].is_null()));
        least = least.min(stage.product.mysql().reads().await - before);
    }
    least
}

async fn its_statements_do_not_grow_with_the_page(stage: &Stage) {
    // Several authors and commenters, so that every batch has many keys.
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(stage.person(&format!("person{number}")).await);
    }
    let share = async |index: usize| {
        for number in 0..10 {
            let (author, other) = (&people[index], &people[(index + 1 + number % 4) % 5]);
            let video = stage.video(author, &format!("clip {index}.{number}"), "").await;
            stage.comment(other, &video, None, "a comment").await;
            other.post("/like/action", &[("video_id", &video), ("action_type", "1")]).await.data();
        }
    };
    futures::future::join_all((0..5).map(share)).await;
    let (one, fifty) = (cost(stage, &people[0], 1).await, cost(stage, &people[0], 50).await);
    assert_eq!(one, fifty, "the query for 1 video costs {one} statements, the one for 50 costs {fifty}");
    // Videos; authors; follows; counts, likes, comments; the comments' authors. (The ids of the page come from Redis.)
    assert!(one <= 7, "{one} statements are more than one for each kind of fact");
}

/// Asserts that everything but this domain's fields is there.
fn only_social_is_missing(answer: &reel_e2e::GraphqlAnswer) {
    assert_eq!(
        answer.partial(),
        &json!({"popularVideos": {"edges": [{"node": {
            "title": "Harbour",
            "author": {"username": "ana", "viewerIsFollowing": null},
            "likeCount": 1,
            "viewerHasLiked": true,
            "comments": {"edges": [{"node": {"content": "the colours!", "author": {"username": "bo"}}}]},
        }}]}})
    );
    assert!(!answer.codes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_that_is_gone_leaves_the_others_fields_intact() {
    play(Form::SeparateProcesses, &[], async |stage| {
        let scene = Scene::set(stage).await;
        stage.product.stop_process("social").await;
        let answer = scene.bo.graphql(QUERY, json!({"first": 1})).await;
        only_social_is_missing(&answer);
        assert!(answer.codes().iter().all(|code| *code == "SERVICE_UNAVAILABLE"), "{}", answer.0);
        let follow = scene.bo.post("/relation/action", &[("to_user_id", &scene.ana.id), ("action_type", "0")]).await;
        assert_eq!(follow.code(), i64::from(reel_error::ErrorCode::ServiceUnavailable.number()), "{follow}");
        scene.bo.get("/video/popular", &[]).await.data();
        eventually("readiness reports it", async || scene.bo.status("/readyz").await == 503).await;
        assert_eq!(scene.bo.status("/livez").await, 200);

        stage.product.stop_process("interaction").await;
        let answer = scene.bo.graphql(QUERY, json!({"first": 1})).await;
        let node = &answer.partial()["popularVideos"]["edges"][0]["node"];
        let expected = json!({"title": "Harbour", "author": {"username": "ana", "viewerIsFollowing": null},
            "likeCount": null, "viewerHasLiked": null, "comments": null});
        assert_eq!(node, &expected);

        stage.product.stop_process("user").await;
        let answer = scene.bo.graphql(QUERY, json!({"first": 1})).await;
        assert_eq!(answer.partial()["popularVideos"]["edges"][0]["node"]["title"], "Harbour", "{}", answer.0);
        assert_eq!(answer.partial()["popularVideos"]["edges"][0]["node"]["author"], Value::Null, "{}", answer.0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subgraph_that_comes_back_is_found_again() {
    play(Form::SeparateProcesses, &[], async |stage| {
        let scene = Scene::set(stage).await;
        let whole = scene.bo.graphql(QUERY, json!({"first": 1})).await;
        for name in ["social", "user", "video", "interaction"] {
            stage.product.stop_process(name).await;
            let broken = scene.bo.graphql(QUERY, json!({"first": 1})).await;
            assert!(!broken.codes().is_empty(), "{name} is needed for it");
            stage.product.start_subgraph(name).await;
            scene.bo.is_ready().await;
            assert_eq!(scene.bo.graphql(QUERY, json!({"first": 1})).await.data(), whole.data());
            // What asks it over gRPC finds it as well.
            stage.video(&scene.ana, name, "").await;
            scene.bo.post("/relation/action", &[("to_user_id", &scene.ana.id), ("action_type", "1")]).await.data();
            scene.bo.post("/relation/action", &[("to_user_id", &scene.ana.id), ("action_type", "0")]).await.data();
            scene.bo.post("/like/action", &[("video_id", &scene.video), ("action_type", "1")]).await.data();
            scene.bo.get("/video/visit", &[("video_id", &scene.video)]).await.data();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_whose_tables_are_gone_leaves_the_others_fields_intact() {
    play(Form::OneProcess, &[], async |stage| {
        let scene = Scene::set(stage).await;
        let pool = stage.product.mysql().open("social").await;
        pool.execute(AssertSqlSafe("RENAME TABLE follow TO gone".to_owned())).await.unwrap();
        let answer = scene.bo.graphql(QUERY, json!({"first": 1})).await;
        only_social_is_missing(&answer);
        assert!(!answer.0.body.to_string().contains("follow'"), "the cause is ours alone: {}", answer.0);
        pool.execute(AssertSqlSafe("RENAME TABLE gone TO follow".to_owned())).await.unwrap();
        let answer = scene.bo.graphql(QUERY, json!({"first": 1})).await;
        assert_eq!(answer.data()["popularVideos"]["edges"][0]["node"]["author"]["viewerIsFollowing"], true);
        pool.close().await;
    })
    .await;
}
