//! HTTP in, one answer out: the listener's loop, the application's routes, `/graphql`, `/uploads`, and the probes.
//!
//! [`RouterApp`] is put together once at start and becomes an [`axum::Router`]; [`serve`] runs it.

mod app;
mod body;
mod compression;
mod context;
mod cors;
mod envelope;
mod failure;
mod graphiql;
mod graphql;
mod guard;
mod multipart;
mod probes;
mod quality;
mod sending;
mod server;
mod upload;
mod uploads;

pub use app::{Accounts, RouterApp, RouterParts, StartError};
pub use probes::{Metrics, Probe, ReadinessCheck, probe_routes};
pub use server::serve;

pub(crate) use app::Shared;
pub(crate) use body::{BodyError, MediaType, Patience, drain, lend, media_type, read_bounded};
pub(crate) use context::RequestHead;
pub(crate) use envelope::{Reply, language};
pub(crate) use failure::Failure;
pub(crate) use multipart::{Malformed, Part, Parts};
pub(crate) use upload::{UploadGate, UploadKind};
