//! What tests need: databases and Redis prefixes of their own on real servers, a clock they set, a count of the
//! statements they caused, a collector of traces, a process of their own.
//!
//! The servers come from the program of this package: `with-servers -- COMMAND` starts a private MariaDB and Redis,
//! runs the command with their addresses in its environment, and removes everything afterwards. `make test` runs all
//! tests through it; `cargo run -p reel-testkit -- cargo nextest run -p reel-user` runs some.
#![expect(clippy::expect_used, reason = "this crate is for tests: what fails here must fail the test at once")]

mod alone;
mod clock;
mod collector;
mod eventually;
mod listener;
mod mysql;
mod redis_prefix;
mod servers;

pub use alone::ran_alone;
pub use clock::TestClock;
pub use collector::{TestCollector, TestSpan};
pub use eventually::eventually;
pub use listener::listener;
pub use mysql::{TestDatabase, TestMysql};
pub use redis_prefix::TestRedis;
pub use servers::{MYSQL_URL, REDIS_URL};
