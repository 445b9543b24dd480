//! The words of the domain.

use chrono::{DateTime, Utc};
use reel_id::{CommentId, Snowflake, UserId, VideoId};

/// The most characters of a comment.
pub(crate) const MAX_COMMENT_CHARACTERS: usize = 1_000;

/// A comment on a video, or a reply to a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Its id; later comments have larger ids.
    pub(crate) id: CommentId,
    /// The video it is about. A reply is about its parent's video.
    pub(crate) video_id: VideoId,
    /// The comment that it answers; none for a top-level comment.
    pub(crate) parent_id: Option<CommentId>,
    /// Who wrote it.
    pub(crate) author_id: UserId,
    /// What it says.
    pub(crate) content: String,
    /// How many people like it.
    pub(crate) like_count: i64,
    /// How many comments answer it directly.
    pub(crate) reply_count: i64,
    /// When it was written.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A deleted comment with everything below it, as long as something of it may be left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeletedTree {
    /// The comment that was deleted.
    pub(crate) root_id: CommentId,
    /// The video that it and all below it were about.
    pub(crate) video_id: VideoId,
}

impl DeletedTree {
    /// The tree below this comment.
    pub(crate) fn of(comment: &Comment) -> Self {
        Self { root_id: comment.id, video_id: comment.video_id }
    }
}

/// That a person likes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Like<T> {
    /// The order in which a person liked things: later likes have larger ids.
    pub(crate) id: Snowflake,
    /// What is liked.
    pub(crate) target: T,
    /// Who likes it.
    pub(crate) user_id: UserId,
    /// When that was said.
    pub(crate) liked_at: DateTime<Utc>,
}

/// The counts of one video; or, with signs, a change of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct VideoStats {
    /// How many people like it.
    pub(crate) likes: i64,
    /// How many comments and replies it has.
    pub(crate) comments: i64,
    /// How many of them are top-level.
    pub(crate) threads: i64,
}

impl VideoStats {
    /// One more like.
    pub(crate) const LIKED: Self = Self { likes: 1, comments: 0, threads: 0 };
    /// One like less.
    pub(crate) const UNLIKED: Self = Self { likes: -1, comments: 0, threads: 0 };

    /// One more comment.
    pub(crate) fn published(comment: &Comment) -> Self {
        Self { likes: 0, comments: 1, threads: i64::from(comment.parent_id.is_none()) }
    }

    /// A comment less. What is below it is counted when it goes.
    pub(crate) fn deleted(comment: &Comment) -> Self {
        Self { likes: 0, comments: -1, threads: -i64::from(comment.parent_id.is_none()) }
    }

    /// So many replies less.
    pub(crate) fn replies_deleted(replies: usize) -> Self {
        Self { likes: 0, comments: -i64::try_from(replies).unwrap_or(i64::MAX), threads: 0 }
    }
}
