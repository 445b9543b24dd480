use reel_auth::Viewer;
use reel_error::{Error, ErrorCode, Result};
use reel_files::{FileKey, FileKind};
use reel_id::UploadId;
use reel_subgraph::{Place, finish_or_undo};
use tokio::time::timeout;

use super::{Checked, Uploads};
use crate::domain::Upload;

impl Uploads {
    /// Stores a checked file. The work goes on to its end, so that a file is never half removed: when nobody waits for its
    /// outcome any more, what was stored is removed. The place is taken until it is stored.
    pub(super) async fn keep(&self, viewer: Viewer, checked: Checked, place: Place) -> Result<UploadId> {
        let (storing, undoing) = (self.clone(), self.clone());
        let work = async move {
            let _held = place;
            storing.store(viewer, checked).await
        };
        finish_or_undo(work, |id| async move { undoing.discard(id).await }).await
    }

    async fn store(&self, viewer: Viewer, checked: Checked) -> Result<UploadId> {
        let parts = &self.0;
        let id: UploadId = parts.ids.next();
        let upload = Upload {
            id,
            owner_id: viewer.user_id,
            video_key: FileKey::new(checked.container.kind(), id.raw()).to_string(),
            cover_key: FileKey::new(FileKind::Cover, id.raw()).to_string(),
        };
        parts.repository.insert_upload(&upload, self.expiry()).await?;
        let deadline = parts.settings.store_deadline();
        let stored = timeout(deadline, self.store_files(id, checked)).await;
        let outcome = stored.unwrap_or_else(|late| Err(Error::unavailable(late)));
        if outcome.is_err() {
            self.discard_files(&upload).await;
        }
        outcome.map(|()| id)
    }

    async fn store_files(&self, id: UploadId, checked: Checked) -> Result<()> {
        let parts = &self.0;
        let video = FileKey::new(checked.container.kind(), id.raw());
        parts.files.put_file(video, checked.file.path()).await?;
        parts.files.put(FileKey::new(FileKind::Cover, id.raw()), checked.cover).await?;
        if parts.repository.make_ready(id, self.expiry()).await? {
            return Ok(());
        }
        Err(Error::Internal {
            code: ErrorCode::ServiceUnavailable,
            source: anyhow::anyhow!("an upload was swept away while it was stored: raise video.upload_ttl_s"),
        })
    }

    fn expiry(&self) -> chrono::DateTime<chrono::Utc> {
        self.0.clock.now() + self.0.settings.upload_ttl_s.duration()
    }
}
