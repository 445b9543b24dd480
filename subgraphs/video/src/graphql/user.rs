use async_graphql::{Context, ID, Object, Result};
use reel_id::UserId;
use reel_subgraph::GraphqlResult as _;

use super::connection::{Length, VideoConnection};
use super::{loader, page};

/// A person, by key: who it is, and whether there is such a person, is the user domain's to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(pub(crate) UserId);

/// A person with an account.
#[Object]
impl User {
    /// The person's id, a decimal number.
    async fn id(&self) -> ID {
        self.0.to_string().into()
    }

    /// What this person has published, newest first.
    async fn videos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<VideoConnection>> {
        Some(self.published(context, first, after.as_deref()).await)
    }
}

impl User {
    async fn published(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<&str>,
    ) -> Result<VideoConnection> {
        let page = page(first, after)?;
        let rows = loader(context)?.load_one((self.0, page)).await.graphql()?.unwrap_or_default();
        Ok(VideoConnection::by_key(rows, Length::OfAuthor(self.0)))
    }
}
