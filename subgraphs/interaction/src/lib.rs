//! The interaction domain: likes on videos and comments, comments and their replies, and the counts of all of them.
//!
//! It owns five tables and asks the video domain one question: does this video exist? Reading order: `domain` for
//! the words, `graphql` for what clients see, `service` for the rules and transactions, `repository` for the SQL.
//!
//! Two invariants hold at every commit. Each count equals the rows it counts: it changes in the transaction that
//! inserts or deletes them, and only if a row really was. And no comment outlives its parent for long: whoever replies
//! or likes locks the comment first, and what was below a deleted comment is deleted next, from the top down.

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
use reel_subgraph::{Subgraph, Tasks};
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
    /// Runs the clean-up.
    pub tasks: Tasks,
    /// How to run.
    pub settings: InteractionSettings,
}

/// The running domain. It serves no gRPC: nobody asks it anything but GraphQL.
pub struct Interaction {
    /// Its schema, ready to run operations.
    pub subgraph: Subgraph,
}

impl Interaction {
    /// Puts the domain together and starts its clean-up.
    ///
    /// # Errors
    /// None yet; the signature is the same for every domain.
    pub async fn start(deps: InteractionDeps) -> anyhow::Result<Self> {
        clean_up(&deps);
        let schema = graphql::schema().data(service::Interactions::new(deps)).finish();
        Ok(Self { subgraph: Subgraph::new(NAME, schema) })
    }
}

fn clean_up(deps: &InteractionDeps) {
    let pool = deps.pool.clone();
    deps.tasks.every(deps.settings.sweep_period_s.duration(), move || {
        let pool = pool.clone();
        async move {
            if let Err(error) = service::sweep(&pool).await {
                tracing::warn!(%error, "what is below deleted comments could not be deleted; it will be tried again");
            }
        }
    });
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
