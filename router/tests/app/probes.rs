use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use futures::future::BoxFuture;
use http::{Request, StatusCode};
use reel_router::http::{ReadinessCheck, probe_routes};
use tower::ServiceExt as _;

use crate::world::silent_world;

#[tokio::test]
async fn probes_answer_without_a_token() {
    let world = silent_world().start().await;
    assert_eq!(world.anonymous("GET", "/livez", "").await.text, "ok\n");
    assert_eq!(world.anonymous("GET", "/metrics", "").await.text, "up 1\n");
}

#[tokio::test(start_paused = true)]
async fn readiness_is_checked_once_a_second_however_many_ask() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let probe = move || -> BoxFuture<'static, Result<(), String>> {
        let count = Arc::clone(&count);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    };
    let app = probe_routes(vec![ReadinessCheck::new("one", Arc::new(probe))], None);
    let ask = async || {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), StatusCode::OK);
    };
    futures::future::join_all((0..20).map(|_| ask())).await;
    ask().await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    futures::future::join_all((0..20).map(|_| ask())).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn the_router_is_ready_once_it_knows_which_logins_have_ended() {
    let world = silent_world().just_started().start().await;
    let before = world.anonymous("GET", "/readyz", "").await;
    assert_eq!(before.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(before.json()["checks"][0]["name"], "ended_sessions");
    let watch = world.watch();
    while world.ended.age_ms(0).is_none() {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(world.anonymous("GET", "/readyz", "").await.status, StatusCode::OK);
    watch.stop().await;
    world.clock.pass(Duration::from_secs(60));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(world.anonymous("GET", "/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
