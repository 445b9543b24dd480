//! The interaction domain: likes on videos and comments, comments and their replies, and the counts of all of them.
//!
//! It owns four tables and asks the video domain one question: does this video exist? Reading order: `domain` for
//! the words, `graphql` for what clients see, `service` for the rules and transactions, `repository` for the SQL.
//!
//! Two invariants hold at every commit. Each count equals the rows it counts: it changes in the transaction that
//! inserts or deletes them, and only if a row really was. And no comment outlives its parent: whoever replies or likes
//! locks the comment first, whoever deletes locks from the parent down.

mod cache;
mod config;
mod domain;
mod graphql;
mod loaders;
mod repository;
mod service;

use std::fmt;
use std::sync::Arc;

use reel_id::{Clock, IdGenerator};
use reel_rpc::Channel;
use reel_subgraph::Subgraph;
use sqlx::MySqlPool;

pub use config::InteractionSettings;

/// The domain's name: of the subgraph, the database and the migrations.
pub const NAME: &str = "interaction";

/// The domain's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/interaction");

/// What the domain is made of.
#[derive(Debug)]
pub struct InteractionDeps {
    /// Its database, migrated.
    pub pool: MySqlPool,
    /// Makes the ids of comments and likes.
    pub ids: Arc<IdGenerator>,
    /// Tells when something was liked or said.
    pub clock: Arc<dyn Clock>,
    /// The way to the video domain, which knows what exists.
    pub videos: Channel,
    /// How to run.
    pub settings: InteractionSettings,
}

/// The running domain. It serves no gRPC: nobody asks it anything but GraphQL.
pub struct Interaction {
    /// Its schema, ready to run operations.
    pub subgraph: Subgraph,
}

impl Interaction {
    /// Puts the domain together. It starts no background work.
    ///
    /// # Errors
    /// None yet; the signature is the same for every domain.
    pub async fn start(deps: InteractionDeps) -> anyhow::Result<Self> {
        let schema = graphql::schema().data(service::Interactions::new(deps)).finish();
        Ok(Self { subgraph: Subgraph::new(NAME, schema) })
    }
}

impl fmt::Debug for Interaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Interaction")
    }
}

/// The schema as a Federation 2 subgraph. It needs no database.
pub fn sdl() -> String {
    reel_subgraph::sdl::export(&graphql::schema().finish())
}
