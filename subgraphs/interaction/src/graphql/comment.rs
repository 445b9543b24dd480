use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};
use reel_subgraph::{GraphqlResult as _, Page};

use super::comment_connection::{CommentConnection, Total};
use super::convert::{count, service, viewer};
use super::user::User;
use super::video::Video;
use crate::domain;

pub(crate) struct Comment(pub(super) domain::Comment);

/// A comment on a video, or a reply to a comment.
#[Object]
impl Comment {
    /// The comment's id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who wrote it.
    async fn author(&self) -> Option<User> {
        Some(User { id: self.0.author_id })
    }

    /// The video it is about.
    async fn video(&self) -> Option<Video> {
        Some(Video { id: self.0.video_id })
    }

    /// The comment that it answers; null for a top-level comment.
    async fn parent(&self, context: &Context<'_>) -> Option<Result<Self>> {
        let parent = service(context).comment(self.0.parent_id?).await;
        parent.graphql().transpose().map(|parent| parent.map(Self))
    }

    /// What it says.
    async fn content(&self) -> &str {
        &self.0.content
    }

    /// How many people like it.
    async fn like_count(&self) -> i32 {
        count(self.0.like_count)
    }

    /// How many comments answer it directly.
    async fn reply_count(&self) -> i32 {
        count(self.0.reply_count)
    }

    /// Whether the viewer likes it; false for an anonymous viewer.
    async fn viewer_has_liked(&self, context: &Context<'_>) -> Option<Result<bool>> {
        Some(service(context).has_liked_comment(viewer(context), self.0.id).await.graphql())
    }

    /// The comments that answer it directly, newest first.
    async fn replies(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 when not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor that the page begins after.")] after: Option<String>,
    ) -> Option<Result<CommentConnection>> {
        Some(self.replies_page(context, first, after).await)
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

impl Comment {
    async fn replies_page(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<CommentConnection> {
        let page = Page::from_arguments(first, after.as_deref()).graphql()?;
        let rows = service(context).replies(self.0.id, page).await.graphql()?;
        Ok(CommentConnection::new(rows, Total::Replies(self.0.reply_count)))
    }
}
