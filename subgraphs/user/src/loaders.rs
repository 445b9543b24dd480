//! Batches of what lists ask for one by one.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use reel_error::Error;
use reel_id::UserId;

use crate::domain::User;
use crate::service::Accounts;

/// The most ids of one statement.
const MAX_BATCH: usize = 500;

/// People by their ids.
pub(crate) struct UserLoader(Arc<Accounts>);

pub(crate) type Users = DataLoader<UserLoader>;

/// A loader for the whole schema. It keeps nothing: each batch asks MySQL.
pub(crate) fn users(accounts: Arc<Accounts>) -> Users {
    reel_subgraph::batching::loader(UserLoader(accounts), MAX_BATCH)
}

impl Loader<UserId> for UserLoader {
    type Value = User;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>, Arc<Error>> {
        self.0.find_many(ids).await.map_err(Arc::new)
    }
}
