use async_graphql::{Context, ID, Object, Result};
use reel_id::VideoId;
use reel_subgraph::{GraphqlResult as _, Page};

use super::comment_connection::{CommentConnection, Total};
use super::convert::{count, service, viewer};

pub(crate) struct Video {
    pub(super) id: VideoId,
}

/// A published video.
#[Object]
impl Video {
    /// The video's id.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Its top-level comments, newest first.
    async fn comments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 when not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor that the page begins after.")] after: Option<String>,
    ) -> Option<Result<CommentConnection>> {
        Some(self.comments_page(context, first, after).await)
    }

    /// How many people like it.
    async fn like_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(service(context).video_stats(self.id).await.map(|stats| count(stats.likes)).graphql())
    }

    /// How many comments it has, replies included.
    async fn comment_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(service(context).video_stats(self.id).await.map(|stats| count(stats.comments)).graphql())
    }

    /// Whether the viewer likes it; false for an anonymous viewer.
    async fn viewer_has_liked(&self, context: &Context<'_>) -> Option<Result<bool>> {
        Some(service(context).has_liked_video(viewer(context), self.id).await.graphql())
    }
}

impl Video {
    async fn comments_page(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<CommentConnection> {
        let page = Page::from_arguments(first, after.as_deref()).graphql()?;
        let rows = service(context).threads(self.id, page).await.graphql()?;
        Ok(CommentConnection::new(rows, Total::Threads(self.id)))
    }
}
