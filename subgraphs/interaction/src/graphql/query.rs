use async_graphql::{Context, ID, Object, Result};
use reel_id::{CommentId, UserId, VideoId};
use reel_subgraph::GraphqlResult as _;

use super::comment::Comment;
use super::convert::{id, service};
use super::user::User;
use super::video::Video;

pub(crate) struct Query;

/// What can be asked.
#[Object]
impl Query {
    /// The comment or reply with this id; null when there is none.
    async fn comment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The comment's id.")] id: ID,
    ) -> Option<Result<Comment>> {
        find_comment(context, &id).await.transpose()
    }

    #[graphql(entity)]
    async fn find_comment_by_id(&self, context: &Context<'_>, id: ID) -> Option<Result<Comment>> {
        find_comment(context, &id).await.transpose()
    }

    #[graphql(entity)]
    async fn find_video_by_id(&self, id: ID) -> Option<Result<Video>> {
        Some(self::id::<VideoId>(&id, "id").map(|id| Video { id }).graphql())
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<Result<User>> {
        Some(self::id::<UserId>(&id, "id").map(|id| User { id }).graphql())
    }
}

async fn find_comment(context: &Context<'_>, text: &ID) -> Result<Option<Comment>> {
    let id: CommentId = id(text, "id").graphql()?;
    Ok(service(context).comment(id).await.graphql()?.map(Comment))
}
