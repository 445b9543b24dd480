use chrono::{DateTime, Utc};
use reel_id::{UploadId, UserId};
use reel_store::Result;
use sqlx::MySqlConnection;

use super::{Repository, SWEEP_ROWS};

/// A file that nothing points at yet, or any more.
#[derive(Debug, Clone)]
pub(crate) struct NewUpload {
    pub(crate) id: UploadId,
    /// Who may claim it; nobody may claim a file that only waits to be removed.
    pub(crate) owner: Option<UserId>,
    pub(crate) file_key: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A file to remove.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredFile {
    #[sqlx(try_from = "i64")]
    pub(crate) id: UploadId,
    pub(crate) file_key: String,
}

pub(crate) async fn insert(connection: &mut MySqlConnection, upload: &NewUpload) -> Result<()> {
    sqlx::query("INSERT INTO upload (id, owner_id, file_key, created_at, expires_at) VALUES (?, ?, ?, ?, ?)")
        .bind(upload.id.raw())
        .bind(upload.owner.map(UserId::raw))
        .bind(&upload.file_key)
        .bind(upload.created_at)
        .bind(upload.expires_at)
        .execute(connection)
        .await?;
    Ok(())
}

/// The file of this person's upload that has not expired; it stays locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut MySqlConnection,
    id: UploadId,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Option<StoredFile>> {
    let file =
        sqlx::query_as("SELECT id, file_key FROM upload WHERE id = ? AND owner_id = ? AND expires_at > ? FOR UPDATE")
            .bind(id.raw())
            .bind(owner.raw())
            .bind(now)
            .fetch_optional(connection)
            .await?;
    Ok(file)
}

/// Takes an upload from its owner; the sweep removes it after `at`, if nobody does before.
pub(crate) async fn disown(connection: &mut MySqlConnection, id: UploadId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE upload SET owner_id = NULL, expires_at = ? WHERE id = ?")
        .bind(at)
        .bind(id.raw())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn delete(connection: &mut MySqlConnection, id: UploadId) -> Result<()> {
    sqlx::query("DELETE FROM upload WHERE id = ?").bind(id.raw()).execute(connection).await?;
    Ok(())
}

impl Repository {
    pub(crate) async fn insert_upload(&self, new: &NewUpload) -> Result<()> {
        insert(&mut *self.pool.acquire().await?, new).await
    }

    pub(crate) async fn delete_upload(&self, id: UploadId) -> Result<()> {
        delete(&mut *self.pool.acquire().await?, id).await
    }

    /// Lets the sweep come back to a file later. Nobody can claim it any more.
    pub(crate) async fn postpone_upload(&self, id: UploadId, until: DateTime<Utc>) -> Result<()> {
        disown(&mut *self.pool.acquire().await?, id, until).await
    }

    /// How many images wait to be claimed by this person.
    pub(crate) async fn count_uploads_of(&self, owner: UserId) -> Result<i64> {
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM upload WHERE owner_id = ?");
        Ok(query.bind(owner.raw()).fetch_one(&self.pool).await?)
    }

    /// Some of the files that expired before `before`, the oldest first.
    pub(crate) async fn list_expired_uploads(&self, before: DateTime<Utc>) -> Result<Vec<StoredFile>> {
        let files = sqlx::query_as("SELECT id, file_key FROM upload WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
            .bind(before)
            .bind(SWEEP_ROWS)
            .fetch_all(&self.pool)
            .await?;
        Ok(files)
    }
}
