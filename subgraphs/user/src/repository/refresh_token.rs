use chrono::{DateTime, Utc};
use reel_id::{SessionId, UserId};
use reel_store::Result;
use sqlx::MySqlConnection;

use super::{Repository, SWEEP_ROWS};
use crate::domain::{SEALED_BYTES, TokenHash};

/// A refresh token together with its login.
#[derive(sqlx::FromRow)]
pub(crate) struct StoredToken {
    #[sqlx(try_from = "i64")]
    pub(crate) session_id: SessionId,
    #[sqlx(try_from = "i64")]
    pub(crate) user_id: UserId,
    /// When the token's idle time is over.
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) spent_at: Option<DateTime<Utc>>,
    /// Which token it was spent for; kept for the grace period only.
    pub(crate) sealed_successor: Option<Vec<u8>>,
    /// When the grace period is over.
    pub(crate) successor_until: Option<DateTime<Utc>>,
    /// When the whole login is over.
    pub(crate) session_expires_at: DateTime<Utc>,
    pub(crate) session_ended_at: Option<DateTime<Utc>>,
}

const FIND: &str = "SELECT t.session_id, s.user_id, t.expires_at, t.spent_at, t.sealed_successor, t.successor_until, \
        s.expires_at AS session_expires_at, s.ended_at AS session_ended_at \
    FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE t.hash = ?";

/// The token with this hash; it and its login stay locked until the transaction ends.
pub(crate) async fn lock(connection: &mut MySqlConnection, hash: &TokenHash) -> Result<Option<StoredToken>> {
    // Only texts of ours are put together.
    let query = sqlx::query_as(sqlx::AssertSqlSafe(format!("{FIND} FOR UPDATE")));
    Ok(query.bind(hash.as_slice()).fetch_optional(connection).await?)
}

pub(crate) async fn insert(
    connection: &mut MySqlConnection,
    hash: &TokenHash,
    session: SessionId,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("INSERT INTO refresh_token (hash, session_id, created_at, expires_at) VALUES (?, ?, ?, ?)")
        .bind(hash.as_slice())
        .bind(session.raw())
        .bind(created_at)
        .bind(expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn spend(
    connection: &mut MySqlConnection,
    hash: &TokenHash,
    spent_at: DateTime<Utc>,
    sealed_successor: &[u8; SEALED_BYTES],
    successor_until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE refresh_token SET spent_at = ?, sealed_successor = ?, successor_until = ? WHERE hash = ?")
        .bind(spent_at)
        .bind(sealed_successor.as_slice())
        .bind(successor_until)
        .bind(hash.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

impl Repository {
    /// The token with this hash, as it is now.
    pub(crate) async fn find_token(&self, hash: &TokenHash) -> Result<Option<StoredToken>> {
        Ok(sqlx::query_as(FIND).bind(hash.as_slice()).fetch_optional(&self.pool).await?)
    }

    /// Forgets successors whose grace period ended before `before`. Answers whether there may be more.
    pub(crate) async fn clear_successors(&self, before: DateTime<Utc>) -> Result<bool> {
        let cleared = sqlx::query(
            "UPDATE refresh_token SET sealed_successor = NULL, successor_until = NULL WHERE successor_until < ? LIMIT ?",
        )
        .bind(before)
        .bind(SWEEP_ROWS)
        .execute(&self.pool)
        .await?;
        Ok(cleared.rows_affected() >= u64::from(SWEEP_ROWS))
    }

    /// Removes tokens that expired before `before`. Answers whether there may be more.
    pub(crate) async fn delete_expired_tokens(&self, before: DateTime<Utc>) -> Result<bool> {
        let deleted = sqlx::query("DELETE FROM refresh_token WHERE expires_at < ? LIMIT ?")
            .bind(before)
            .bind(SWEEP_ROWS)
            .execute(&self.pool)
            .await?;
        Ok(deleted.rows_affected() >= u64::from(SWEEP_ROWS))
    }
}
