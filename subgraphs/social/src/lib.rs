//! The social domain: who follows whom, and who are friends because they follow each other.
//!
//! It owns two tables, the rows (`follow`) and how many of them name each person (`follow_stats`), and keeps them equal.
//! Whether a person exists is the user domain's to say (`rpc.rs`).

mod domain;
mod graphql;
mod loaders;
mod repository;
mod rpc;
mod service;

use std::fmt;
use std::sync::Arc;

use reel_id::{Clock, IdGenerator};
use reel_rpc::Channel;
use reel_subgraph::Subgraph;
use sqlx::MySqlPool;

use crate::repository::Repository;
use crate::rpc::Users;
use crate::service::SocialService;

/// The domain's name: of its subgraph, its database and its signed calls.
pub const NAME: &str = "social";

/// The domain's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/social");

/// What the domain is made of.
pub struct SocialDeps {
    /// Its database, migrated.
    pub pool: MySqlPool,
    /// Makes the ids of follows.
    pub ids: Arc<IdGenerator>,
    /// Tells when a follow was made.
    pub clock: Arc<dyn Clock>,
    /// The way to the user domain.
    pub users: Channel,
}

impl fmt::Debug for SocialDeps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SocialDeps")
    }
}

/// The running domain.
#[derive(Debug)]
pub struct Social {
    /// Its GraphQL.
    pub subgraph: Subgraph,
}

impl Social {
    /// Puts the domain together. It has no background work and asks nobody anything yet.
    ///
    /// # Errors
    /// None so far: every domain is started alike.
    pub async fn start(deps: SocialDeps) -> anyhow::Result<Self> {
        let repository = Repository::new(deps.pool);
        let service = SocialService::new(repository.clone(), Users::new(deps.users), deps.ids, deps.clock);
        Ok(Self { subgraph: Subgraph::new(NAME, graphql::schema(service, repository)) })
    }
}

/// The schema as a Federation 2 subgraph, without a running domain.
pub fn sdl() -> String {
    reel_subgraph::sdl::export(&graphql::schema_builder().finish())
}
