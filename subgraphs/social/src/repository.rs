//! Every SQL statement of the domain.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use reel_id::{Snowflake, UserId};
use reel_store::{Result, push_in_list};
use sqlx::{MySql, MySqlConnection, MySqlPool, QueryBuilder};

use crate::domain::{Entry, List, ListKey, Moment, Pair, Stats};

/// Reads, each in one statement.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pool: MySqlPool,
}

impl Repository {
    pub(crate) fn new(pool: MySqlPool) -> Self {
        Self { pool }
    }

    pub(crate) fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Whether one follows the other.
    pub(crate) async fn exists(&self, pair: Pair) -> Result<bool> {
        Ok(self.exist_many(&[pair]).await?.contains(&pair))
    }

    /// Those of the pairs of which one follows the other.
    pub(crate) async fn exist_many(&self, pairs: &[Pair]) -> Result<HashSet<Pair>> {
        // An OR of equalities is a range on the unique key everywhere; MariaDB scans for `(a, b) IN ((…), …)`.
        let mut query = QueryBuilder::<MySql>::new("SELECT follower_id, followee_id FROM follow WHERE ");
        let mut alternatives = query.separated(" OR ");
        for pair in padded(pairs) {
            alternatives.push("(follower_id = ").push_bind_unseparated(pair.follower.raw());
            alternatives.push_unseparated(" AND followee_id = ").push_bind_unseparated(pair.followee.raw());
            alternatives.push_unseparated(")");
        }
        let rows: Vec<(Snowflake, Snowflake)> = query.build_query_as().fetch_all(&self.pool).await?;
        Ok(rows
            .into_iter()
            .map(|(follower, followee)| Pair { follower: follower.into(), followee: followee.into() })
            .collect())
    }

    /// How long these people's lists are; people without follows are left out.
    pub(crate) async fn find_many_stats(&self, users: &[UserId]) -> Result<HashMap<UserId, Stats>> {
        let mut query = QueryBuilder::<MySql>::new(
            "SELECT user_id, follower_count, following_count, friend_count FROM follow_stats WHERE user_id IN ",
        );
        let ids: Vec<Snowflake> = users.iter().map(|user| user.raw()).collect();
        push_in_list(&mut query, &ids);
        let rows: Vec<(Snowflake, i64, i64, i64)> = query.build_query_as().fetch_all(&self.pool).await?;
        let stats = |(user, followers, following, friends): (Snowflake, _, _, _)| {
            (user.into(), Stats { followers, following, friends })
        };
        Ok(rows.into_iter().map(stats).collect())
    }

    /// These pages, newest first, each with one row more than it shows when there is one.
    pub(crate) async fn list_many(&self, keys: &[ListKey]) -> Result<HashMap<ListKey, Vec<Entry>>> {
        let mut query = QueryBuilder::<MySql>::new("");
        for (slot, key) in keys.iter().enumerate() {
            query.push(if slot == 0 { "" } else { " UNION ALL " });
            push_page(&mut query, slot, key);
        }
        let rows: Vec<(i64, Snowflake, Snowflake, DateTime<Utc>)> =
            query.build_query_as().fetch_all(&self.pool).await?;
        let mut pages: HashMap<ListKey, Vec<Entry>> = keys.iter().map(|key| (*key, Vec::new())).collect();
        for (slot, position, other, since) in rows {
            let key = usize::try_from(slot).ok().and_then(|slot| keys.get(slot));
            if let Some(entries) = key.and_then(|key| pages.get_mut(key)) {
                entries.push(Entry { position, other_id: other.into(), since });
            }
        }
        // A UNION promises no order.
        pages.values_mut().for_each(|entries| entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.position)));
        Ok(pages)
    }
}

/// Appends `(SELECT slot, position, other person, since …)` for one page.
fn push_page(query: &mut QueryBuilder<MySql>, slot: usize, key: &ListKey) {
    let (columns, owner, position) = match key.list {
        List::Followers => ("id, follower_id, created_at", "followee_id", "id"),
        List::Following => ("id, followee_id, created_at", "follower_id", "id"),
        List::Friends => ("friendship_id, followee_id, friends_since", "follower_id", "friendship_id"),
    };
    query.push(format_args!("(SELECT {slot}, {columns} FROM follow WHERE {owner} = ")).push_bind(key.user_id.raw());
    query.push(format_args!(" AND {position} < ")).push_bind(key.page.before_id());
    query.push(format_args!(" ORDER BY {position} DESC LIMIT ")).push_bind(key.page.limit());
    query.push(" OFFSET ").push_bind(key.page.offset()).push(")");
}

/// The values, filled up to the next power of two by repeating the last one, so that few statements differ.
fn padded<T: Copy>(values: &[T]) -> impl Iterator<Item = T> {
    let missing = values.len().next_power_of_two() - values.len();
    values.iter().copied().chain(values.last().copied().into_iter().cycle().take(missing))
}

/// What a follow or unfollow adds to the counters of both people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    /// To whom the one follows, and to whose followers the other has.
    pub(crate) follows: i64,
    /// To the friends of both.
    pub(crate) friends: i64,
}

/// Locks the counters of both people, making them when they are missing. Always the smaller id first: two transactions
/// never wait for each other in a circle. (`INSERT IGNORE` would take a shared lock first, and deadlock on the way up.)
pub(crate) async fn lock_stats(tx: &mut MySqlConnection, pair: Pair) -> Result<()> {
    let (first, second) = (pair.follower.min(pair.followee), pair.follower.max(pair.followee));
    sqlx::query("INSERT INTO follow_stats (user_id) VALUES (?), (?) ON DUPLICATE KEY UPDATE user_id = user_id")
        .bind(first.raw())
        .bind(second.raw())
        .execute(tx)
        .await?;
    Ok(())
}

/// Adds to the counters of both people.
pub(crate) async fn change_stats(tx: &mut MySqlConnection, pair: Pair, change: Change) -> Result<()> {
    sqlx::query(
        "UPDATE follow_stats SET following_count = following_count + IF(user_id = ?, ?, 0), \
         follower_count = follower_count + IF(user_id = ?, ?, 0), friend_count = friend_count + ? \
         WHERE user_id IN (?, ?)",
    )
    .bind(pair.follower.raw())
    .bind(change.follows)
    .bind(pair.followee.raw())
    .bind(change.follows)
    .bind(change.friends)
    .bind(pair.follower.raw())
    .bind(pair.followee.raw())
    .execute(tx)
    .await?;
    Ok(())
}

/// When one began to follow the other, if so. A locking read sees what was committed last, also where the transaction
/// reads from a snapshot that is older than its locks.
pub(crate) async fn find(tx: &mut MySqlConnection, pair: Pair) -> Result<Option<Moment>> {
    let row: Option<(Snowflake, DateTime<Utc>)> =
        sqlx::query_as("SELECT id, created_at FROM follow WHERE follower_id = ? AND followee_id = ? FOR UPDATE")
            .bind(pair.follower.raw())
            .bind(pair.followee.raw())
            .fetch_optional(tx)
            .await?;
    Ok(row.map(|(id, at)| Moment { id, at }))
}

/// Adds the row that one follows the other.
pub(crate) async fn insert(
    tx: &mut MySqlConnection,
    pair: Pair,
    made: Moment,
    friendship: Option<Moment>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO follow (id, follower_id, followee_id, created_at, friendship_id, friends_since) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(made.id)
    .bind(pair.follower.raw())
    .bind(pair.followee.raw())
    .bind(made.at)
    .bind(friendship.map(|friendship| friendship.id))
    .bind(friendship.map(|friendship| friendship.at))
    .execute(tx)
    .await?;
    Ok(())
}

/// Says in the row that these two are friends since then, or no longer. Answers whether there is such a row.
pub(crate) async fn set_friendship(tx: &mut MySqlConnection, pair: Pair, friendship: Option<Moment>) -> Result<bool> {
    let changed =
        sqlx::query("UPDATE follow SET friendship_id = ?, friends_since = ? WHERE follower_id = ? AND followee_id = ?")
            .bind(friendship.map(|friendship| friendship.id))
            .bind(friendship.map(|friendship| friendship.at))
            .bind(pair.follower.raw())
            .bind(pair.followee.raw())
            .execute(tx)
            .await?;
    Ok(changed.rows_affected() > 0)
}

/// Removes the row, if it is there.
pub(crate) async fn delete(tx: &mut MySqlConnection, pair: Pair) -> Result<bool> {
    let deleted = sqlx::query("DELETE FROM follow WHERE follower_id = ? AND followee_id = ?")
        .bind(pair.follower.raw())
        .bind(pair.followee.raw())
        .execute(tx)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use reel_testkit::TestDatabase;
    use sqlx::Executor as _;

    use super::*;

    #[tokio::test]
    async fn a_row_is_found_that_was_committed_after_the_transaction_began() {
        let database = TestDatabase::new(crate::NAME).await;
        reel_store::migrate(database.pool(), &crate::MIGRATOR, crate::NAME).await.unwrap();
        let pair = Pair { follower: UserId::from(1), followee: UserId::from(2) };
        let mut early = database.pool().acquire().await.unwrap();
        for statement in ["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN", "SELECT * FROM follow"] {
            early.execute(statement).await.unwrap();
        }
        let mut late = database.pool().acquire().await.unwrap();
        let made = Moment { id: Snowflake::from(7), at: "2026-01-01T08:00:00Z".parse().unwrap() };
        insert(&mut late, pair, made, None).await.unwrap();
        assert_eq!(find(&mut early, pair).await.unwrap().map(|moment| moment.id), Some(made.id));
        drop((early, late));
        database.close().await;
    }
}
