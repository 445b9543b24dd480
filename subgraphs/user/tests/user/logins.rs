use serde_json::json;

use crate::world::{World, cheap};

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_look_the_same() {
    let world = World::new().await;
    world.person("ana").await;
    let wrong = world.log_in("ana", "wrong password").await;
    let unknown = world.log_in("nobody", "wrong password").await;
    assert_eq!(wrong["userErrors"][0]["code"], "WRONG_CREDENTIALS");
    assert_eq!(wrong["userErrors"][0]["field"], json!(null));
    assert_eq!(wrong["session"], json!(null));
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, world.log_in("", "").await);
    assert_eq!(wrong, world.log_in("ana", &"x".repeat(100_000)).await);
    world.close().await;
}

#[tokio::test]
async fn an_mfa_code_is_ignored_for_people_without_one() {
    let world = World::new().await;
    world.register("ana", "secret").await;
    let input = json!({ "username": "ana", "password": "secret", "code": "000000" });
    let answer = world.mutate(None, "logIn", "session { accessToken refreshToken }", input).await;
    world.read_login(&answer);
    world.close().await;
}

#[tokio::test]
async fn a_login_says_when_its_tokens_expire() {
    let world = World::new().await;
    world.register("ana", "secret").await;
    let session = world.log_in("ana", "secret").await["session"].clone();
    assert_eq!(session["accessTokenExpiresAt"], "2026-01-01T08:15:00+00:00");
    assert_eq!(session["refreshTokenExpiresAt"], "2026-01-08T08:00:00+00:00");
    world.close().await;
}

#[tokio::test]
async fn logging_out_ends_this_login_or_all_of_the_persons_and_nobody_elses() {
    let world = World::new().await;
    let (here, other) = (world.person("ana").await, world.person("ben").await);
    let there = world.login("ana", "secret").await;
    let third = world.login("ana", "secret").await;
    let log_out = async |everywhere: bool| {
        world.mutate(Some(here.viewer), "logOut", "user { username }", json!({ "everywhere": everywhere })).await
    };
    let expected = json!({ "user": { "username": "ana" }, "userErrors": [] });
    assert_eq!(log_out(false).await, expected);
    assert_eq!(log_out(false).await, expected, "repeating it changes nothing");
    assert_eq!(world.renew(&here.refresh).await, json!({ "error": "SESSION_ENDED" }));
    world.read_login(&world.renew(&there.refresh).await);
    assert_eq!(log_out(true).await, expected);
    for refresh in [&there.refresh, &third.refresh] {
        assert_eq!(world.renew(refresh).await, json!({ "error": "SESSION_ENDED" }));
    }
    world.read_login(&world.renew(&other.refresh).await);
    world.close().await;
}

#[tokio::test]
async fn everywhere_is_false_unless_said() {
    let world = World::new().await;
    let here = world.person("ana").await;
    let there = world.login("ana", "secret").await;
    let answer = world.mutate(Some(here.viewer), "logOut", "user { id }", json!({})).await;
    assert_eq!(answer["userErrors"], json!([]));
    world.read_login(&world.renew(&there.refresh).await);
    world.close().await;
}

#[tokio::test]
async fn what_needs_a_viewer_is_refused_to_anonymous_callers() {
    let world = World::new().await;
    for (mutation, input) in [
        ("logOut", json!({})),
        ("changePassword", json!({ "currentPassword": "secret", "newPassword": "new secret" })),
        ("updateAvatar", json!({ "uploadId": "1" })),
    ] {
        let answer = world.mutate(None, mutation, "user { id }", input).await;
        assert_eq!(answer, json!({ "error": "UNAUTHENTICATED" }), "{mutation}");
    }
    world.close().await;
}

#[tokio::test]
async fn a_login_too_many_ends_the_persons_oldest() {
    let world = World::with(reel_user::UserSettings { max_logins: 2, ..cheap() }).await;
    let (first, other) = (world.person("ana").await, world.person("ben").await);
    let second = world.login("ana", "secret").await;
    let third = world.login("ana", "secret").await;
    assert_eq!(world.renew(&first.refresh).await, json!({ "error": "SESSION_ENDED" }));
    for login in [second, third, other] {
        world.read_login(&world.renew(&login.refresh).await);
    }
    world.close().await;
}
