use redis::AsyncCommands;
use reel_store::{Redis, RedisSettings, connect_redis};

use crate::servers::{self, REDIS_URL};

/// A part of the tests' Redis for one test: a prefix that nobody else uses. Its keys are deleted at the end.
#[derive(Debug)]
pub struct TestRedis {
    settings: RedisSettings,
    redis: Redis,
}

impl TestRedis {
    /// Connects with a prefix of its own.
    ///
    /// # Panics
    /// When there is no server; the message says how to run tests.
    pub async fn new() -> Self {
        let mut settings = RedisSettings::at(servers::address(REDIS_URL));
        settings.prefix = format!("t_{}", servers::unique());
        let redis = connect_redis(&settings).expect("the tests' Redis has an address");
        redis.ping().await.expect("the tests' Redis answers");
        Self { settings, redis }
    }

    /// The connection, with the prefix.
    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    /// What to give to an application under test.
    pub fn settings(&self) -> &RedisSettings {
        &self.settings
    }

    /// Forgets everything, as a Redis that was lost and came back empty.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn flush(&self) {
        delete(&self.redis).await.expect("the tests' Redis answers");
    }

    /// Deletes the keys. Dropping the value does the same.
    pub async fn close(self) {
        self.flush().await;
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        let settings = &self.settings;
        servers::clean_up(async || {
            // A connection belongs to the runtime it was made in, so the clean-up makes its own.
            if let Ok(redis) = connect_redis(settings) {
                let _best_effort = delete(&redis).await;
            }
        });
    }
}

async fn delete(redis: &Redis) -> redis::RedisResult<()> {
    let mut connection = redis.connection();
    let mut cursor = 0_u64;
    loop {
        let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(redis.key("*"))
            .arg("COUNT")
            .arg(1_000)
            .query_async(&mut connection)
            .await?;
        if !keys.is_empty() {
            let () = connection.unlink(keys).await?;
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}
