use std::time::Duration;

use reel_config::Seconds;
use reel_rpc::user::{EndedSessionsRequest, EndedSessionsResponse};
use serde_json::json;

use crate::world::{Login, World, cheap};

async fn ended_since(world: &World, since_ms: i64) -> EndedSessionsResponse {
    world.rpc().ended_sessions(EndedSessionsRequest { since_ms }).await.unwrap().into_inner()
}

fn ids(response: &EndedSessionsResponse) -> Vec<i64> {
    response.sessions.iter().map(|session| session.session_id).collect()
}

async fn log_out(world: &World, login: &Login) {
    world.mutate(Some(login.viewer), "logOut", "user { id }", json!({})).await;
}

#[tokio::test]
async fn routers_hear_of_every_way_in_which_a_login_ends() {
    let world = World::new().await;
    let logged_out = world.person("ana").await;
    let live = world.login("ana", "secret").await;
    let stolen = world.person("ben").await;
    let changed = world.person("cleo").await;
    assert!(ended_since(&world, 0).await.sessions.is_empty());
    world.renew(&stolen.refresh).await;
    world.clock.advance(Duration::from_secs(11));
    world.renew(&stolen.refresh).await;
    log_out(&world, &logged_out).await;
    let input = json!({ "currentPassword": "secret", "newPassword": "new secret" });
    world.mutate(Some(changed.viewer), "changePassword", "user { id }", input).await;
    let mut told = ids(&ended_since(&world, 0).await);
    told.sort_unstable();
    let mut expected = [&logged_out, &stolen, &changed].map(|login| login.viewer.session_id.raw());
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert!(!told.contains(&live.viewer.session_id.raw()));
    world.close().await;
}

#[tokio::test]
async fn asking_on_from_the_last_answer_leaves_no_login_out() {
    let world = World::new().await;
    let (first, second) = (world.person("ana").await, world.person("ben").await);
    log_out(&world, &first).await;
    let page = ended_since(&world, 0).await;
    // A login whose end was written down before the answer, and committed after it.
    log_out(&world, &second).await;
    world.clock.advance(Duration::from_secs(1));
    let next = ended_since(&world, page.next_since_ms).await;
    assert!(ids(&next).contains(&second.viewer.session_id.raw()));
    // After a while it is not told again.
    world.clock.advance(Duration::from_secs(70));
    let next = ended_since(&world, next.next_since_ms).await;
    let last = ended_since(&world, next.next_since_ms).await;
    assert_eq!(ids(&last), Vec::<i64>::new());
    world.close().await;
}

#[tokio::test]
async fn a_login_whose_end_is_committed_most_of_a_minute_late_is_told() {
    let world = World::new().await;
    let login = world.person("ana").await;
    world.clock.advance(Duration::from_secs(60));
    let page = ended_since(&world, 0).await;
    log_out(&world, &login).await;
    // It was written down before the answer, by a transaction that had to wait.
    let late = reel_id::Clock::now(&*world.clock) - Duration::from_secs(50);
    sqlx::query("UPDATE session SET ended_at = ?").bind(late).execute(world.database.pool()).await.unwrap();
    assert_eq!(ids(&ended_since(&world, page.next_since_ms).await), [login.viewer.session_id.raw()]);
    world.close().await;
}

#[tokio::test]
async fn a_login_whose_access_tokens_have_all_expired_is_not_told() {
    let world = World::new().await;
    let login = world.person("ana").await;
    log_out(&world, &login).await;
    world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(ids(&ended_since(&world, 0).await).len(), 1);
    world.clock.advance(Duration::from_secs(2 * 60));
    assert!(ended_since(&world, 0).await.sessions.is_empty());
    world.close().await;
}

#[tokio::test]
async fn an_ended_login_is_remembered_until_its_access_tokens_have_expired_however_long_they_live() {
    const DAY: Duration = Duration::from_secs(24 * 3_600);
    let mut world = World::new().await;
    world.auth.access_ttl_s = Seconds(3 * 24 * 3_600);
    let (old, young) = (world.person("ana").await, world.person("ben").await);
    log_out(&world, &old).await;
    world.clock.advance(2 * DAY);
    log_out(&world, &young).await;
    world.clock.advance(2 * DAY);
    world.restart(cheap()).await;
    let is_swept = async || world.count("SELECT COUNT(*) FROM session").await == 1;
    reel_testkit::eventually("the older login is forgotten", is_swept).await;
    assert_eq!(ids(&ended_since(&world, 0).await), [young.viewer.session_id.raw()]);
    world.close().await;
}

#[tokio::test]
async fn more_logins_than_fit_into_one_answer_come_with_the_next() {
    const LOGINS: i64 = 10_050;
    let world = World::new().await;
    let start = reel_id::Clock::now_ms(&*world.clock);
    for chunk in (1..=LOGINS).collect::<Vec<_>>().chunks(1_000) {
        let mut insert =
            sqlx::QueryBuilder::new("INSERT INTO session (id, user_id, created_at, expires_at, ended_at) ");
        insert.push_values(chunk, |mut row, id| {
            // Ten logins end in each millisecond.
            let ended_at = chrono::DateTime::from_timestamp_millis(start + id / 10).unwrap();
            row.push_bind(*id).push_bind(1_i64).push_bind(ended_at).push_bind(ended_at).push_bind(ended_at);
        });
        insert.build().execute(world.database.pool()).await.unwrap();
    }
    // All of them so lately that they will be told again.
    world.clock.advance(Duration::from_secs(2));
    let first = ended_since(&world, start).await;
    assert_eq!(first.sessions.len(), 10_000);
    let second = ended_since(&world, first.next_since_ms).await;
    let told: std::collections::HashSet<i64> = [ids(&first), ids(&second)].concat().into_iter().collect();
    assert_eq!(told, (1..=LOGINS).collect());
    assert!(second.sessions.len() < 100);
    world.close().await;
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let world = World::new().await;
    let status = world.rpc().ended_sessions(EndedSessionsRequest { since_ms: i64::MAX }).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    world.close().await;
}
