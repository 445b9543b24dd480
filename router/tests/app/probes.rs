use http::StatusCode;

use crate::world::silent_world;

#[tokio::test]
async fn probes_answer_without_a_token() {
    let world = silent_world().start().await;
    assert_eq!(world.anonymous("GET", "/livez", "").await.text, "ok\n");
    assert_eq!(world.anonymous("GET", "/metrics", "").await.text, "up 1\n");
}

#[tokio::test]
async fn the_router_is_ready_once_it_knows_which_logins_have_ended() {
    let world = silent_world().just_started().start().await;
    let before = world.anonymous("GET", "/readyz", "").await;
    assert_eq!(before.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(before.json()["checks"][0]["name"], "ended_sessions");
    let watch = world.watch();
    while world.ended.age_ms(0).is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.anonymous("GET", "/readyz", "").await.status, StatusCode::OK);
    watch.stop().await;
    world.clock.pass(std::time::Duration::from_secs(60));
    assert_eq!(world.anonymous("GET", "/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
