//! Everything here may be reached from a list, so it goes through the loaders.

use std::sync::Arc;

use reel_auth::Viewer;
use reel_error::Error;
use reel_id::{CommentId, UserId, VideoId};
use reel_subgraph::{Page, Rows};

use super::Interactions;
use crate::domain::{Comment, Like, VideoStats};
use crate::loaders::{HasLiked, LikedBy, LikedCountOf, RepliesTo, ThreadsOf};

type Result<T> = std::result::Result<T, Arc<Error>>;

impl Interactions {
    /// A comment, if it exists.
    pub(crate) async fn comment(&self, id: CommentId) -> Result<Option<Comment>> {
        self.loaders.row(id).await
    }

    /// A page of a video's top-level comments, newest first.
    pub(crate) async fn threads(&self, video: VideoId, page: Page) -> Result<Rows<Comment>> {
        self.loaders.page(ThreadsOf(video, page)).await
    }

    /// A page of a comment's replies, newest first.
    pub(crate) async fn replies(&self, comment: CommentId, page: Page) -> Result<Rows<Comment>> {
        self.loaders.page(RepliesTo(comment, page)).await
    }

    /// A page of the videos that a person likes, last liked first.
    pub(crate) async fn liked_videos(&self, user: UserId, page: Page) -> Result<Rows<Like<VideoId>>> {
        self.loaders.page(LikedBy(user, page)).await
    }

    /// How many videos a person likes.
    pub(crate) async fn liked_video_count(&self, user: UserId) -> Result<i64> {
        Ok(self.loaders.row(LikedCountOf(user)).await?.unwrap_or_default())
    }

    /// A video's counts.
    pub(crate) async fn video_stats(&self, video: VideoId) -> Result<VideoStats> {
        Ok(self.loaders.row(video).await?.unwrap_or_default())
    }

    /// Whether the viewer likes a video. Nobody likes nothing.
    pub(crate) async fn has_liked_video(&self, viewer: Option<Viewer>, video: VideoId) -> Result<bool> {
        let Some(viewer) = viewer else { return Ok(false) };
        Ok(self.loaders.row(HasLiked(viewer.user_id, video)).await?.is_some())
    }

    /// Whether the viewer likes a comment. Nobody likes nothing.
    pub(crate) async fn has_liked_comment(&self, viewer: Option<Viewer>, comment: CommentId) -> Result<bool> {
        let Some(viewer) = viewer else { return Ok(false) };
        Ok(self.loaders.row(HasLiked(viewer.user_id, comment)).await?.is_some())
    }
}
