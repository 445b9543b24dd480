//! The social domain through its front door, on a real database.
#![expect(clippy::unwrap_used, reason = "tests")]

mod concurrency;
mod following;
mod lists;
mod robustness;
mod schema;
mod support;
