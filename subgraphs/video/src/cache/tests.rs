//! The moments of a build at which the set can be lost or changed, one by one.

use futures::FutureExt as _;
use redis::AsyncCommands as _;
use reel_id::SystemClock;
use reel_testkit::{TestDatabase, TestRedis};

use super::*;

const VIDEO: Snowflake = 7;
const OTHER: Snowflake = 8;

struct World {
    database: TestDatabase,
    redis: TestRedis,
    popular: Popular,
}

impl World {
    async fn new() -> Self {
        let (database, redis) = (TestDatabase::new(crate::NAME).await, TestRedis::new().await);
        let ids = Arc::new(IdGenerator::new(Arc::new(SystemClock), 1).unwrap());
        let repository = Repository::new(database.pool().clone());
        // Only the steps are tested, however long this machine takes for one.
        let settings = VideoSettings { popular_timeout_ms: reel_config::Millis(10_000), ..VideoSettings::default() };
        let popular = Popular::new(redis.redis(), repository, ids, Arc::new(SystemClock), &settings);
        Self { database, redis, popular }
    }

    async fn lose(&self) {
        let () = self.redis.redis().connection().del(self.popular.key()).await.unwrap();
    }

    async fn raise(&self, visits: i64) {
        self.popular.raise(VideoId::from(VIDEO), visits).await;
    }

    async fn score(&self, member: &str) -> Option<f64> {
        self.redis.redis().connection().zscore(self.popular.key(), member).await.unwrap()
    }

    async fn visits(&self) -> Option<f64> {
        self.score(&member(VIDEO)).await
    }

    async fn is_complete(&self) -> bool {
        self.score(COMPLETE).await.is_some()
    }

    async fn close(self) {
        self.redis.close().await;
        self.database.close().await;
    }
}

#[tokio::test]
async fn a_set_that_is_lost_before_or_between_the_writes_is_noticed() {
    let world = World::new().await;
    let popular = &world.popular;
    assert!(popular.begin("building:1").await.unwrap());
    // MySQL said 4 here; then a visit was counted, and then the set was lost with it.
    world.raise(5).await;
    world.lose().await;
    assert!(!popular.merge("building:1", &[(VIDEO, 4)]).await.unwrap());
    assert!(!popular.finish("building:1").await.unwrap());
    assert!(!world.is_complete().await);

    assert!(popular.begin("building:2").await.unwrap());
    assert!(popular.merge("building:2", &[(VIDEO, 5)]).await.unwrap());
    world.lose().await;
    assert!(!popular.finish("building:2").await.unwrap());
    assert!(!world.is_complete().await && world.visits().await.is_none());
    world.close().await;
}

#[tokio::test]
async fn a_visit_that_is_counted_during_a_build_stays_counted() {
    let world = World::new().await;
    let popular = &world.popular;
    assert!(popular.begin("building:1").await.unwrap());
    world.raise(5).await;
    assert!(popular.merge("building:1", &[(VIDEO, 4), (OTHER, 1)]).await.unwrap());
    assert!(popular.finish("building:1").await.unwrap());
    assert_eq!((world.is_complete().await, world.visits().await), (true, Some(5.0)));
    // Writers that cross each other: the older count comes last.
    world.raise(7).await;
    world.raise(6).await;
    assert_eq!(world.visits().await, Some(7.0));
    world.close().await;
}

#[tokio::test]
async fn two_builders_complete_one_set_and_leave_no_mark() {
    let world = World::new().await;
    let popular = &world.popular;
    // The first one's lock expired, so there is a second.
    assert!(popular.begin("building:1").await.unwrap());
    assert!(popular.begin("building:2").await.unwrap());
    assert!(popular.merge("building:2", &[(VIDEO, 4)]).await.unwrap());
    assert!(popular.finish("building:2").await.unwrap());
    assert!(!popular.merge("building:1", &[(VIDEO, 3)]).await.unwrap());
    assert!(!popular.begin("building:3").await.unwrap(), "a complete set is not built again");
    assert_eq!(popular.list(0, 10).await, Some(vec![VideoId::from(VIDEO)]));
    assert!(world.score("building:1").await.is_none());
    world.close().await;
}

#[tokio::test]
async fn a_count_that_was_not_written_stops_those_who_build_without_it() {
    let world = World::new().await;
    let popular = &world.popular;
    assert!(popular.begin("building:1").await.unwrap());
    assert!(popular.merge("building:1", &[(VIDEO, 4)]).await.unwrap());
    // MySQL has 5 since; Redis did not answer when it was to be written.
    popular.0.missed.fetch_add(1, Ordering::SeqCst);
    popular.drop_doubtful().await;
    assert!(!popular.finish("building:1").await.unwrap());
    assert!(!world.is_complete().await);
    assert!(popular.begin("building:2").await.unwrap());
    popular.drop_doubtful().await;
    assert!(popular.finish("building:2").await.unwrap(), "one count is missed once");
    world.close().await;
}

#[tokio::test]
async fn the_set_stays_doubtful_when_the_question_is_given_up() {
    let world = World::new().await;
    let popular = &world.popular;
    assert!(popular.begin("building:1").await.unwrap());
    assert!(popular.finish("building:1").await.unwrap());
    popular.0.missed.fetch_add(1, Ordering::SeqCst);
    // Dropped before Redis can answer.
    assert!(popular.drop_doubtful().now_or_never().is_none());
    let doubts = || popular.0.missed.load(Ordering::SeqCst) - popular.0.dropped.load(Ordering::SeqCst);
    assert_eq!(doubts(), 1);
    popular.drop_doubtful().await;
    assert_eq!((doubts(), world.is_complete().await), (0, false));
    world.close().await;
}

#[tokio::test]
async fn one_builder_works_at_a_time_and_gives_back_only_its_own_lock() {
    let world = World::new().await;
    let mut connection = world.redis.redis().connection();
    let () = connection.set(world.popular.lock_key(), "another").await.unwrap();
    world.popular.build_locked(1).await.unwrap();
    assert!(!world.is_complete().await);
    let owner: String = connection.get(world.popular.lock_key()).await.unwrap();
    assert_eq!(owner, "another");
    let () = connection.del(world.popular.lock_key()).await.unwrap();
    reel_store::migrate(world.database.pool(), &crate::MIGRATOR, crate::NAME).await.unwrap();
    world.popular.build_locked(1).await.unwrap();
    assert!(world.is_complete().await);
    assert!(!connection.exists::<_, bool>(world.popular.lock_key()).await.unwrap());
    world.close().await;
}
