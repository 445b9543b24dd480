use chrono::{DateTime, Utc};
use reel_id::{SessionId, UserId};
use reel_store::Result;
use sqlx::MySqlConnection;

use super::{Repository, SWEEP_ROWS};
use crate::domain::EndedSession;

impl Repository {
    /// The logins that ended at or after `since`, the earliest first, `limit` at most.
    pub(crate) async fn list_ended(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<EndedSession>> {
        let ended =
            sqlx::query_as("SELECT id, ended_at FROM session WHERE ended_at >= ? ORDER BY ended_at, id LIMIT ?")
                .bind(since)
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        Ok(ended)
    }

    /// Removes logins that have been over since before `before`. Answers whether there may be more.
    pub(crate) async fn delete_old_sessions(&self, before: DateTime<Utc>) -> Result<bool> {
        let ended = sqlx::query("DELETE FROM session WHERE ended_at < ? LIMIT ?")
            .bind(before)
            .bind(SWEEP_ROWS)
            .execute(&self.pool)
            .await?;
        let expired = sqlx::query("DELETE FROM session WHERE expires_at < ? LIMIT ?")
            .bind(before)
            .bind(SWEEP_ROWS)
            .execute(&self.pool)
            .await?;
        Ok(ended.rows_affected().max(expired.rows_affected()) >= u64::from(SWEEP_ROWS))
    }
}

pub(crate) async fn insert(
    connection: &mut MySqlConnection,
    id: SessionId,
    user: UserId,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("INSERT INTO session (id, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)")
        .bind(id.raw())
        .bind(user.raw())
        .bind(created_at)
        .bind(expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a login inside a transaction.
pub(crate) async fn end(connection: &mut MySqlConnection, id: SessionId, ended_at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE session SET ended_at = ? WHERE id = ? AND ended_at IS NULL")
        .bind(ended_at)
        .bind(id.raw())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends one login, if it is this person's. Repeating it changes nothing.
pub(crate) async fn end_of_user(
    connection: &mut MySqlConnection,
    user: UserId,
    id: SessionId,
    ended_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE session SET ended_at = ? WHERE id = ? AND user_id = ? AND ended_at IS NULL")
        .bind(ended_at)
        .bind(id.raw())
        .bind(user.raw())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends every login of this person.
pub(crate) async fn end_all(connection: &mut MySqlConnection, user: UserId, ended_at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE session SET ended_at = ? WHERE user_id = ? AND ended_at IS NULL")
        .bind(ended_at)
        .bind(user.raw())
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends the oldest logins of this person, so that at most `keep` are left.
pub(crate) async fn end_oldest(
    connection: &mut MySqlConnection,
    user: UserId,
    keep: u32,
    ended_at: DateTime<Utc>,
) -> Result<()> {
    let live: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM session WHERE user_id = ? AND ended_at IS NULL")
        .bind(user.raw())
        .fetch_one(&mut *connection)
        .await?;
    let surplus = live - i64::from(keep);
    if surplus <= 0 {
        return Ok(());
    }
    sqlx::query("UPDATE session SET ended_at = ? WHERE user_id = ? AND ended_at IS NULL ORDER BY id LIMIT ?")
        .bind(ended_at)
        .bind(user.raw())
        .bind(surplus)
        .execute(connection)
        .await?;
    Ok(())
}
