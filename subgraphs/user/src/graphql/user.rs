use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use reel_subgraph::GraphqlResult;

use crate::domain;
use crate::service::Avatars;

pub(super) struct User(pub(super) domain::User);

/// A person with an account.
#[Object]
impl User {
    /// The person's id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name that the person chose. Nobody else has the same, whatever its letter case.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// The address of the person's picture; null until one is uploaded.
    async fn avatar_url(&self, context: &Context<'_>) -> Option<async_graphql::Result<String>> {
        let avatars = context.data_unchecked::<Arc<Avatars>>();
        avatars.url(&self.0).transpose().map(GraphqlResult::graphql)
    }

    /// When the person registered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the person's profile was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
