//! The domain's part of the graph. A resolver converts, calls one service method, converts back.

mod account;
mod avatar;
mod login;
mod query;
mod session;
mod user;

use std::sync::Arc;

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use crate::loaders;
use crate::service::{Accounts, Avatars};
use account::AccountMutation;
use avatar::AvatarMutation;
use login::LoginMutation;
use query::Query;

/// What can be changed.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(AccountMutation, LoginMutation, AvatarMutation);

/// The types without anything behind them.
pub(crate) fn bare_schema() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation::default(), EmptySubscription).enable_federation()
}

/// The schema with its services.
pub(crate) fn schema(accounts: Arc<Accounts>, avatars: Arc<Avatars>) -> Schema<Query, Mutation, EmptySubscription> {
    bare_schema().data(loaders::users(Arc::clone(&accounts))).data(accounts).data(avatars).finish()
}
