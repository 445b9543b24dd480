//! The schema: fields on the user domain's `User`, and two mutations.

mod connection;
mod mutation;
mod user;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, ID, Object, Schema, SchemaBuilder};
use reel_error::{ClientError, ErrorCode};
use reel_id::UserId;
use reel_subgraph::GraphqlResult as _;

use self::mutation::Mutation;
use self::user::User;
use crate::loaders;
use crate::repository::Repository;
use crate::service::SocialService;

/// The schema with what its resolvers call.
pub(crate) fn schema(service: SocialService, repository: Repository) -> Schema<Query, Mutation, EmptySubscription> {
    schema_builder().data(Arc::new(service)).data(loaders::loader(repository)).finish()
}

/// The schema alone.
pub(crate) fn schema_builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
}

/// This domain adds to entities only and has no root field of its own.
pub(crate) struct Query;

#[Object]
impl Query {
    #[graphql(entity)]
    async fn find_user(&self, _context: &Context<'_>, id: ID) -> Option<async_graphql::Result<User>> {
        Some(user_id(&id, "id").map(User).graphql())
    }
}

/// Reads the id of a person from a client.
fn user_id(id: &ID, field: &'static str) -> Result<UserId, ClientError> {
    id.parse().map_err(|_| ClientError::new(ErrorCode::InvalidId).field(field))
}
