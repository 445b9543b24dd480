use axum::body::Body;
use http::{Request, StatusCode};
use reel_router::config::RouterSettings;
use serde_json::json;

use crate::world::{Call, World, ana, data, multipart, multipart_request, silent_world, world};

fn published(_: &Call) -> serde_json::Value {
    let payload = json!({"userErrors": [], "video": {"__typename": "Video", "id": "70"}});
    data(json!({"payload": payload, "publishVideo": payload}))
}

async fn publish(world: &World, parts: &[(&str, &[u8])]) -> (u16, i64) {
    let token = world.token();
    world.send(multipart_request("POST", "/video/publish", &token, multipart(parts))).await.outcome()
}

#[tokio::test]
async fn a_film_is_streamed_and_then_claimed_whatever_the_order_of_the_parts() {
    let film = vec![7_u8; 1_000_000];
    for parts in [
        [("title", b"a film".as_slice()), ("description", b"of mine"), ("data", &film)],
        [("data", film.as_slice()), ("title", b"a film"), ("description", b"of mine")],
    ] {
        let world = world(published).start().await;
        assert_eq!(publish(&world, &parts).await, (200, 10_000));
        let uploads = world.domains.uploads.lock().unwrap();
        assert_eq!(*uploads, [("video", ana(), film.clone())]);
        let claim = json!({"uploadId": "77", "title": "a film", "description": "of mine"});
        assert_eq!(world.last_variables(), claim);
    }
}

#[tokio::test]
async fn a_request_that_must_fail_does_not_reach_the_domain() {
    let world = silent_world().start().await;
    assert_eq!(publish(&world, &[("title", b"  "), ("data", b"film")]).await, (200, 12_004));
    let body = multipart(&[("title", b"t"), ("data", b"film")]);
    let anonymous = world.send(multipart_request("POST", "/video/publish", "", body)).await;
    assert_eq!(anonymous.outcome(), (200, 10_201));
    assert!(world.domains.uploads.lock().unwrap().is_empty());
    assert_eq!(publish(&world, &[("data", b"film")]).await, (200, 10_001));
    assert_eq!(publish(&world, &[("title", b"t")]).await, (200, 10_001));
    assert_eq!(world.as_ana("POST", "/video/publish", "title=t").await.outcome(), (200, 10_001));
}

#[tokio::test]
async fn files_that_are_refused_broken_off_or_too_large_fail() {
    let small = |settings: &mut RouterSettings| settings.uploads.video_limit_bytes = 1_000;
    let world = silent_world().settings(small).start().await;
    assert_eq!(publish(&world, &[("title", b"t"), ("data", b"text")]).await, (200, 12_002));
    assert_eq!(publish(&world, &[("title", b"t"), ("data", &[0; 1_001])]).await, (413, 12_003));
    let mut body = multipart(&[("title", b"t"), ("data", &[0; 900])]);
    body.truncate(body.len() - 100);
    let token = world.token();
    let broken = world.send(multipart_request("POST", "/video/publish", &token, body)).await;
    assert_eq!(broken.outcome(), (400, 10_004));
    assert!(world.domains.uploads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn graph_clients_upload_a_raw_or_a_multipart_body() {
    let world = silent_world().start().await;
    let token = world.token();
    let raw = Request::post("/uploads?kind=image").header("access-token", &token).header("content-type", "image/png");
    let raw = world.send(raw.body(Body::from("png")).unwrap()).await;
    assert_eq!((raw.status, raw.json()), (StatusCode::CREATED, json!({"uploadId": "77"})));
    let form = multipart_request("POST", "/uploads?kind=video", &token, multipart(&[("data", b"film")]));
    assert_eq!(world.send(form).await.status, StatusCode::CREATED);
    let uploads = world.domains.uploads.lock().unwrap();
    assert_eq!(*uploads, [("image", ana(), b"png".to_vec()), ("video", ana(), b"film".to_vec())]);
}

#[tokio::test]
async fn uploads_need_a_person_and_a_kind() {
    let world = silent_world().start().await;
    let anonymous = world.send(Request::post("/uploads?kind=image").body(Body::from("png")).unwrap()).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous.json()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let token = world.token();
    for uri in ["/uploads", "/uploads?kind=song"] {
        let request = Request::post(uri).header("access-token", &token).body(Body::from("x")).unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::BAD_REQUEST, "{uri}");
    }
}
