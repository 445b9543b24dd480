//! The application through its front door, over scripted subgraphs.
#![expect(clippy::unwrap_used, reason = "tests")]

mod authentication;
mod caching;
mod cancellation;
mod composed;
mod compression;
mod disguises;
mod documents;
mod graphql;
mod headers;
mod https;
mod issuers;
mod limits;
mod manifest;
mod metrics;
mod probes;
mod profile;
mod reload;
mod rest;
mod server;
mod shared_documents;
mod shop;
mod traces;
mod uploads;
mod world;
