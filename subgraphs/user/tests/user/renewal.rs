use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use reel_rpc::user::renew_session_response::Outcome;
use reel_rpc::user::{PeekSessionRequest, RenewSessionRequest, peek_session_response};
use serde_json::json;

use crate::world::{Login, World, cheap};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn ended() -> serde_json::Value {
    json!({ "error": "SESSION_ENDED" })
}

/// Renews as a router does.
async fn renew_rpc(world: &World, refresh: &str, session_id: i64) -> Outcome {
    let request = RenewSessionRequest { refresh_token: refresh.to_owned(), session_id };
    world.rpc().renew_session(request).await.unwrap().into_inner().outcome.unwrap()
}

#[tokio::test]
async fn looking_at_a_token_says_what_a_renewal_would_and_changes_nothing() {
    let world = World::new().await;
    let login = world.person("ana").await;
    let session = login.viewer.session_id.raw();
    let peek = async |refresh: &str, session_id: i64| {
        let request = PeekSessionRequest { refresh_token: refresh.to_owned(), session_id };
        match world.rpc().peek_session(request).await.unwrap().into_inner().outcome.unwrap() {
            peek_session_response::Outcome::Renewable(renewable) => Ok(renewable),
            peek_session_response::Outcome::Refused(code) => Err(code),
        }
    };
    assert_eq!(peek("nonsense", session).await, Err("TOKEN_INVALID".into()));
    assert_eq!(peek(&login.refresh, session + 1).await, Err("TOKEN_INVALID".into()));
    for _ in 0..3 {
        assert_eq!(peek(&login.refresh, session).await, Ok(true));
        world.clock.advance(Duration::from_secs(60));
    }
    let next = world.read_login(&world.renew(&login.refresh).await);
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(peek(&login.refresh, session).await, Ok(true), "within the grace period");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(peek(&login.refresh, session).await, Ok(false));
    assert_eq!(peek(&next.refresh, session).await, Ok(true), "the login did not end");
    world.clock.advance(8 * DAY);
    assert_eq!(peek(&next.refresh, session).await, Err("TOKEN_EXPIRED".into()));
    assert_eq!(world.count("SELECT COUNT(*) FROM session WHERE ended_at IS NOT NULL").await, 0);
    world.renew(&login.refresh).await;
    assert_eq!(peek(&next.refresh, session).await, Err("SESSION_ENDED".into()));
    world.close().await;
}

#[tokio::test]
async fn each_renewal_gives_another_pair_of_the_same_login() {
    let world = World::new().await;
    let mut login = world.person("ana").await;
    let viewer = login.viewer;
    let mut seen = HashSet::from([login.refresh.clone(), login.access.clone()]);
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(600));
        let answer = world.renew(&login.refresh).await;
        assert_eq!(answer["user"]["username"], "ana");
        login = world.read_login(&answer);
        assert_eq!(login.viewer, viewer);
        assert!(seen.insert(login.refresh.clone()) && seen.insert(login.access.clone()));
    }
    world.close().await;
}

#[tokio::test]
async fn a_spent_token_returns_the_same_successor_for_ten_seconds() {
    let world = World::new().await;
    let login = world.person("ana").await;
    let next = world.read_login(&world.renew(&login.refresh).await);
    world.clock.advance(Duration::from_secs(10));
    let again = world.renew(&login.refresh).await;
    assert_eq!(world.read_login(&again).refresh, next.refresh);
    assert_eq!(again["session"]["refreshTokenExpiresAt"], "2026-01-08T08:00:00+00:00");
    world.read_login(&world.renew(&next.refresh).await);
    world.close().await;
}

#[tokio::test]
async fn a_spent_token_that_comes_back_later_ends_the_whole_login() {
    let world = World::new().await;
    let (login, other) = (world.person("ana").await, world.login("ana", "secret").await);
    let next = world.read_login(&world.renew(&login.refresh).await);
    world.clock.advance(Duration::from_millis(10_001));
    assert_eq!(world.renew(&login.refresh).await, ended());
    // The end is stored: the thief's token and the owner's are both dead.
    assert_eq!(world.renew(&next.refresh).await, ended());
    assert_eq!(world.count("SELECT COUNT(*) FROM session WHERE ended_at IS NOT NULL").await, 1);
    world.read_login(&world.renew(&other.refresh).await);
    world.close().await;
}

#[tokio::test]
async fn a_theft_is_noticed_also_after_the_clean_up() {
    let mut world = World::new().await;
    let login = world.person("ana").await;
    world.renew(&login.refresh).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM refresh_token WHERE sealed_successor IS NOT NULL").await, 1);
    world.clock.advance(Duration::from_secs(3_600));
    world.restart(cheap()).await;
    reel_testkit::eventually("the successor is forgotten", async || {
        world.count("SELECT COUNT(*) FROM refresh_token WHERE sealed_successor IS NOT NULL").await == 0
    })
    .await;
    assert_eq!(world.renew(&login.refresh).await, ended());
    world.close().await;
}

#[tokio::test]
async fn the_database_holds_no_token_and_no_successor_that_can_be_read() {
    let world = World::new().await;
    let login = world.person("ana").await;
    let next = world.read_login(&world.renew(&login.refresh).await);
    let rows: Vec<(Vec<u8>, Option<Vec<u8>>)> = sqlx::query_as("SELECT hash, sealed_successor FROM refresh_token")
        .fetch_all(world.database.pool())
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    let raw = [&login.refresh, &next.refresh].map(|token| decode(token));
    for (hash, sealed) in &rows {
        assert!(!raw.contains(hash));
        assert!(sealed.as_ref().is_none_or(|sealed| !raw.contains(sealed)));
    }
    world.close().await;
}

fn decode(token: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_renewals_with_one_token_get_one_successor() {
    let world = Arc::new(World::new().await);
    let login = world.person("ana").await;
    world.open_connections().await;
    let renewals: Vec<_> = (0..64)
        .map(|number| {
            let (world, login) = (world.clone(), login.clone());
            tokio::spawn(async move {
                if number % 2 == 0 {
                    return world.read_login(&world.renew(&login.refresh).await).refresh;
                }
                match renew_rpc(&world, &login.refresh, login.viewer.session_id.raw()).await {
                    Outcome::Tokens(tokens) => tokens.refresh_token,
                    Outcome::Refused(code) => panic!("{code}"),
                }
            })
        })
        .collect();
    let mut successors = HashSet::new();
    for renewal in renewals {
        successors.insert(renewal.await.unwrap());
    }
    assert_eq!(successors.len(), 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM refresh_token").await, 2);
    for successor in successors {
        world.read_login(&world.renew(&successor).await);
    }
    Arc::into_inner(world).unwrap().close().await;
}

#[tokio::test]
async fn a_token_of_another_login_is_refused_and_stays_unspent() {
    let world = World::new().await;
    let (login, other) = (world.person("ana").await, world.person("ben").await);
    let session = |login: &Login| login.viewer.session_id.raw();
    let refused = renew_rpc(&world, &login.refresh, session(&other)).await;
    assert_eq!(refused, Outcome::Refused("TOKEN_INVALID".into()));
    world.clock.advance(Duration::from_secs(60));
    let Outcome::Tokens(tokens) = renew_rpc(&world, &login.refresh, session(&login)).await else {
        panic!("the token was spent by the refusal");
    };
    assert_eq!((tokens.user_id, tokens.session_id), (login.viewer.user_id.raw(), session(&login)));
    assert_eq!(world.read_token(&tokens.access_token), login.viewer);
    world.close().await;
}

#[tokio::test]
async fn refusals_over_grpc_name_their_code() {
    let world = World::new().await;
    let login = world.person("ana").await;
    let session = login.viewer.session_id.raw();
    assert_eq!(renew_rpc(&world, "no token", session).await, Outcome::Refused("TOKEN_INVALID".into()));
    world.mutate(Some(login.viewer), "logOut", "user { id }", json!({})).await;
    assert_eq!(renew_rpc(&world, &login.refresh, session).await, Outcome::Refused("SESSION_ENDED".into()));
    world.close().await;
}

#[tokio::test]
async fn a_login_that_is_not_renewed_for_seven_days_is_over() {
    let world = World::new().await;
    let login = world.person("ana").await;
    world.clock.advance(7 * DAY - Duration::from_secs(1));
    let next = world.read_login(&world.renew(&login.refresh).await);
    world.clock.advance(7 * DAY);
    assert_eq!(world.renew(&next.refresh).await, json!({ "error": "TOKEN_EXPIRED" }));
    world.close().await;
}

#[tokio::test]
async fn a_login_is_over_after_thirty_days_however_often_it_is_renewed() {
    let world = World::new().await;
    let mut login = world.person("ana").await;
    for _ in 0..4 {
        world.clock.advance(6 * DAY);
        login = world.read_login(&world.renew(&login.refresh).await);
    }
    let answer = world.renew(&login.refresh).await;
    assert_eq!(answer["session"]["refreshTokenExpiresAt"], "2026-01-31T08:00:00+00:00");
    login = world.read_login(&answer);
    world.clock.advance(6 * DAY);
    assert_eq!(world.renew(&login.refresh).await, json!({ "error": "TOKEN_EXPIRED" }));
    world.close().await;
}

#[tokio::test]
async fn the_rows_of_logins_that_are_over_are_removed() {
    let mut world = World::new().await;
    let login = world.person("ana").await;
    world.renew(&login.refresh).await;
    world.clock.advance(32 * DAY);
    let current = world.login("ana", "secret").await;
    world.restart(cheap()).await;
    reel_testkit::eventually("old rows are removed", async || {
        world.count("SELECT (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM refresh_token)").await == 2
    })
    .await;
    world.read_login(&world.renew(&current.refresh).await);
    world.close().await;
}
