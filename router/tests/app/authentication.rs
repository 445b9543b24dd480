use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use reel_config::Millis;
use serde_json::json;

use crate::world::{Answer, NEXT_REFRESH, REFRESH, World, ana, data, silent_world, world};

const EXPIRED: Duration = Duration::from_secs(1_000);

fn user() -> serde_json::Value {
    data(json!({"user": {"__typename": "User", "id": "7", "username": "ana", "avatarUrl": null,
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}}))
}

async fn info(world: &World, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(Request::get("/user/info"), |request, (name, value)| request.header(*name, *value));
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_current_token_is_taken_from_either_header() {
    let world = world(|_| user()).start().await;
    let token = world.token();
    assert_eq!(info(&world, &[("access-token", &token)]).await.outcome(), (200, 10_000));
    assert_eq!(info(&world, &[("authorization", &format!("Bearer {token}"))]).await.outcome(), (200, 10_000));
    let both = [("authorization", "Bearer nonsense"), ("access-token", token.as_str())];
    assert_eq!(info(&world, &both).await.outcome(), (200, 10_000));
    assert_eq!(world.calls.lock().unwrap()[0].viewer, Some(ana()));
    assert!(world.domains.renewals.lock().unwrap().is_empty());
}

#[tokio::test]
async fn tokens_that_cannot_be_used_are_told_apart() {
    let world = silent_world().start().await;
    let token = world.token();
    assert_eq!(info(&world, &[]).await.outcome(), (200, 10_201));
    assert_eq!(info(&world, &[("access-token", "nonsense")]).await.outcome(), (200, 10_202));
    assert_eq!(
        info(&world, &[("access-token", "nonsense"), ("refresh-token", REFRESH)]).await.outcome(),
        (200, 10_202)
    );
    world.clock.pass(EXPIRED);
    assert_eq!(info(&world, &[("access-token", &token)]).await.outcome(), (200, 10_203));
    let other = [("access-token", token.as_str()), ("refresh-token", "spent")];
    assert_eq!(info(&world, &other).await.outcome(), (200, 10_203));
}

#[tokio::test]
async fn an_expired_token_is_renewed_on_the_way_for_rest_and_graphql_and_also_when_the_request_fails() {
    let world = world(|_| user()).start().await;
    let token = world.token();
    world.clock.pass(EXPIRED);
    let headers = [("access-token", token.as_str()), ("refresh-token", REFRESH)];
    let failing = Request::get("/video/list?user_id=x&page_num=0&page_size=1");
    let failing = headers.iter().fold(failing, |request, (name, value)| request.header(*name, *value));
    let answers = [
        info(&world, &headers).await,
        world.graphql("{ user(id: 7) { username } }", &headers).await,
        world.graphql("{ nonsense }", &headers).await,
        world.send(failing.body(Body::empty()).unwrap()).await,
    ];
    for answer in answers {
        let new = answer.header("access-token").unwrap();
        assert_ne!(new, token);
        assert_eq!(answer.header("new-access-token"), Some(new));
        assert_eq!(answer.header("refresh-token"), Some(NEXT_REFRESH));
    }
    assert_eq!(*world.domains.renewals.lock().unwrap(), [9, 9, 9, 9], "the renewal names the login of the token");
    assert_eq!(world.calls.lock().unwrap()[0].viewer, Some(ana()));
}

#[tokio::test]
async fn before_the_router_knows_which_logins_have_ended_no_token_is_believed() {
    let world = world(|_| user()).just_started().start().await;
    let token = world.token();
    assert_eq!(info(&world, &[("access-token", &token)]).await.outcome(), (200, 10_101));
    let answer = world.graphql("{ user(id: 7) { username } }", &[("access-token", &token)]).await;
    assert_eq!(answer.status.as_u16(), 503);
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE");
    assert!(world.calls.lock().unwrap().is_empty());
    let anonymous = world.graphql("{ user(id: 7) { username } }", &[]).await;
    assert_eq!(anonymous.json()["data"]["user"]["username"], "ana");
    let watch = world.watch();
    while !world.ended.is_known() {
        tokio::task::yield_now().await;
    }
    watch.stop().await;
    assert_eq!(info(&world, &[("access-token", &token)]).await.outcome(), (200, 10_000));
}

#[tokio::test]
async fn a_graphql_operation_that_ends_its_login_brings_no_renewed_tokens() {
    let payload = json!({"user": {"__typename": "User", "id": "7"}, "userErrors": []});
    let world = world(move |_| data(json!({"logOut": payload, "changePassword": payload}))).start().await;
    let token = world.token();
    world.clock.pass(EXPIRED);
    let headers = [("access-token", token.as_str()), ("refresh-token", REFRESH)];
    for operation in [
        "mutation { logOut(input: {}) { user { id } } }",
        r#"mutation { changePassword(input: {currentPassword: "a", newPassword: "b"}) { user { id } } }"#,
    ] {
        world.domains.ended.lock().unwrap().clear();
        let kept = world.graphql(operation, &headers).await;
        assert_eq!(kept.header("refresh-token"), Some(NEXT_REFRESH), "a login that goes on: {operation}");
        world.domains.ended.lock().unwrap().push(ana().session_id);
        let ended = world.graphql(operation, &headers).await;
        assert!(ended.json()["data"].is_object(), "{}", ended.text);
        assert_eq!((ended.header("refresh-token"), ended.header("new-access-token")), (None, None), "{operation}");
    }
}

#[tokio::test]
async fn open_endpoints_serve_a_caller_whose_token_cannot_be_used() {
    let world = world(|call| match call.document.as_str() {
        feed if feed.contains("feed") => data(json!({"feed": {"edges": []}})),
        _ => data(json!({"payload": {"userErrors": []}, "register": {"userErrors": []}})),
    });
    let world = world.start().await;
    let send = |method: &'static str, uri: &'static str, form: &'static str| {
        let request = Request::builder().method(method).uri(uri).header("access-token", "stale");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        world.send(request.body(Body::from(form)).unwrap())
    };
    assert_eq!(send("GET", "/video/feed/", "").await.outcome(), (200, 10_000));
    assert_eq!(send("POST", "/user/register", "username=a&password=b").await.outcome(), (200, 10_000));
    assert!(world.calls.lock().unwrap().iter().all(|call| call.viewer.is_none()));
}

#[tokio::test]
async fn a_graphql_request_with_a_stale_token_fails_unless_it_opens_a_session() {
    let world = world(|_| data(json!({"logIn": {"user": {"__typename": "User", "id": "7"}}}))).start().await;
    let stale = [("access-token", "stale"), ("accept", "application/graphql-response+json")];
    let refused = world.graphql("{ viewer { id } }", &stale).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "TOKEN_INVALID");
    let login = r#"mutation { logIn(input: {username: "a", password: "b"}) { user { id } } }"#;
    assert_eq!(world.graphql(login, &stale).await.json()["data"]["logIn"]["user"]["id"], "7");
}

#[tokio::test]
async fn a_first_question_without_an_answer_is_asked_again_soon_however_seldom_news_are_asked_for() {
    let world = silent_world().just_started().start().await;
    world.domains.silences.store(3, Ordering::SeqCst);
    tokio::time::pause();
    let watch = world.watch_every(Millis(3_600_000));
    let known = async {
        while !world.ended.is_known() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), known).await.unwrap();
    assert_eq!(world.domains.asked.load(Ordering::SeqCst), 4);
    watch.stop().await;
}

#[tokio::test]
async fn an_ended_login_is_refused_once_the_list_says_so() {
    let world = world(|_| user()).start().await;
    let token = world.token();
    // The second is one of a clock that waits for the machine.
    tokio::time::pause();
    let watch = world.watch();
    assert_eq!(info(&world, &[("access-token", &token)]).await.outcome(), (200, 10_000));
    world.domains.ended.lock().unwrap().push(ana().session_id);
    let refused = async {
        while !world.ended.contains(ana().session_id) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        info(&world, &[("access-token", &token)]).await.outcome()
    };
    let refused = tokio::time::timeout(Duration::from_secs(1), refused).await.unwrap();
    assert_eq!(refused, (200, 10_204), "within a second");
    watch.stop().await;
}
