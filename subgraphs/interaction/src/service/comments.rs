use reel_auth::Viewer;
use reel_error::{ClientError, ErrorCode, Result};
use reel_id::{CommentId, VideoId};
use reel_store::retry_transaction;
use reel_subgraph::{is_blank, signed_in};
use sqlx::MySqlConnection;

use super::Interactions;
use crate::domain::{Comment, MAX_COMMENT_CHARACTERS, VideoStats};
use crate::repository::{comment, video_stats};

/// What somebody wants to say.
#[derive(Debug)]
pub(crate) struct Publication {
    /// About which video. Needed unless `parent` is given, whose video it must be then.
    pub(crate) video: Option<VideoId>,
    /// In answer to which comment.
    pub(crate) parent: Option<CommentId>,
    /// The words.
    pub(crate) content: String,
}

impl Interactions {
    /// Publishes a comment on a video, or a reply to a comment.
    pub(crate) async fn publish_comment(&self, viewer: Option<Viewer>, wish: Publication) -> Result<Comment> {
        let author_id = signed_in(viewer)?.user_id;
        check_content(&wish.content)?;
        let video_id = self.video_of(&wish).await?;
        let now = self.now();
        let comment = Comment {
            id: self.ids.next(),
            video_id,
            parent_id: wish.parent,
            author_id,
            content: wish.content,
            like_count: 0,
            reply_count: 0,
            created_at: now,
            updated_at: now,
        };
        retry_transaction(&self.pool, async |mut tx| insert(&mut tx, &comment).await).await?;
        Ok(comment)
    }

    /// Which video the comment will be about: one that exists, or the parent's.
    async fn video_of(&self, wish: &Publication) -> Result<VideoId> {
        match (wish.parent, wish.video) {
            (None, None) => Err(ClientError::new(ErrorCode::InvalidArgument)
                .field("videoId")
                .detail("Say what the comment is about: `videoId`, `parentId`, or both.")
                .into()),
            (None, Some(video)) => {
                self.require_video(video).await?;
                Ok(video)
            }
            (Some(parent), video) => {
                let parent = comment::find(&self.pool, parent).await?.ok_or_else(no_parent)?;
                check_video(&parent, video)?;
                Ok(parent.video_id)
            }
        }
    }
}

/// Adds a comment and counts it. Counting the reply locks its parent and proves that it still exists.
async fn insert(connection: &mut MySqlConnection, comment: &Comment) -> Result<()> {
    if let Some(parent) = comment.parent_id
        && !comment::add_replies(connection, parent, 1).await?
    {
        return Err(no_parent().into());
    }
    comment::insert(connection, comment).await?;
    video_stats::add(connection, comment.video_id, VideoStats::published(comment)).await?;
    Ok(())
}

fn check_content(content: &str) -> Result<(), ClientError> {
    if is_blank(content) {
        return Err(ClientError::new(ErrorCode::BlankComment).field("content"));
    }
    if content.chars().count() > MAX_COMMENT_CHARACTERS {
        return Err(ClientError::new(ErrorCode::CommentTooLong).field("content"));
    }
    Ok(())
}

pub(super) fn check_video(comment: &Comment, expected: Option<VideoId>) -> Result<(), ClientError> {
    if expected.is_some_and(|video| video != comment.video_id) {
        return Err(ClientError::new(ErrorCode::CommentOfOtherVideo).field("videoId"));
    }
    Ok(())
}

pub(super) fn no_comment() -> ClientError {
    ClientError::new(ErrorCode::CommentNotFound).field("commentId")
}

fn no_parent() -> ClientError {
    ClientError::new(ErrorCode::CommentNotFound).field("parentId")
}
