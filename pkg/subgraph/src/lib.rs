//! The kit: what every subgraph has in common.
//!
//! - [`Subgraph`] runs operations against one async-graphql schema, for callers in this process and for [`http`].
//! - [`batching`] sends the batches of data loaders at the right moment.
//! - [`access`] answers who is calling; services ask it, resolvers do not.
//! - [`failure`] turns service errors into GraphQL errors and [`UserError`]s.
//! - [`paging`] reads `first`/`after` and builds `pageInfo`.
//! - [`finish_or_undo`] leaves nothing half done when a caller goes away.
//! - [`Places`] bounds what takes long, for everybody and for each person.
//! - [`sdl`] exports the schema as a Federation 2 subgraph.
//! - [`Tasks`] runs a domain's background work and stops it in order.
//! - [`is_blank`] says what shows nothing.

pub mod access;
pub mod batching;
mod directive;
mod error_code;
pub mod failure;
mod finish;
pub mod http;
pub mod paging;
mod places;
pub mod sdl;
mod subgraph;
mod tasks;
mod text;

pub use access::signed_in;
pub use directive::authenticated;
pub use error_code::{GraphqlErrorCode, UserError};
pub use failure::{GraphqlResult, payload};
pub use finish::finish_or_undo;
pub use paging::{Page, PageInfo, Rows, Start};
pub use places::{Place, Places};
pub use subgraph::{Call, CallDocument, Subgraph};
pub use tasks::Tasks;
pub use text::is_blank;
