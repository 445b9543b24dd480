use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use reel_router::config::RouterSettings;
use serde_json::json;

use crate::world::{World, data, silent_world, world};

const GRAPHQL: &str = "application/graphql-response+json";

async fn hello() -> World {
    world(|_| data(json!({"user": {"__typename": "User", "id": "1", "username": "ana"}}))).start().await
}

async fn get(world: &World, query: &str, accept: &str) -> crate::world::Answer {
    world.send(Request::get(format!("/graphql?{query}")).header("accept", accept).body(Body::empty()).unwrap()).await
}

async fn post(world: &World, content_type: &str, body: &str) -> crate::world::Answer {
    let request = Request::post("/graphql").header("content-type", content_type);
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn the_answer_has_the_media_type_that_was_asked_for() {
    let world = hello().await;
    for (accept, content_type) in [
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        (GRAPHQL, "application/graphql-response+json; charset=utf-8"),
    ] {
        let answer = world.graphql("{ user(id: 1) { username } }", &[("accept", accept)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some(content_type)));
        assert_eq!(answer.json()["data"]["user"]["username"], "ana");
    }
    let other = world.graphql("{ user(id: 1) { username } }", &[("accept", "text/csv")]).await;
    assert_eq!(other.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_request_error_is_200_as_json_and_400_as_graphql_response_and_has_no_data() {
    let world = silent_world().start().await;
    for query in ["{", "{ nonsense }", "query A { viewer { id } } query B { viewer { id } }"] {
        let json = world.graphql(query, &[("accept", "application/json")]).await;
        let graphql = world.graphql(query, &[("accept", GRAPHQL)]).await;
        assert_eq!((json.status.as_u16(), graphql.status.as_u16()), (200, 400), "{query}");
        assert!(graphql.json().get("data").is_none());
        assert!(graphql.json()["errors"][0]["extensions"]["code"].is_string());
    }
}

#[tokio::test]
async fn a_time_that_is_none_is_a_request_error() {
    let world = silent_world().start().await;
    let in_filter = "query($from: DateTime) { videos(filter: { publishedFrom: $from }) { totalCount } }";
    let whole_filter = "query($filter: VideoFilter) { videos(filter: $filter) { totalCount } }";
    let wrong = [json!("garbage"), json!(""), json!("2026-13-01T00:00:00Z"), json!(5), json!({}), json!([true])];
    for (query, variables) in [
        (r#"{ feed(publishedAfter: "garbage") { totalCount } }"#, json!({})),
        ("{ feed(publishedAfter: 17) { totalCount } }", json!({})),
        (r#"{ videos(filter: { publishedTo: "2026-01-01" }) { totalCount } }"#, json!({})),
        (r#"query($at: DateTime = "never") { feed(publishedAfter: $at) { totalCount } }"#, json!({})),
        (in_filter, json!({ "from": wrong[0] })),
        (in_filter, json!({ "from": wrong[1] })),
        (in_filter, json!({ "from": wrong[2] })),
        (in_filter, json!({ "from": wrong[3] })),
        (in_filter, json!({ "from": wrong[4] })),
        (in_filter, json!({ "from": wrong[5] })),
        (whole_filter, json!({ "filter": { "publishedFrom": "garbage" } })),
    ] {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql").header("content-type", "application/json").header("accept", GRAPHQL);
        let answer = world.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query} {variables}");
        let code = &answer.json()["errors"][0]["extensions"]["code"];
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{query} {variables}");
    }
}

#[tokio::test]
async fn times_of_every_spelling_that_rfc_3339_has_are_passed_on() {
    let world = world(|_| data(json!({ "feed": { "totalCount": 1 } }))).start().await;
    for time in ["2026-01-01T08:00:00Z", "2026-01-01T08:00:00.123456+08:00", "2026-01-01t08:00:00z"] {
        let answer = world.graphql(&format!("{{ feed(publishedAfter: {time:?}) {{ totalCount }} }}"), &[]).await;
        assert_eq!(answer.json()["data"]["feed"]["totalCount"], 1, "{}", answer.text);
    }
}

#[tokio::test]
async fn bodies_that_a_page_of_another_site_can_send_are_refused() {
    let world = silent_world().start().await;
    let body = r#"{"query":"mutation { logOut(input: {}) { user { id } } }"}"#;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        assert_eq!(post(&world, content_type, body).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    let without = world.send(Request::post("/graphql").body(Body::from(body)).unwrap()).await;
    assert_eq!(without.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn malformed_bodies_and_batches_are_400_and_large_ones_413() {
    let world = silent_world().start().await;
    for body in [
        "",
        "{",
        "{}",
        "[]",
        r#"[{"query":"{ viewer { id } }"}]"#,
        r#"{"query":{}}"#,
        r#"{"query":"{a}","variables":"{}"}"#,
    ] {
        assert_eq!(post(&world, "application/json", body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let large = format!(r#"{{"query":"{}"}}"#, "#".repeat(300_000));
    assert_eq!(post(&world, "application/json", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn get_runs_queries_and_never_mutations() {
    let world = hello().await;
    let query = "query=%7Buser(id%3A1)%7Busername%7D%7D";
    assert_eq!(get(&world, query, GRAPHQL).await.json()["data"]["user"]["username"], "ana");
    let asked = world.calls.lock().unwrap().len();
    let mutation = "query=mutation%7BlogIn(input%3A%7Busername%3A%22a%22%2Cpassword%3A%22b%22%7D)%7Buser%7Bid%7D%7D%7D";
    let refused = get(&world, mutation, "*/*").await;
    assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("POST")));
    assert_eq!(world.calls.lock().unwrap().len(), asked);
    assert_eq!(get(&world, "", "*/*").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_browser_gets_graphiql_and_nothing_runs() {
    let world = silent_world().start().await;
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = get(&world, "query=%7Bviewer%7Bid%7D%7D", accept).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    let examples = world.anonymous("GET", "/graphiql/examples.json", "").await.json();
    assert!(examples[0]["query"].as_str().unwrap().contains("query"));
    assert_eq!(world.anonymous("GET", "/graphiql/nothing.js", "").await.outcome(), (404, 10_005));
    assert_eq!(world.anonymous("GET", "/graphiql/%FF.js", "").await.outcome(), (404, 10_005));
}

#[tokio::test]
async fn graphiql_can_be_turned_off() {
    let off = |settings: &mut RouterSettings| settings.graphql.graphiql = false;
    let world = silent_world().settings(off).start().await;
    assert_eq!(get(&world, "", "text/html").await.status, StatusCode::NOT_ACCEPTABLE);
    assert_eq!(world.anonymous("GET", "/graphiql/start.js", "").await.outcome(), (404, 10_005));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    let world = silent_world().start().await;
    let body = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/graphql").header("content-type", "application/json").body(body).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(60), world.send(request)).await.unwrap();
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "TIMEOUT");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_says_so() {
    let world = world(|_| json!("never")).start().await;
    let answer = world.graphql("{ user(id: 1) { username } }", &[]).await;
    assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "TIMEOUT");
    let login = world.anonymous("POST", "/user/login", "username=a&password=b").await;
    assert_eq!(login.outcome(), (200, 10_102));
}
