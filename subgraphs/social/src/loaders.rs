use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use reel_error::Error;
use reel_id::UserId;
use reel_subgraph::{Rows, batching};

use crate::domain::{Entry, ListKey, Pair, Stats};
use crate::repository::Repository;

/// The most keys of one statement: a page is a SELECT of its own in a UNION.
const MAX_BATCH: usize = 250;

/// Reads everything that is reached from a list, one statement for each kind of key.
pub(crate) struct SocialLoader(Repository);

/// A loader for the schema.
pub(crate) fn loader(repository: Repository) -> DataLoader<SocialLoader> {
    batching::loader(SocialLoader(repository), MAX_BATCH)
}

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

impl Loader<ListKey> for SocialLoader {
    type Value = Rows<Entry>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ListKey]) -> Loaded<ListKey, Self::Value> {
        let pages = self.0.list_many(keys).await.map_err(shared)?;
        Ok(pages.into_iter().map(|(key, entries)| (key, key.page.cut(entries))).collect())
    }
}

impl Loader<UserId> for SocialLoader {
    type Value = Stats;
    type Error = Arc<Error>;

    async fn load(&self, users: &[UserId]) -> Loaded<UserId, Self::Value> {
        self.0.find_many_stats(users).await.map_err(shared)
    }
}

impl Loader<Pair> for SocialLoader {
    /// Present when one follows the other.
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, pairs: &[Pair]) -> Loaded<Pair, ()> {
        let found = self.0.exist_many(pairs).await.map_err(shared)?;
        Ok(found.into_iter().map(|pair| (pair, ())).collect())
    }
}

fn shared(error: reel_store::StoreError) -> Arc<Error> {
    Arc::new(error.into())
}
