//! The interaction domain through its front door, on a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod comments;
mod concurrency;
mod likes;
mod lists;
mod robustness;
mod schema;
mod support;
