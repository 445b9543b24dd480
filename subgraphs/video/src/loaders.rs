//! What is reached from lists: one statement for each kind of key.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use reel_error::Error;
use reel_id::{UserId, VideoId};
use reel_subgraph::{Page, Rows, batching};

use crate::domain::Video;
use crate::repository::Repository;

/// The most keys of one statement.
const MAX_BATCH: usize = 100;

/// Reads for resolvers.
pub(crate) struct VideoLoader(Repository);

pub(crate) fn loader(repository: Repository) -> DataLoader<VideoLoader> {
    batching::loader(VideoLoader(repository), MAX_BATCH)
}

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

impl Loader<VideoId> for VideoLoader {
    type Value = Video;
    type Error = Arc<Error>;

    async fn load(&self, ids: &[VideoId]) -> Loaded<VideoId, Video> {
        self.0.find_many(ids).await.map_err(shared)
    }
}

impl Loader<(UserId, Page)> for VideoLoader {
    type Value = Rows<Video>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[(UserId, Page)]) -> Loaded<(UserId, Page), Rows<Video>> {
        let pages = self.0.list_by_authors(keys).await.map_err(shared)?;
        Ok(pages.into_iter().map(|(key, videos)| (key, key.1.cut(videos))).collect())
    }
}

/// How many videos a person has published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CountOf(pub(crate) UserId);

impl Loader<CountOf> for VideoLoader {
    type Value = i64;
    type Error = Arc<Error>;

    async fn load(&self, authors: &[CountOf]) -> Loaded<CountOf, i64> {
        let ids: Vec<UserId> = authors.iter().map(|author| author.0).collect();
        let counts = self.0.count_by_authors(&ids).await.map_err(shared)?;
        Ok(authors.iter().map(|author| (*author, counts.get(&author.0).copied().unwrap_or(0))).collect())
    }
}

fn shared(error: reel_store::StoreError) -> Arc<Error> {
    Arc::new(error.into())
}
