//! What is reached from a list is loaded in batches: one statement for all that is asked for in the same moment.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use reel_error::Error;
use reel_id::{CommentId, UserId, VideoId};
use reel_subgraph::batching::loader;
use reel_subgraph::{Page, Rows};
use sqlx::MySqlPool;

use crate::domain::{Comment, Like, VideoStats};
use crate::repository::{comment, comment_like, video_like, video_stats};

/// The most single rows of one statement.
const MAX_ROWS: usize = 1_000;
/// The most pages of one statement: each is a SELECT of its own in a UNION.
const MAX_PAGES: usize = 250;

type Loaded<K, V> = Result<HashMap<K, V>, Arc<Error>>;

/// The batches of the domain.
pub(crate) struct Loaders {
    rows: DataLoader<Batches>,
    pages: DataLoader<Batches>,
}

impl Loaders {
    pub(crate) fn new(pool: &MySqlPool) -> Self {
        let batches = || Batches { pool: pool.clone() };
        Self { rows: loader(batches(), MAX_ROWS), pages: loader(batches(), MAX_PAGES) }
    }

    /// What this key stands for, if it exists.
    pub(crate) async fn row<K>(&self, key: K) -> Result<Option<<Batches as Loader<K>>::Value>, Arc<Error>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batches: Loader<K, Error = Arc<Error>>,
    {
        self.rows.load_one(key).await
    }

    /// The page that this key stands for; an empty one when there are no rows.
    pub(crate) async fn page<K, T>(&self, key: K) -> Result<Rows<T>, Arc<Error>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batches: Loader<K, Value = Rows<T>, Error = Arc<Error>>,
    {
        Ok(self.pages.load_one(key).await?.unwrap_or_default())
    }
}

/// Knows for each type of key how to load many of them with one statement.
pub(crate) struct Batches {
    pool: MySqlPool,
}

/// A page of a video's top-level comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ThreadsOf(pub(crate) VideoId, pub(crate) Page);

/// A page of a comment's replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RepliesTo(pub(crate) CommentId, pub(crate) Page);

/// A page of the videos that a person likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LikedBy(pub(crate) UserId, pub(crate) Page);

/// How many videos a person likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LikedCountOf(pub(crate) UserId);

/// Whether a person likes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct HasLiked<T>(pub(crate) UserId, pub(crate) T);

impl Loader<ThreadsOf> for Batches {
    type Value = Rows<Comment>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[ThreadsOf]) -> Loaded<ThreadsOf, Self::Value> {
        let lists: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let fetched = comment::list_threads(&self.pool, &lists).await.map_err(share)?;
        Ok(pages(keys, |key| key.1, fetched))
    }
}

impl Loader<RepliesTo> for Batches {
    type Value = Rows<Comment>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[RepliesTo]) -> Loaded<RepliesTo, Self::Value> {
        let lists: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let fetched = comment::list_replies(&self.pool, &lists).await.map_err(share)?;
        Ok(pages(keys, |key| key.1, fetched))
    }
}

impl Loader<LikedBy> for Batches {
    type Value = Rows<Like<VideoId>>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[LikedBy]) -> Loaded<LikedBy, Self::Value> {
        let lists: Vec<_> = keys.iter().map(|key| (key.0, key.1)).collect();
        let fetched = video_like::list(&self.pool, &lists).await.map_err(share)?;
        Ok(pages(keys, |key| key.1, fetched))
    }
}

impl Loader<CommentId> for Batches {
    type Value = Comment;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[CommentId]) -> Loaded<CommentId, Comment> {
        comment::find_many(&self.pool, keys).await.map_err(share)
    }
}

impl Loader<VideoId> for Batches {
    type Value = VideoStats;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[VideoId]) -> Loaded<VideoId, VideoStats> {
        video_stats::find_many(&self.pool, keys).await.map_err(share)
    }
}

impl Loader<LikedCountOf> for Batches {
    type Value = i64;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[LikedCountOf]) -> Loaded<LikedCountOf, i64> {
        let users: Vec<_> = keys.iter().map(|key| key.0).collect();
        let counts = video_like::count_by_user(&self.pool, &users).await.map_err(share)?;
        Ok(counts.into_iter().map(|(user, count)| (LikedCountOf(user), count)).collect())
    }
}

impl Loader<HasLiked<VideoId>> for Batches {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[HasLiked<VideoId>]) -> Loaded<HasLiked<VideoId>, ()> {
        let pairs = keys.iter().map(|key| (key.0, key.1));
        found(video_like::find_pairs(&self.pool, pairs).await)
    }
}

impl Loader<HasLiked<CommentId>> for Batches {
    type Value = ();
    type Error = Arc<Error>;

    async fn load(&self, keys: &[HasLiked<CommentId>]) -> Loaded<HasLiked<CommentId>, ()> {
        let pairs = keys.iter().map(|key| (key.0, key.1));
        found(comment_like::find_pairs(&self.pool, pairs).await)
    }
}

fn share(error: reel_store::StoreError) -> Arc<Error> {
    Arc::new(error.into())
}

/// Cuts what was fetched for each key to its page.
fn pages<K, T>(keys: &[K], page: impl Fn(&K) -> Page, fetched: Vec<Vec<T>>) -> HashMap<K, Rows<T>>
where
    K: Copy + Hash + Eq,
{
    keys.iter().zip(fetched).map(|(key, rows)| (*key, page(key).cut(rows))).collect()
}

fn found<T: Hash + Eq>(pairs: reel_store::Result<HashSet<(UserId, T)>>) -> Loaded<HasLiked<T>, ()> {
    Ok(pairs.map_err(share)?.into_iter().map(|(user, target)| (HasLiked(user, target), ())).collect())
}
