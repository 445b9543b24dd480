use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use futures::StreamExt as _;
use http::{HeaderValue, Request, StatusCode};
use reel_router::config::RouterSettings;
use serde_json::json;

use crate::world::{
    Answer, Call, NEXT_REFRESH, REFRESH, World, ana, data, multipart, multipart_request, silent_world, world,
};

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
async fn texts_that_are_too_long_are_refused_before_the_film_or_with_it_discarded() {
    let world = silent_world().start().await;
    let (title, description) = ("题".repeat(129), "d".repeat(2_001));
    let long_title = ("title", title.as_bytes());
    let long_description = ("description", description.as_bytes());
    let film = ("data", b"film".as_slice());
    assert_eq!(publish(&world, &[long_title, film]).await, (200, 12_005));
    assert_eq!(publish(&world, &[("title", b"t"), long_description, film]).await, (200, 12_006));
    assert!(world.domains.uploads.lock().unwrap().is_empty());
    assert_eq!(publish(&world, &[film, long_title]).await, (200, 12_005));
    assert_eq!(publish(&world, &[film, ("title", b"t"), long_description]).await, (200, 12_006));
    assert_eq!(publish(&world, &[film, ("title", b" ")]).await, (200, 12_004));
    assert_eq!(publish(&world, &[film]).await, (200, 10_001));
    assert_eq!(world.domains.uploads.lock().unwrap().len(), 4);
    assert_eq!(*world.domains.discarded.lock().unwrap(), [("video", ana()); 4]);
}

#[tokio::test]
async fn an_upload_is_discarded_when_its_operation_fails_and_only_then() {
    let refused = |_: &Call| {
        let payload = json!({"userErrors": [{"code": "BLANK_TITLE", "message": "no"}], "video": null, "user": null});
        data(json!({"payload": payload, "publishVideo": payload, "updateAvatar": payload}))
    };
    let world = world(refused).start().await;
    assert_eq!(publish(&world, &[("title", b"t"), ("data", b"film")]).await, (200, 12_004));
    let token = world.token();
    let avatar = multipart_request("PUT", "/user/avatar/upload", &token, multipart(&[("data", b"png")]));
    assert_eq!(world.send(avatar).await.outcome(), (200, 12_004));
    assert_eq!(*world.domains.discarded.lock().unwrap(), [("video", ana()), ("image", ana())]);
    let world = crate::world::world(published).start().await;
    assert_eq!(publish(&world, &[("title", b"t"), ("data", b"film")]).await, (200, 10_000));
    assert!(world.domains.discarded.lock().unwrap().is_empty());
}

/// A film in two pieces; when the second is asked for, `meanwhile` happens.
fn film(parts: &[(&str, &[u8])], meanwhile: impl FnOnce() + Send + 'static) -> Body {
    let mut first = multipart(parts);
    let second = first.split_off(first.len() / 2);
    let later = futures::stream::once(async move {
        meanwhile();
        Ok::<_, std::io::Error>(second)
    });
    Body::from_stream(futures::stream::iter([Ok(first)]).chain(later))
}

/// Publishes with an expired token.
async fn publish_expired(world: &World, body: Body) -> Answer {
    let token = world.token();
    world.clock.pass(Duration::from_secs(1_000));
    let mut request = multipart_request("POST", "/video/publish", &token, Vec::new());
    request.headers_mut().insert("refresh-token", HeaderValue::from_static(REFRESH));
    *request.body_mut() = body;
    world.send(request).await
}

#[tokio::test]
async fn an_expired_token_is_renewed_only_once_the_film_is_in() {
    let world = world(published).start().await;
    let renewals = Arc::clone(&world.domains.renewals);
    let body = film(&[("title", b"t"), ("data", b"film")], move || assert!(renewals.lock().unwrap().is_empty()));
    let answer = publish_expired(&world, body).await;
    assert_eq!(answer.outcome(), (200, 10_000));
    assert_eq!(answer.header("refresh-token"), Some(NEXT_REFRESH));
    assert_eq!(*world.domains.renewals.lock().unwrap(), [9]);
    assert_eq!(world.calls.lock().unwrap()[0].viewer, Some(ana()));
}

#[tokio::test]
async fn a_film_that_is_refused_or_broken_off_spends_no_token() {
    let world = silent_world().start().await;
    let refused = publish_expired(&world, film(&[("data", b"film"), ("title", b" ")], || {})).await;
    assert_eq!((refused.outcome(), refused.header("refresh-token")), ((200, 12_004), None));
    let mut broken = multipart(&[("title", b"t"), ("data", b"film")]);
    broken.truncate(broken.len() - 20);
    let broken = publish_expired(&world, Body::from(broken)).await;
    assert_eq!((broken.outcome(), broken.header("refresh-token")), ((400, 10_004), None));
    assert!(world.domains.renewals.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_that_another_request_spends_meanwhile_is_left_alone() {
    let world = world(published).start().await;
    let spent = Arc::clone(&world.domains.spent);
    let body = film(&[("title", b"t"), ("data", b"film")], move || spent.store(true, Ordering::SeqCst));
    let answer = publish_expired(&world, body).await;
    assert_eq!((answer.outcome(), answer.header("refresh-token")), ((200, 10_000), None));
    assert!(world.domains.renewals.lock().unwrap().is_empty(), "to spend it twice would end the login");
    // Spent long before the request, it is for the user domain to see.
    publish_expired(&world, Body::from(multipart(&[("title", b"t"), ("data", b"film")]))).await;
    assert_eq!(*world.domains.renewals.lock().unwrap(), [9]);
}

#[tokio::test]
async fn a_login_that_ends_while_its_film_arrives_publishes_nothing() {
    let world = silent_world().start().await;
    let ended = Arc::clone(&world.domains.ended);
    let body = film(&[("title", b"t"), ("data", b"film")], move || ended.lock().unwrap().push(ana().session_id));
    assert_eq!(publish_expired(&world, body).await.outcome(), (200, 10_204));
    assert_eq!(*world.domains.discarded.lock().unwrap(), [("video", ana())]);
}

#[tokio::test]
async fn a_login_that_ends_while_its_film_arrives_publishes_nothing_with_a_current_token_either() {
    let world = silent_world().start().await;
    let watch = world.watch();
    let (ended, known) = (Arc::clone(&world.domains.ended), Arc::clone(&world.ended));
    let first = multipart(&[("title", b"t"), ("data", b"film")]);
    let end = futures::stream::once(async move {
        ended.lock().unwrap().push(ana().session_id);
        while !known.contains(ana().session_id) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok::<_, std::io::Error>(Vec::new())
    });
    let token = world.token();
    let mut request = multipart_request("POST", "/video/publish", &token, Vec::new());
    *request.body_mut() = Body::from_stream(end.chain(futures::stream::iter([Ok(first)])));
    assert_eq!(world.send(request).await.outcome(), (200, 10_204));
    assert_eq!(*world.domains.discarded.lock().unwrap(), [("video", ana())]);
    watch.stop().await;
}

#[tokio::test]
async fn uploads_of_graph_clients_renew_when_the_file_is_in() {
    let world = silent_world().start().await;
    let (renewals, ended) = (Arc::clone(&world.domains.renewals), Arc::clone(&world.domains.ended));
    let token = world.token();
    world.clock.pass(Duration::from_secs(1_000));
    let upload = |body: Body| {
        let request = Request::post("/uploads?kind=image").header("access-token", &token);
        world.send(request.header("refresh-token", REFRESH).body(body).unwrap())
    };
    let body = film(&[("data", b"png")], move || assert!(renewals.lock().unwrap().is_empty()));
    let answer = upload(body).await;
    assert_eq!((answer.status, answer.header("refresh-token")), (StatusCode::CREATED, Some(NEXT_REFRESH)));
    let body = film(&[("data", b"png")], move || ended.lock().unwrap().push(ana().session_id));
    assert_eq!(upload(body).await.json()["errors"][0]["extensions"]["code"], "SESSION_ENDED");
    assert_eq!(*world.domains.discarded.lock().unwrap(), [("image", ana())]);
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

/// A body in small pieces, and how many bytes of it have been taken.
fn watched(content: &[u8]) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&taken);
    let pieces: Vec<Vec<u8>> = content.chunks(1_000).map(<[u8]>::to_vec).collect();
    let pieces = futures::stream::iter(pieces).map(move |piece| {
        counter.fetch_add(piece.len(), Ordering::SeqCst);
        Ok::<_, std::io::Error>(piece)
    });
    (Body::from_stream(pieces), taken)
}

#[tokio::test]
async fn what_is_left_of_a_refused_upload_is_read_so_that_its_client_gets_the_answer() {
    let content = multipart(&[("title", b"t"), ("data", &[0; 1_000_000]), ("description", b"d")]);
    for (busy, limit, code) in
        [(false, 1_000, ["FILE_TOO_LARGE", "12003"]), (true, 2_000_000, ["RATE_LIMITED", "10104"])]
    {
        let world = silent_world().settings(|settings| settings.uploads.video_limit_bytes = limit).start().await;
        world.domains.busy.store(busy, Ordering::SeqCst);
        let token = world.token();
        for (uri, kind) in [
            ("/uploads?kind=video", "multipart/form-data; boundary=xYzZy"),
            ("/uploads?kind=video", "video/mp4"),
            ("/video/publish", "multipart/form-data; boundary=xYzZy"),
        ] {
            let (body, taken) = watched(&content);
            let request = Request::post(uri).header("access-token", &token).header("content-type", kind);
            let answer = world.send(request.body(body).unwrap()).await;
            assert!(code.iter().any(|code| answer.text.contains(code)), "{uri} {kind}: {}", answer.text);
            assert_eq!(taken.load(Ordering::SeqCst), content.len(), "{uri} {kind} {code:?}");
        }
    }
}

/// A multipart body that stands still, or goes on for ever in pieces a second apart, where `parts` end.
fn endless(parts: &[(&str, &[u8])], last: &str, drips: bool) -> Body {
    let mut begin = multipart(parts);
    begin.truncate(begin.len() - "--\r\n".len());
    begin.extend_from_slice(format!("\r\n{last}").as_bytes());
    let drip = futures::stream::repeat_with(|| Vec::from(b"x")).then(move |piece| async move {
        if !drips {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, std::io::Error>(piece)
    });
    Body::from_stream(futures::stream::iter([Ok(begin)]).chain(drip))
}

#[tokio::test]
async fn what_is_not_the_file_has_the_time_of_a_request_without_a_file() {
    const FIELD: &str = "Content-Disposition: form-data; name=\"note\"\r\n\r\n";
    let world = silent_world().start().await;
    let token = world.token();
    tokio::time::pause();
    let time = RouterSettings::default().limits.deadline_s.duration();
    let film = [("title", b"t".as_slice()), ("data", b"film")];
    for (uri, parts, uploads) in
        [("/video/publish", &film[..1], 0), ("/video/publish", &film, 1), ("/uploads?kind=video", &film[..1], 0)]
    {
        for (last, drips) in [("", false), (FIELD, false), (FIELD, true)] {
            let mut request = multipart_request("POST", uri, &token, Vec::new());
            *request.body_mut() = endless(parts, last, drips);
            let begun = tokio::time::Instant::now();
            let answer = world.send(request).await;
            assert!(["TIMEOUT", "10102"].iter().any(|code| answer.text.contains(code)), "{}", answer.text);
            assert!(begun.elapsed() < time * 2, "{uri} {last:?} {drips}: {:?}", begun.elapsed());
            assert_eq!(std::mem::take(&mut *world.domains.uploads.lock().unwrap()).len(), uploads);
            assert_eq!(std::mem::take(&mut *world.domains.discarded.lock().unwrap()).len(), uploads);
        }
    }
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
    for uri in ["/uploads", "/uploads?kind=song", "/uploads?kind=image&kind=video", "/uploads?kind=image&kind=image"] {
        let request = Request::post(uri).header("access-token", &token).body(Body::from("x")).unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "INVALID_ARGUMENT", "{uri}");
    }
}
