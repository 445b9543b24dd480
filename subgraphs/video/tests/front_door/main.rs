//! The video domain through its front doors: GraphQL as the router calls it, gRPC as the other domains do.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod entities;
mod lists;
mod popular;
mod publishing;
mod samples;
mod schema;
mod search;
mod uploads;
mod world;
