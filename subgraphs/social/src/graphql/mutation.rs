use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use reel_subgraph::{UserError, access, payload};

use super::user::User;
use super::user_id;
use crate::service::SocialService;

/// What changes who follows whom.
pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// Follows a person. Following again changes nothing; nobody can follow themselves.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn follow_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom to follow.")] input: FollowUserInput,
    ) -> Option<async_graphql::Result<FollowUserPayload>> {
        Some(follow(context, &input).await)
    }

    /// Stops following a person. Without having followed them it changes nothing.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn unfollow_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom to follow no longer.")] input: UnfollowUserInput,
    ) -> Option<async_graphql::Result<UnfollowUserPayload>> {
        Some(unfollow(context, &input).await)
    }
}

/// Whom to follow.
#[derive(InputObject)]
struct FollowUserInput {
    /// The person's id.
    user_id: ID,
}

/// What following answers.
#[derive(SimpleObject)]
struct FollowUserPayload {
    /// The person who is now followed; null when something has to be corrected.
    user: Option<User>,
    /// What has to be corrected: `USER_NOT_FOUND`, `CANNOT_FOLLOW_SELF` or `INVALID_ID`.
    user_errors: Vec<UserError>,
}

/// Whom to follow no longer.
#[derive(InputObject)]
struct UnfollowUserInput {
    /// The person's id.
    user_id: ID,
}

/// What unfollowing answers.
#[derive(SimpleObject)]
struct UnfollowUserPayload {
    /// The person who is no longer followed; null when something has to be corrected.
    user: Option<User>,
    /// What has to be corrected: `USER_NOT_FOUND` or `INVALID_ID`.
    user_errors: Vec<UserError>,
}

async fn follow(context: &Context<'_>, input: &FollowUserInput) -> async_graphql::Result<FollowUserPayload> {
    let service = context.data::<Arc<SocialService>>()?;
    let outcome = async {
        let target = user_id(&input.user_id, "userId")?;
        service.follow(access::viewer(context), target).await.map(|()| User(target))
    };
    payload(outcome.await).map(|(user, user_errors)| FollowUserPayload { user, user_errors })
}

async fn unfollow(context: &Context<'_>, input: &UnfollowUserInput) -> async_graphql::Result<UnfollowUserPayload> {
    let service = context.data::<Arc<SocialService>>()?;
    let outcome = async {
        let target = user_id(&input.user_id, "userId")?;
        service.unfollow(access::viewer(context), target).await.map(|()| User(target))
    };
    payload(outcome.await).map(|(user, user_errors)| UnfollowUserPayload { user, user_errors })
}
