use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, Result};
use reel_id::UserId;
use reel_subgraph::{GraphqlResult as _, Page, Rows, access};

use super::connection::{FollowerConnection, FollowingConnection, FriendConnection};
use crate::domain::{Entry, List, ListKey, Pair};
use crate::loaders::SocialLoader;

/// A person, by key: who it is, and whether there is such a person, is the user domain's to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User(pub(crate) UserId);

/// A person with an account.
#[Object]
impl User {
    /// The person's id, a decimal number.
    async fn id(&self) -> ID {
        self.0.to_string().into()
    }

    /// Who follows this person, from the last one who began to.
    async fn followers(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<FollowerConnection>> {
        let rows = self.page(context, List::Followers, first, after.as_deref()).await;
        Some(rows.map(|rows| FollowerConnection { user: *self, rows }))
    }

    /// Whom this person follows, from the last one they began to follow.
    async fn following(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<FollowingConnection>> {
        let rows = self.page(context, List::Following, first, after.as_deref()).await;
        Some(rows.map(|rows| FollowingConnection { user: *self, rows }))
    }

    /// Who follows this person and is followed back, from the newest friendship.
    async fn friends(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<FriendConnection>> {
        let rows = self.page(context, List::Friends, first, after.as_deref()).await;
        Some(rows.map(|rows| FriendConnection { user: *self, rows }))
    }

    /// How many people follow this person.
    async fn follower_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(self.count(context, List::Followers).await)
    }

    /// How many people this person follows.
    async fn following_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(self.count(context, List::Following).await)
    }

    /// How many friends this person has: people who follow them and whom they follow.
    async fn friend_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(self.count(context, List::Friends).await)
    }

    /// Whether the viewer follows this person; false for anonymous callers.
    async fn viewer_is_following(&self, context: &Context<'_>) -> Option<Result<bool>> {
        let Some(viewer) = access::viewer(context) else { return Some(Ok(false)) };
        Some(follows(context, Pair { follower: viewer.user_id, followee: self.0 }).await)
    }

    /// Whether this person follows the viewer; false for anonymous callers.
    async fn is_following_viewer(&self, context: &Context<'_>) -> Option<Result<bool>> {
        let Some(viewer) = access::viewer(context) else { return Some(Ok(false)) };
        Some(follows(context, Pair { follower: self.0, followee: viewer.user_id }).await)
    }
}

impl User {
    async fn page(
        &self,
        context: &Context<'_>,
        list: List,
        first: Option<i32>,
        after: Option<&str>,
    ) -> Result<Rows<Entry>> {
        let page = Page::from_arguments(first, after).graphql()?;
        let rows = loader(context)?.load_one(ListKey { list, user_id: self.0, page }).await.graphql()?;
        Ok(rows.unwrap_or_default())
    }

    /// The length of one of the person's lists.
    pub(super) async fn count(&self, context: &Context<'_>, list: List) -> Result<i32> {
        let stats = loader(context)?.load_one(self.0).await.graphql()?.unwrap_or_default();
        Ok(i32::try_from(stats.of(list)).unwrap_or(i32::MAX))
    }
}

async fn follows(context: &Context<'_>, pair: Pair) -> Result<bool> {
    Ok(loader(context)?.load_one(pair).await.graphql()?.is_some())
}

fn loader<'a>(context: &Context<'a>) -> Result<&'a DataLoader<SocialLoader>> {
    context.data()
}
