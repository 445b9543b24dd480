use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::{ConnectError, RedisSettings, Result};

/// A connection to Redis that is shared by its clones, reconnects by itself, and knows the prefix of our keys.
///
/// ```no_run
/// # async fn example(redis: reel_store::Redis) -> reel_store::Result<()> {
/// use redis::AsyncCommands;
/// let _: () = redis.connection().set_ex(redis.key("video:7"), "…", 60).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Redis {
    connection: ConnectionManager,
    prefix: Arc<str>,
}

impl Redis {
    /// The full key of `name`: `reelgraph:popular` for `popular`.
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    /// The same connection with a longer prefix, for a part that should not meet the keys of another.
    #[must_use]
    pub fn scoped(&self, name: &str) -> Self {
        Self { connection: self.connection.clone(), prefix: self.key(name).into() }
    }

    /// A handle to send commands with. Cloning it costs nothing, and all handles share one connection, so no blocking
    /// command may be sent here.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// Asks the server for a sign of life, within the response timeout.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<()> {
        Ok(::redis::cmd("PING").query_async(&mut self.connection()).await?)
    }
}

/// Prepares a connection to Redis, which is made with the first command: a server that is down is no error here,
/// because everything works without it.
///
/// # Errors
/// When the address is missing or cannot be understood.
///
/// # Panics
/// Outside of a Tokio runtime.
pub fn connect_redis(settings: &RedisSettings) -> Result<Redis, ConnectError> {
    let url = settings.url.as_ref().ok_or(ConnectError::NoUrl("redis.url"))?;
    let client = ::redis::Client::open(url.expose()).map_err(|_| ConnectError::BadUrl("redis.url"))?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(settings.connect_timeout_ms.duration()))
        .set_response_timeout(Some(settings.response_timeout_ms.duration()))
        // Few and short: a request that cannot have its cache goes on without it.
        .set_number_of_retries(2)
        .set_min_delay(Duration::from_millis(20))
        .set_max_delay(Duration::from_millis(200));
    let connection =
        ConnectionManager::new_lazy_with_config(client, config).map_err(|_| ConnectError::BadUrl("redis.url"))?;
    Ok(Redis { connection, prefix: settings.prefix.as_str().into() })
}
