use chrono::{DateTime, Utc};
use reel_id::{UploadId, UserId};
use reel_store::Result;
use sqlx::MySqlConnection;

use super::Repository;
use crate::domain::Upload;

impl Repository {
    /// Notes an upload whose files are about to be stored. Nobody can claim it yet.
    pub(crate) async fn insert_upload(&self, upload: &Upload, expires_at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO upload (id, owner_id, video_key, cover_key, ready, expires_at) VALUES (?, ?, ?, ?, 0, ?)",
        )
        .bind(upload.id.raw())
        .bind(upload.owner_id.raw())
        .bind(&upload.video_key)
        .bind(&upload.cover_key)
        .bind(expires_at)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Lets the owner claim the upload; false when its row has been swept away.
    pub(crate) async fn make_ready(&self, id: UploadId, expires_at: DateTime<Utc>) -> Result<bool> {
        let query = sqlx::query("UPDATE upload SET ready = 1, expires_at = ? WHERE id = ? AND ready = 0");
        Ok(query.bind(expires_at).bind(id.raw()).execute(&self.pool).await?.rows_affected() == 1)
    }

    pub(crate) async fn find_upload(&self, id: UploadId) -> Result<Option<Upload>> {
        let query = sqlx::query_as("SELECT id, owner_id, video_key, cover_key FROM upload WHERE id = ?");
        Ok(query.bind(id.raw()).fetch_optional(&self.pool).await?)
    }

    pub(crate) async fn count_uploads_of(&self, owner: UserId) -> Result<i64> {
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM upload WHERE owner_id = ?");
        Ok(query.bind(owner.raw()).fetch_one(&self.pool).await?)
    }

    /// The upload, if this person may claim it now, locked until the transaction ends.
    pub(crate) async fn lock_claimable(
        connection: &mut MySqlConnection,
        id: UploadId,
        owner: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<Upload>> {
        let query = sqlx::query_as(
            "SELECT id, owner_id, video_key, cover_key FROM upload \
             WHERE id = ? AND owner_id = ? AND ready = 1 AND expires_at > ? FOR UPDATE",
        );
        Ok(query.bind(id.raw()).bind(owner.raw()).bind(now).fetch_optional(connection).await?)
    }

    pub(crate) async fn delete_upload(connection: &mut MySqlConnection, id: UploadId) -> Result<()> {
        sqlx::query("DELETE FROM upload WHERE id = ?").bind(id.raw()).execute(connection).await?;
        Ok(())
    }

    /// Some uploads that nobody claimed in time.
    pub(crate) async fn list_expired_uploads(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<Upload>> {
        let query = sqlx::query_as(
            "SELECT id, owner_id, video_key, cover_key FROM upload WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
        );
        Ok(query.bind(now).bind(limit).fetch_all(&self.pool).await?)
    }

    /// Takes an upload from its owner for good, so that its files can be removed; false when it was claimed before.
    pub(crate) async fn withdraw_upload(&self, id: UploadId) -> Result<bool> {
        let query = sqlx::query("UPDATE upload SET ready = 2 WHERE id = ?");
        Ok(query.bind(id.raw()).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Lets the sweeper come back to an upload later.
    pub(crate) async fn postpone_upload(&self, id: UploadId, expires_at: DateTime<Utc>) -> Result<()> {
        let query = sqlx::query("UPDATE upload SET expires_at = ? WHERE id = ?");
        query.bind(expires_at).bind(id.raw()).execute(&self.pool).await?;
        Ok(())
    }

    /// Forgets a withdrawn upload after its files.
    pub(crate) async fn forget_upload(&self, id: UploadId) -> Result<()> {
        sqlx::query("DELETE FROM upload WHERE id = ? AND ready = 2").bind(id.raw()).execute(&self.pool).await?;
        Ok(())
    }
}
