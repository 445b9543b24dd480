//! Compressed answers, and bodies that are not taken compressed.

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tower_http::decompression::Decompression;

use crate::shop::{Answered, PRODUCTS, Shop, shop};
use crate::world::silent_world;

/// A query whose answer is some kilobytes.
const SCHEMA: &str =
    "{ __schema { types { name kind fields { name } } directives { name description args { name } } } }";

fn asking(query: &str, accept: &str) -> Request<Body> {
    let body = Body::from(json!({ "query": query }).to_string());
    let request = Request::post("/graphql").header("content-type", "application/json");
    request.header("accept-encoding", accept).body(body).unwrap()
}

async fn ask(shop: &Shop, query: &str, accept: &str) -> Answered {
    shop.send(asking(query, accept)).await
}

#[tokio::test]
async fn a_large_answer_is_compressed_as_its_client_asks_and_says_the_same() {
    let shop = shop().start().await;
    let plain = shop.query(SCHEMA, &[]).await;
    assert_eq!((plain.lines("content-encoding"), plain.body.len() > 1_024), (vec![], true));
    for (accept, coding) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip, deflate, br, zstd", "zstd")] {
        let answer = ask(&shop, SCHEMA, accept).await;
        assert_eq!(answer.lines("content-encoding"), [coding]);
        assert!(answer.lines("vary").join(",").contains("accept-encoding"), "{accept}");
        assert!(answer.body.len() * 2 < plain.body.len(), "{accept}: {} of {}", answer.body.len(), plain.body.len());
        let unpacked = Decompression::new(shop.app.clone()).oneshot(asking(SCHEMA, accept)).await.unwrap();
        assert_eq!(unpacked.into_body().collect().await.unwrap().to_bytes(), plain.body, "{accept}");
    }
}

#[tokio::test]
async fn small_answers_unknown_codings_and_a_setting_that_is_off_leave_answers_as_they_are() {
    let on = shop().start().await;
    let off = shop().settings(|settings| settings.compression.enabled = false).start().await;
    let later = shop().settings(|settings| settings.compression.from_bytes = 1 << 20).start().await;
    for (shop, query, accept) in [
        (&on, PRODUCTS, "gzip"),
        (&on, SCHEMA, "deflate"),
        (&on, SCHEMA, "gzip;q=0"),
        (&off, SCHEMA, "gzip"),
        (&later, SCHEMA, "gzip"),
    ] {
        let answer = ask(shop, query, accept).await;
        assert_eq!((answer.status, answer.lines("content-encoding")), (200, vec![]), "{accept}");
        assert_eq!(answer.json()["errors"], Value::Null);
    }
}

#[tokio::test]
async fn a_get_whose_cookies_a_subgraph_reads_is_not_compressed() {
    let cookies = json!({ "all": { "propagate": [{ "name": "cookie" }] } });
    let (with, without) = (shop().headers(cookies).start().await, shop().start().await);
    let query = format!("/graphql?{}", serde_urlencoded::to_string([("query", SCHEMA)]).unwrap());
    for (shop, cookie, compressed) in [(&with, true, false), (&with, false, true), (&without, true, true)] {
        let request = Request::get(&query).header("accept-encoding", "gzip");
        let request = if cookie { request.header("cookie", "session=1") } else { request };
        let answer = shop.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, !answer.lines("content-encoding").is_empty()), (200, compressed), "{cookie}");
    }
    let mut posted = asking(SCHEMA, "gzip");
    posted.headers_mut().insert("cookie", "session=1".parse().unwrap());
    assert_eq!(with.send(posted).await.lines("content-encoding"), ["gzip"], "no other page can post this");
}

#[tokio::test]
async fn a_compressed_body_is_refused_and_the_refusal_says_what_to_do() {
    let world = silent_world().start().await;
    let sent = |method: &str, uri: &str, content_type: &str| {
        let request = Request::builder().method(method).uri(uri).header("content-type", content_type);
        let request = request.header("accept-language", "en").header("access-token", world.token());
        world.send(request.header("content-encoding", "gzip").body(Body::from(vec![0x1f, 0x8b, 8, 0])).unwrap())
    };
    for (method, uri, content_type) in [
        ("POST", "/graphql", "application/json"),
        ("POST", "/like/action", "application/x-www-form-urlencoded"),
        ("POST", "/uploads?kind=image", "image/png"),
    ] {
        let answer = sent(method, uri, content_type).await;
        assert_eq!(answer.status, 415, "{uri}: {}", answer.text);
    }
    for (uri, content_type) in [("/graphql", "application/json"), ("/like/action", "application/x-www-form-urlencoded")]
    {
        let answer = sent("POST", uri, content_type).await;
        assert!(answer.text.contains("Content-Encoding"), "{}", answer.text);
    }
}
