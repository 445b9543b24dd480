//! The schema: videos, their lists, publishing and visiting, and what a person has published.

mod connection;
mod mutation;
mod query;
mod user;
mod video;

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, EmptySubscription, Schema, SchemaBuilder};
use reel_subgraph::Page;

use self::mutation::Mutation;
use self::query::Query;
use crate::loaders::{self, VideoLoader};
use crate::repository::Repository;
use crate::service::VideoService;

/// The schema with what its resolvers call.
pub(crate) fn schema(service: VideoService, repository: Repository) -> Schema<Query, Mutation, EmptySubscription> {
    schema_builder().data(Arc::new(service)).data(loaders::loader(repository)).finish()
}

/// The schema alone.
pub(crate) fn schema_builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription)
}

fn service<'a>(context: &Context<'a>) -> async_graphql::Result<&'a VideoService> {
    Ok(context.data::<Arc<VideoService>>()?.as_ref())
}

fn loader<'a>(context: &Context<'a>) -> async_graphql::Result<&'a DataLoader<VideoLoader>> {
    context.data()
}

fn page(first: Option<i32>, after: Option<&str>) -> async_graphql::Result<Page> {
    use reel_subgraph::GraphqlResult as _;

    Page::from_arguments(first, after).graphql()
}

/// GraphQL's Int has 32 bits.
fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
