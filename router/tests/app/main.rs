//! The application through its front door, over scripted subgraphs.

mod authentication;
mod graphql;
mod probes;
mod rest;
mod server;
mod uploads;
mod world;
