use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use redis::AsyncCommands as _;
use reel_store::{RedisSettings, connect_redis};
use reel_testkit::eventually;
use serde_json::{Value, json};

use crate::world::{ANA, World, codes, nodes};

const POPULAR: &str = "query ($first: Int, $after: String) { popularVideos(first: $first, after: $after) {
    edges { cursor node { id visitCount } } pageInfo { hasNextPage hasPreviousPage endCursor } totalCount } }";

fn key(world: &World) -> String {
    world.redis.redis().scoped("video").key("popular")
}

async fn popular(world: &World, first: i32, after: Option<&str>) -> Value {
    world.data(None, POPULAR, json!({"first": first, "after": after})).await["popularVideos"].take()
}

/// Whether the list is whole, and the count it has for a video, as they are at one moment.
async fn state(world: &World, id: &str) -> (bool, Option<i64>) {
    let (complete, visits): (Option<f64>, Option<i64>) = redis::pipe()
        .atomic()
        .zscore(key(world), "complete")
        .zscore(key(world), format!("{id:0>19}"))
        .query_async(&mut world.redis.redis().connection())
        .await
        .unwrap();
    (complete.is_some(), visits)
}

/// Asks for the list until it is whole.
async fn rebuilt(world: &World) {
    let whole = async || {
        popular(world, 1, None).await;
        state(world, "1").await.0
    };
    eventually("the popular list is built", whole).await;
}

async fn visited(world: &World, visits: &[usize]) -> Vec<String> {
    let mut ids = Vec::new();
    for (number, count) in visits.iter().enumerate() {
        let id = world.published(ANA, &format!("video {number}"), "").await;
        for _ in 0..*count {
            world.visit(&id).await;
        }
        ids.push(id);
    }
    ids
}

#[tokio::test]
async fn the_most_visited_come_first_and_among_equals_the_newest() {
    let world = World::new().await;
    let ids = visited(&world, &[1, 3, 0, 3, 2, 0]).await;
    let expected: Vec<&String> = [3, 1, 4, 0, 5, 2].map(|number| &ids[number]).to_vec();
    // From MySQL first, then from Redis.
    let by_mysql = popular(&world, 10, None).await;
    assert_eq!(nodes(&by_mysql, "id"), expected);
    rebuilt(&world).await;
    let by_redis = popular(&world, 10, None).await;
    assert_eq!(by_redis, by_mysql);
    assert_eq!(by_redis["totalCount"], 6);
    let counts: Vec<&Value> =
        by_redis["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]["visitCount"]).collect();
    assert_eq!(counts, [3, 3, 2, 1, 0, 0]);
}

#[tokio::test]
async fn pages_of_the_popular_list_are_positions_from_redis_and_from_mysql_alike() {
    let world = World::new().await;
    let ids = visited(&world, &[5, 4, 3, 2, 1]).await;
    for _ in ["from MySQL", "from Redis"] {
        let first = popular(&world, 2, None).await;
        assert_eq!(nodes(&first, "id"), ids[..2]);
        let second = popular(&world, 2, first["pageInfo"]["endCursor"].as_str()).await;
        assert_eq!(
            (nodes(&second, "id"), &second["pageInfo"]["hasPreviousPage"]),
            (ids[2..4].iter().map(String::as_str).collect(), &json!(true))
        );
        let third = popular(&world, 2, second["edges"][1]["cursor"].as_str()).await;
        assert_eq!((nodes(&third, "id"), &third["pageInfo"]["hasNextPage"]), (vec![ids[4].as_str()], &json!(false)));
        rebuilt(&world).await;
    }
    let key_cursor = reel_id::Cursor::Key(5).encode();
    assert_eq!(codes(&world.run(None, POPULAR, json!({"after": key_cursor})).await), ["INVALID_PAGE"]);
}

#[tokio::test]
async fn a_visit_or_a_new_video_shows_at_once_in_a_list_that_is_whole() {
    let world = World::new().await;
    let ids = visited(&world, &[2, 1]).await;
    rebuilt(&world).await;
    world.visit(&ids[1]).await;
    world.visit(&ids[1]).await;
    let newest = world.published(ANA, "new", "").await;
    assert_eq!(nodes(&popular(&world, 10, None).await, "id"), [&ids[1], &ids[0], &newest]);
    assert_eq!(state(&world, &ids[1]).await, (true, Some(3)));
}

#[tokio::test]
async fn the_list_can_be_lost_at_any_moment() {
    let world = World::new().await;
    let ids = visited(&world, &[1, 2]).await;
    rebuilt(&world).await;
    world.redis.flush().await;
    // Only what was visited since is in Redis now; it must not pass for the whole.
    world.visit(&ids[0]).await;
    world.visit(&ids[0]).await;
    assert_eq!(state(&world, &ids[0]).await, (false, Some(3)));
    assert_eq!(nodes(&popular(&world, 10, None).await, "id"), [&ids[0], &ids[1]]);
    rebuilt(&world).await;
    assert_eq!(nodes(&popular(&world, 10, None).await, "id"), [&ids[0], &ids[1]]);
    assert_eq!((state(&world, &ids[0]).await, state(&world, &ids[1]).await), ((true, Some(3)), (true, Some(2))));
}

#[tokio::test]
async fn whatever_is_in_redis_has_a_lifetime() {
    let world = World::new().await;
    let ids = visited(&world, &[1]).await;
    let ttl = async || world.redis.redis().connection().ttl::<_, i64>(key(&world)).await.unwrap();
    assert!((1..=60).contains(&ttl().await), "a list that nobody completes goes soon");
    rebuilt(&world).await;
    assert!((590..=660).contains(&ttl().await), "a whole one lives for its time and up to a tenth more");
    world.visit(&ids[0]).await;
    assert!(ttl().await > 60, "a visit does not shorten it");
}

#[tokio::test]
async fn the_list_is_bounded_and_still_right() {
    let world = World::with(|settings| settings.popular_size = 3).await;
    let ids = visited(&world, &[1, 2, 3, 4]).await;
    rebuilt(&world).await;
    for _ in 0..4 {
        world.visit(&ids[0]).await;
    }
    let list = popular(&world, 10, None).await;
    assert_eq!(nodes(&list, "id"), [&ids[0], &ids[3], &ids[2]]);
    assert_eq!((&list["totalCount"], &list["pageInfo"]["hasNextPage"]), (&json!(4), &json!(false)));
    let members: i64 = world.redis.redis().connection().zcard(key(&world)).await.unwrap();
    assert_eq!(members, 3 + 1);
    world.redis.flush().await;
    assert_eq!(nodes(&popular(&world, 10, None).await, "id"), nodes(&list, "id"));
}

#[tokio::test]
async fn a_visit_of_what_does_not_exist_is_a_user_error() {
    let world = World::new().await;
    for (id, code) in [("5", "VIDEO_NOT_FOUND"), ("x", "INVALID_ID"), ("", "INVALID_ID"), ("-5", "INVALID_ID")] {
        let expected = json!({"video": null, "userErrors": [{"code": code, "field": ["input", "videoId"]}]});
        assert_eq!(world.visit(id).await, expected);
    }
    assert_eq!(state(&world, "5").await, (false, None));
}

#[tokio::test]
async fn visits_and_the_list_work_without_redis_and_are_right_when_it_is_back() {
    let world = World::new().await;
    let ids = visited(&world, &[1, 0]).await;
    rebuilt(&world).await;
    // A key of another type makes every command on it fail, as a server that is in trouble.
    let mut connection = world.redis.redis().connection();
    let backup = format!("{}:kept", key(&world));
    let () = connection.rename(key(&world), &backup).await.unwrap();
    let () = connection.set(key(&world), "not a sorted set").await.unwrap();
    for _ in 0..3 {
        assert_eq!(world.visit(&ids[1]).await["userErrors"], json!([]));
    }
    assert_eq!(nodes(&popular(&world, 10, None).await, "id"), [&ids[1], &ids[0]]);
    // The old list comes back, whole by its own account, and without the visits.
    let () = connection.rename(&backup, key(&world)).await.unwrap();
    assert_eq!(state(&world, &ids[1]).await, (true, Some(0)));
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(nodes(&popular(&world, 10, None).await, "id"), [&ids[1], &ids[0]]);
    rebuilt(&world).await;
    assert_eq!(state(&world, &ids[1]).await, (true, Some(3)));
}

#[tokio::test]
async fn without_redis_from_the_start_visits_count_and_mysql_has_the_list() {
    let down = connect_redis(&RedisSettings::at("redis+unix:///nowhere/redis.sock")).unwrap();
    let world = World::over(Some(down), |settings| settings.popular_timeout_ms = reel_config::Millis(300)).await;
    let ids = visited(&world, &[1, 2, 0]).await;
    let list = popular(&world, 10, None).await;
    assert_eq!(nodes(&list, "id"), [&ids[1], &ids[0], &ids[2]]);
    assert_eq!(list["edges"][0]["node"]["visitCount"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_visit_is_lost_while_the_list_is_deleted_and_rebuilt() {
    const VISITS: i64 = 64;
    let world = Arc::new(World::new().await);
    let ids = visited(&world, &[0, 5]).await;
    let (acknowledged, done) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));

    let destroyer = tokio::spawn({
        let (world, done) = (world.clone(), done.clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                let () = world.redis.redis().connection().del(key(&world)).await.unwrap();
                popular(&world, 5, None).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let observer = tokio::spawn({
        let (world, done, acknowledged, id) = (world.clone(), done.clone(), acknowledged.clone(), ids[0].clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                let known = acknowledged.load(Ordering::SeqCst);
                popular(&world, 5, None).await;
                if let (true, visits) = state(&world, &id).await {
                    assert!(visits >= Some(known), "whole, with {visits:?} after {known} acknowledged visits");
                }
            }
        }
    });
    let visits = (0..VISITS).map(|_| {
        let (world, acknowledged, id) = (world.clone(), acknowledged.clone(), ids[0].clone());
        tokio::spawn(async move {
            assert_eq!(world.visit(&id).await["userErrors"], json!([]));
            acknowledged.fetch_add(1, Ordering::SeqCst);
        })
    });
    for visit in visits.collect::<Vec<_>>() {
        visit.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    destroyer.await.unwrap();
    observer.await.unwrap();

    rebuilt(&world).await;
    assert_eq!(state(&world, &ids[0]).await, (true, Some(VISITS)));
    let list = popular(&world, 5, None).await;
    assert_eq!(nodes(&list, "id"), [&ids[0], &ids[1]]);
    assert_eq!(list["edges"][0]["node"]["visitCount"], VISITS);
}
