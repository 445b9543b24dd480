use std::sync::Arc;

use reel_auth::Viewer;
use reel_error::{ClientError, ErrorCode, Result};
use reel_id::{Clock, IdGenerator, UserId};
use reel_store::retry_transaction;
use reel_subgraph::signed_in;
use sqlx::MySqlConnection;

use crate::domain::{Moment, Pair};
use crate::repository::{self, Change, Repository};
use crate::rpc::Users;

/// Follows and unfollows. Both can be repeated: the second time changes nothing.
pub(crate) struct SocialService {
    repository: Repository,
    users: Users,
    ids: Arc<IdGenerator>,
    clock: Arc<dyn Clock>,
}

impl SocialService {
    pub(crate) fn new(repository: Repository, users: Users, ids: Arc<IdGenerator>, clock: Arc<dyn Clock>) -> Self {
        Self { repository, users, ids, clock }
    }

    /// The viewer follows a person.
    pub(crate) async fn follow(&self, viewer: Option<Viewer>, target: UserId) -> Result<()> {
        let pair = Pair { follower: signed_in(viewer)?.user_id, followee: target };
        if pair.follower == pair.followee {
            return Err(ClientError::new(ErrorCode::CannotFollowSelf).field("userId").into());
        }
        if self.repository.exists(pair).await? {
            return Ok(());
        }
        self.must_exist(target).await?;
        let made = Moment { id: self.ids.next(), at: self.clock.now() };
        retry_transaction(self.repository.pool(), |mut tx| async move { insert(&mut tx, pair, made).await }).await?;
        Ok(())
    }

    /// The viewer no longer follows a person. Not following oneself is always so.
    pub(crate) async fn unfollow(&self, viewer: Option<Viewer>, target: UserId) -> Result<()> {
        let pair = Pair { follower: signed_in(viewer)?.user_id, followee: target };
        if !self.repository.exists(pair).await? {
            // Only what is not followed can be unknown.
            return self.must_exist(target).await;
        }
        retry_transaction(self.repository.pool(), |mut tx| async move { delete(&mut tx, pair).await }).await?;
        Ok(())
    }

    async fn must_exist(&self, user: UserId) -> Result<()> {
        if self.users.exists(user).await? {
            return Ok(());
        }
        Err(ClientError::new(ErrorCode::UserNotFound).field("userId").into())
    }
}

/// Writes the row and what follows from it. The locked counters put all follows of these two people in a sequence, so
/// of two that follow each other at the same time the second one sees the first.
async fn insert(tx: &mut MySqlConnection, pair: Pair, made: Moment) -> reel_store::Result<()> {
    repository::lock_stats(tx, pair).await?;
    if repository::find(tx, pair).await?.is_some() {
        return Ok(());
    }
    let back = repository::find(tx, pair.reversed()).await?;
    let friendship = back.map(|back| back.later(made));
    repository::insert(tx, pair, made, friendship).await?;
    if friendship.is_some() {
        repository::set_friendship(tx, pair.reversed(), friendship).await?;
    }
    repository::change_stats(tx, pair, Change { follows: 1, friends: i64::from(friendship.is_some()) }).await
}

/// Removes the row and what followed from it.
async fn delete(tx: &mut MySqlConnection, pair: Pair) -> reel_store::Result<()> {
    repository::lock_stats(tx, pair).await?;
    if !repository::delete(tx, pair).await? {
        return Ok(());
    }
    let were_friends = repository::set_friendship(tx, pair.reversed(), None).await?;
    repository::change_stats(tx, pair, Change { follows: -1, friends: -i64::from(were_friends) }).await
}
