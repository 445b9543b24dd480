use reel_config::{Millis, Seconds, Secret};
use serde::Deserialize;

/// How to reach MySQL (or MariaDB, or TiDB) and how much to ask of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MysqlSettings {
    /// `mysql://user:password@host:3306`, or `mysql://user@localhost?socket=/path/to.sock`. A database named in it is
    /// ignored: each domain has its own. No default.
    pub url: Option<Secret>,
    /// Put before a domain's name to make its database's name: `reelgraph_` and `user` give `reelgraph_user`.
    pub database_prefix: String,
    /// Connections at most, for each domain of each process.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_connections: u32,
    /// How long a request waits for a free connection.
    pub acquire_timeout_ms: Millis,
    /// How long one statement may run. MariaDB applies it to every statement; on MySQL it bounds reads and, to
    /// the next second, the wait for a lock.
    pub statement_timeout_ms: Millis,
    /// A connection that has been idle for this long is closed.
    pub idle_timeout_s: Seconds,
    /// A connection is closed at this age, so that a changed address or server is found.
    pub max_lifetime_s: Seconds,
    /// Statements that take longer than this are logged; with 0, all.
    #[serde(deserialize_with = "Millis::or_zero")]
    pub slow_statement_ms: Millis,
}

impl Default for MysqlSettings {
    fn default() -> Self {
        Self {
            url: None,
            database_prefix: "reelgraph_".to_owned(),
            max_connections: 16,
            acquire_timeout_ms: Millis(2_000),
            statement_timeout_ms: Millis(5_000),
            idle_timeout_s: Seconds(300),
            max_lifetime_s: Seconds(1_800),
            slow_statement_ms: Millis(500),
        }
    }
}

impl MysqlSettings {
    /// The defaults for the server at this address.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Some(Secret::new(url)), ..Self::default() }
    }
}

/// How to reach Redis.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedisSettings {
    /// `redis://:password@host:6379/0`, or `redis+unix:///path/to.sock?db=0`. No default.
    pub url: Option<Secret>,
    /// The first part of every key of ours, so that several installations can share a server.
    pub prefix: String,
    /// How long a new connection may take.
    pub connect_timeout_ms: Millis,
    /// How long the answer to a command may take.
    pub response_timeout_ms: Millis,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "reelgraph".to_owned(),
            connect_timeout_ms: Millis(1_000),
            response_timeout_ms: Millis(1_000),
        }
    }
}

impl RedisSettings {
    /// The defaults for the server at this address.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Some(Secret::new(url)), ..Self::default() }
    }
}
