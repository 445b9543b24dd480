use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use reel_error::ClientError;
use reel_subgraph::{UserError, authenticated, payload};

use super::comment::Comment;
use super::convert::{id, optional_id, service, viewer};
use super::video::Video;
use crate::service::{Deletion, Publication};

#[derive(Default)]
pub(crate) struct CommentMutations;

/// What to publish. At least one of `videoId` and `parentId` is needed.
#[derive(InputObject)]
pub(crate) struct PublishCommentInput {
    /// The video that it is about. With `parentId` it may be left out, or must be the parent's video.
    video_id: Option<ID>,
    /// The comment to reply to.
    parent_id: Option<ID>,
    /// What it says: not blank, at most 1000 characters.
    content: String,
}

/// What `publishComment` answers.
#[derive(SimpleObject)]
pub(crate) struct PublishCommentPayload {
    /// The new comment; null when something has to be corrected.
    comment: Option<Comment>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// What to delete.
#[derive(InputObject)]
pub(crate) struct DeleteCommentInput {
    /// The comment's id.
    comment_id: ID,
    /// The video that the comment must be about, when given.
    video_id: Option<ID>,
}

/// What `deleteComment` answers.
#[derive(SimpleObject)]
pub(crate) struct DeleteCommentPayload {
    /// The id of the comment that is gone; null when something has to be corrected.
    deleted_comment_id: Option<ID>,
    /// The video that it was about; null when something has to be corrected.
    video: Option<Video>,
    /// What has to be corrected.
    user_errors: Vec<UserError>,
}

/// Comments and replies.
#[Object]
impl CommentMutations {
    /// Publishes a comment on a video, or a reply to a comment.
    #[graphql(directive = authenticated::apply())]
    async fn publish_comment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to publish, and about what.")] input: PublishCommentInput,
    ) -> Option<Result<PublishCommentPayload>> {
        let done = match input.read() {
            Ok(wish) => service(context).publish_comment(viewer(context), wish).await,
            Err(error) => Err(error.into()),
        };
        Some(
            payload(done)
                .map(|(comment, user_errors)| PublishCommentPayload { comment: comment.map(Comment), user_errors }),
        )
    }

    /// Deletes a comment with all replies below it. Only its author may.
    #[graphql(directive = authenticated::apply())]
    async fn delete_comment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: DeleteCommentInput,
    ) -> Option<Result<DeleteCommentPayload>> {
        let done = match input.read() {
            Ok(wish) => service(context).delete_comment(viewer(context), wish).await,
            Err(error) => Err(error.into()),
        };
        Some(payload(done).map(|(deleted, user_errors)| DeleteCommentPayload {
            deleted_comment_id: deleted.as_ref().map(|comment| ID(comment.id.to_string())),
            video: deleted.map(|comment| Video { id: comment.video_id }),
            user_errors,
        }))
    }
}

impl PublishCommentInput {
    fn read(self) -> Result<Publication, ClientError> {
        Ok(Publication {
            video: optional_id(self.video_id.as_ref(), "videoId")?,
            parent: optional_id(self.parent_id.as_ref(), "parentId")?,
            content: self.content,
        })
    }
}

impl DeleteCommentInput {
    fn read(&self) -> Result<Deletion, ClientError> {
        Ok(Deletion {
            comment: id(&self.comment_id, "commentId")?,
            video: optional_id(self.video_id.as_ref(), "videoId")?,
        })
    }
}
