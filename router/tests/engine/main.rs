//! The engine over scripted subgraphs, and the HTTP transport over a real connection.
#![expect(clippy::unwrap_used, reason = "tests")]

mod authorization;
mod calls;
mod common;
mod composed;
mod contexts;
mod execution;
mod http_transport;
mod list_sizes;
mod metrics;
mod mutations;
mod properties;
mod requests;
mod subgraph;
