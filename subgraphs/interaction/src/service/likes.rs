use reel_auth::Viewer;
use reel_error::Result;
use reel_id::{CommentId, VideoId};
use reel_store::retry_transaction;
use reel_subgraph::signed_in;

use super::Interactions;
use super::comments::no_comment;
use crate::domain::{Comment, Like, VideoStats};
use crate::repository::{comment, comment_like, video_like, video_stats};

impl Interactions {
    /// Likes a video; once more changes nothing.
    pub(crate) async fn like_video(&self, viewer: Option<Viewer>, video: VideoId) -> Result<VideoId> {
        let user_id = signed_in(viewer)?.user_id;
        self.require_video(video).await?;
        let like = Like { id: self.ids.next(), target: video, user_id, liked_at: self.now() };
        retry_transaction(&self.pool, async |mut tx| -> Result<()> {
            if video_like::insert(&mut tx, &like).await? {
                video_stats::add(&mut tx, video, VideoStats::LIKED).await?;
            }
            Ok(())
        })
        .await?;
        Ok(video)
    }

    /// Takes a like of a video back; once more changes nothing.
    pub(crate) async fn unlike_video(&self, viewer: Option<Viewer>, video: VideoId) -> Result<VideoId> {
        let user_id = signed_in(viewer)?.user_id;
        self.require_video(video).await?;
        retry_transaction(&self.pool, async |mut tx| -> Result<()> {
            if video_like::delete(&mut tx, video, user_id).await? {
                video_stats::add(&mut tx, video, VideoStats::UNLIKED).await?;
            }
            Ok(())
        })
        .await?;
        Ok(video)
    }

    /// Likes a comment; once more changes nothing.
    pub(crate) async fn like_comment(&self, viewer: Option<Viewer>, id: CommentId) -> Result<Comment> {
        let user_id = signed_in(viewer)?.user_id;
        let like = Like { id: self.ids.next(), target: id, user_id, liked_at: self.now() };
        retry_transaction(&self.pool, async |mut tx| -> Result<Comment> {
            let mut comment = comment::lock(&mut tx, id).await?.ok_or_else(no_comment)?;
            if comment_like::insert(&mut tx, &like).await? {
                comment::add_likes(&mut tx, id, 1).await?;
                comment.like_count += 1;
            }
            Ok(comment)
        })
        .await
    }

    /// Takes a like of a comment back; once more changes nothing.
    pub(crate) async fn unlike_comment(&self, viewer: Option<Viewer>, id: CommentId) -> Result<Comment> {
        let user_id = signed_in(viewer)?.user_id;
        retry_transaction(&self.pool, async |mut tx| -> Result<Comment> {
            let mut comment = comment::lock(&mut tx, id).await?.ok_or_else(no_comment)?;
            if comment_like::delete(&mut tx, id, user_id).await? {
                comment::add_likes(&mut tx, id, -1).await?;
                comment.like_count -= 1;
            }
            Ok(comment)
        })
        .await
    }
}
