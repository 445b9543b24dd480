//! What clients see. A resolver converts, calls one method of the service, and converts back.

mod comment;
mod comment_connection;
mod comment_mutations;
mod convert;
mod like_mutations;
mod liked_video_connection;
mod query;
mod user;
mod video;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use query::Query;

/// The commands of the interaction domain.
#[derive(Default, MergedObject)]
pub(crate) struct Mutation(like_mutations::LikeMutations, comment_mutations::CommentMutations);

/// The schema, still without the service behind it.
pub(crate) fn schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation::default(), EmptySubscription)
}
