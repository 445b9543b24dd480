use reel_auth::Viewer;
use reel_error::Result;
use reel_files::FileKey;
use reel_id::UploadId;

use super::Uploads;
use crate::domain::Upload;

/// How many uploads are removed in one step.
const BATCH: u32 = 100;
/// When the removal of an upload is tried again after it failed.
const RETRY: chrono::Duration = chrono::Duration::minutes(10);

impl Uploads {
    /// Removes what nobody claimed in time, and what killed processes left. Failures are logged and tried again later.
    pub(crate) async fn sweep(&self) {
        while let Some(count) = self.sweep_some().await {
            if count < BATCH as usize {
                break;
            }
        }
        let age = self.0.settings.upload_ttl_s.duration();
        if let Err(error) = self.0.files.remove_unfinished(age).await {
            tracing::warn!(%error, "unfinished files could not be looked for");
        }
    }

    /// How many uploads were there to be removed, if that could be found out.
    async fn sweep_some(&self) -> Option<usize> {
        let now = self.0.clock.now();
        let expired = self.0.repository.list_expired_uploads(now, BATCH).await;
        let expired =
            expired.inspect_err(|error| tracing::warn!(%error, "unclaimed uploads could not be looked for")).ok()?;
        for upload in &expired {
            if let Err(error) = self.remove(upload).await {
                tracing::warn!(upload.id = %upload.id, %error, "an unclaimed upload could not be removed yet");
                // What cannot be removed must not stand in the way of the others.
                self.0.repository.postpone_upload(upload.id, now + RETRY).await.ok()?;
            }
        }
        Some(expired.len())
    }

    /// Removes an upload that was stored and that nobody has learnt of.
    pub(super) async fn discard(&self, id: UploadId) {
        match self.0.repository.find_upload(id).await {
            Ok(Some(upload)) => self.discard_files(&upload).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(upload.id = %id, %error, "an upload is left to the sweeper"),
        }
    }

    /// Removes an upload that its owner will not publish. Whatever else the id names stays.
    pub(crate) async fn discard_of(&self, owner: Viewer, id: UploadId) -> Result<()> {
        let upload = self.0.repository.find_upload(id).await?;
        if let Some(upload) = upload.filter(|upload| upload.owner_id == owner.user_id) {
            self.discard_files(&upload).await;
        }
        Ok(())
    }

    pub(super) async fn discard_files(&self, upload: &Upload) {
        if let Err(error) = self.remove(upload).await {
            tracing::warn!(upload.id = %upload.id, %error, "an upload is left to the sweeper");
        }
    }

    /// First nobody can claim it any more, then its files go, then its row: whatever breaks off in between is done
    /// again.
    async fn remove(&self, upload: &Upload) -> Result<()> {
        if !self.0.repository.withdraw_upload(upload.id).await? {
            return Ok(());
        }
        for key in [&upload.video_key, &upload.cover_key] {
            let key: FileKey = key.parse().map_err(anyhow::Error::from)?;
            self.0.files.delete(key).await?;
        }
        Ok(self.0.repository.forget_upload(upload.id).await?)
    }
}
