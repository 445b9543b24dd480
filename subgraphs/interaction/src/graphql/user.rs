use async_graphql::{Context, ID, Object, Result};
use reel_id::UserId;
use reel_subgraph::{GraphqlResult as _, Page};

use super::convert::service;
use super::liked_video_connection::LikedVideoConnection;

pub(crate) struct User {
    pub(super) id: UserId,
}

/// A person with an account.
#[Object]
impl User {
    /// The person's id.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// The videos that this person likes, last liked first.
    async fn liked_videos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 when not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor that the page begins after.")] after: Option<String>,
    ) -> Option<Result<LikedVideoConnection>> {
        Some(self.liked_videos_page(context, first, after).await)
    }
}

impl User {
    async fn liked_videos_page(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<LikedVideoConnection> {
        let page = Page::from_arguments(first, after.as_deref()).graphql()?;
        let rows = service(context).liked_videos(self.id, page).await.graphql()?;
        Ok(LikedVideoConnection::new(self.id, rows))
    }
}
