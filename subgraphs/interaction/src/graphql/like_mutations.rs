use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use reel_subgraph::{UserError, authenticated, payload};

use super::comment::Comment;
use super::convert::{id, service, viewer};
use super::video::Video;

#[derive(Default)]
pub(crate) struct LikeMutations;

/// Which video to like.
#[derive(InputObject)]
pub(crate) struct LikeVideoInput {
    /// The video's id.
    video_id: ID,
}

/// What `likeVideo` answers.
#[derive(SimpleObject)]
pub(crate) struct LikeVideoPayload {
    /// The video as it is now; null when something has to be corrected.
    video: Option<Video>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// Which video not to like any more.
#[derive(InputObject)]
pub(crate) struct UnlikeVideoInput {
    /// The video's id.
    video_id: ID,
}

/// What `unlikeVideo` answers.
#[derive(SimpleObject)]
pub(crate) struct UnlikeVideoPayload {
    /// The video as it is now; null when something has to be corrected.
    video: Option<Video>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// Which comment to like.
#[derive(InputObject)]
pub(crate) struct LikeCommentInput {
    /// The comment's id.
    comment_id: ID,
}

/// What `likeComment` answers.
#[derive(SimpleObject)]
pub(crate) struct LikeCommentPayload {
    /// The comment as it is now; null when something has to be corrected.
    comment: Option<Comment>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// Which comment not to like any more.
#[derive(InputObject)]
pub(crate) struct UnlikeCommentInput {
    /// The comment's id.
    comment_id: ID,
}

/// What `unlikeComment` answers.
#[derive(SimpleObject)]
pub(crate) struct UnlikeCommentPayload {
    /// The comment as it is now; null when something has to be corrected.
    comment: Option<Comment>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// Likes and taking them back.
#[Object]
impl LikeMutations {
    /// Likes a video. Liking it again changes nothing.
    #[graphql(directive = authenticated::apply())]
    async fn like_video(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which video.")] input: LikeVideoInput,
    ) -> Option<Result<LikeVideoPayload>> {
        let done = match id(&input.video_id, "videoId") {
            Ok(id) => service(context).like_video(viewer(context), id).await,
            Err(error) => Err(error.into()),
        };
        Some(
            payload(done)
                .map(|(video, user_errors)| LikeVideoPayload { video: video.map(|id| Video { id }), user_errors }),
        )
    }

    /// Takes a like of a video back. Without one, nothing changes.
    #[graphql(directive = authenticated::apply())]
    async fn unlike_video(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which video.")] input: UnlikeVideoInput,
    ) -> Option<Result<UnlikeVideoPayload>> {
        let done = match id(&input.video_id, "videoId") {
            Ok(id) => service(context).unlike_video(viewer(context), id).await,
            Err(error) => Err(error.into()),
        };
        Some(
            payload(done)
                .map(|(video, user_errors)| UnlikeVideoPayload { video: video.map(|id| Video { id }), user_errors }),
        )
    }

    /// Likes a comment or reply. Liking it again changes nothing.
    #[graphql(directive = authenticated::apply())]
    async fn like_comment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: LikeCommentInput,
    ) -> Option<Result<LikeCommentPayload>> {
        let done = match id(&input.comment_id, "commentId") {
            Ok(id) => service(context).like_comment(viewer(context), id).await,
            Err(error) => Err(error.into()),
        };
        Some(
            payload(done)
                .map(|(comment, user_errors)| LikeCommentPayload { comment: comment.map(Comment), user_errors }),
        )
    }

    /// Takes a like of a comment back. Without one, nothing changes.
    #[graphql(directive = authenticated::apply())]
    async fn unlike_comment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: UnlikeCommentInput,
    ) -> Option<Result<UnlikeCommentPayload>> {
        let done = match id(&input.comment_id, "commentId") {
            Ok(id) => service(context).unlike_comment(viewer(context), id).await,
            Err(error) => Err(error.into()),
        };
        Some(
            payload(done)
                .map(|(comment, user_errors)| UnlikeCommentPayload { comment: comment.map(Comment), user_errors }),
        )
    }
}
