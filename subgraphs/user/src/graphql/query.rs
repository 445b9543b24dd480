use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use reel_error::{ClientError, ErrorCode};
use reel_id::UserId;
use reel_subgraph::{GraphqlResult as _, access};

use super::user::User;
use crate::loaders::Users;
use crate::service::Accounts;

pub(crate) struct Query;

/// What can be read.
#[Object]
impl Query {
    /// The person who is logged in; null for anonymous callers.
    async fn viewer(&self, context: &Context<'_>) -> Option<async_graphql::Result<User>> {
        load(context, access::viewer(context)?.user_id).await
    }

    /// The person with this id; null when there is none.
    async fn user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The person's id.")] id: ID,
    ) -> Option<async_graphql::Result<User>> {
        find(context, &id).await
    }

    /// The person with this name, whatever its letter case; null when there is none.
    async fn user_by_username(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The person's name.")] username: String,
    ) -> Option<async_graphql::Result<User>> {
        let accounts = context.data_unchecked::<Arc<Accounts>>();
        accounts.find_by_name(&username).await.graphql().transpose().map(|found| found.map(User))
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, context: &Context<'_>, id: ID) -> Option<async_graphql::Result<User>> {
        find(context, &id).await
    }
}

async fn find(context: &Context<'_>, id: &ID) -> Option<async_graphql::Result<User>> {
    match id.parse() {
        Ok(id) => load(context, id).await,
        Err(_) => Some(Err(ClientError::new(ErrorCode::InvalidId).field("id")).graphql()),
    }
}

async fn load(context: &Context<'_>, id: UserId) -> Option<async_graphql::Result<User>> {
    context.data_unchecked::<Users>().load_one(id).await.graphql().transpose().map(|found| found.map(User))
}
