//! A private MariaDB and Redis for development and tests: children of this process, on Unix sockets, in a directory
//! of ours. Nothing listens on a port and no system service is touched.
//!
//! ```no_run
//! # async fn example() -> Result<(), reel_devservers::StartError> {
//! use reel_devservers::{Options, Servers};
//! let servers = Servers::start(".reelgraph".as_ref(), Options::lasting()).await?;
//! println!("{} {}", servers.mysql_url(), servers.redis_url());
//! servers.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! How the servers end with their parent, whatever ends it: each runs under a small shell script
//! (`supervise.sh`) whose standard input is a pipe from us. When we go, by a return, a panic or kill -9, the pipe closes
//! and the script stops its server. Both are in a process group of their own, so Ctrl-C in a terminal reaches only us,
//! and we stop them when we are done with them.
//!
//! Two locks guard the directory: `owner.lock` belongs to one process of ours, and a second one is refused at once;
//! `servers.lock` is held by the scripts and servers themselves, so that a new owner waits until those of the previous
//! one are gone.

mod binary;
mod child;
mod directory;
mod error;
mod mariadb;
mod options;
mod redis;
mod servers;

pub use error::StartError;
pub use options::Options;
pub use servers::Servers;
