//! The two stores: MySQL, the only truth, and Redis, whose content may vanish at any moment.
//!
//! - [`connect`] opens a domain's database as a pool whose sessions are all alike (UTC, utf8mb4, strict, READ
//!   COMMITTED, a statement timeout); [`migrate`] brings its tables up to date.
//! - [`retry_transaction`] runs a transaction again when the database asks for it (deadlock, lock timeout,
//!   certification failure).
//! - [`StoreError`] is what repositories return; [`StoreError::unique_violation`] names the broken constraint.
//! - [`push_in_list`] writes `IN (?, ?, …)`.
//! - [`Redis`] is a reconnecting connection together with the prefix of our keys.
//!
//! The SQL stays in the part that MySQL 8.4+, MariaDB 10.11 and TiDB share.

mod error;
mod in_list;
mod migrate;
mod mysql;
mod redis;
mod settings;
mod transaction;

pub use error::{Result, StoreError};
pub use in_list::push_in_list;
pub use migrate::{MigrationError, migrate};
pub use mysql::{ConnectError, check_address, connect, ping};
pub use redis::{Redis, connect_redis};
pub use settings::{MysqlSettings, RedisSettings};
pub use transaction::{OpenTransaction, retry_transaction};
