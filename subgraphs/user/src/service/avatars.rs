use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use futures::{Stream, StreamExt as _};
use reel_auth::Viewer;
use reel_error::{ClientError, Error, ErrorCode, Result};
use reel_files::{FileKey, FileKind, FileStore};
use reel_id::{Clock, IdGenerator, UploadId, UserId};
use reel_rpc::upload::BrokenOff;
use reel_store::{OpenTransaction, retry_transaction};
use reel_subgraph::{Places, finish_or_undo, signed_in};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::picture;
use crate::UserSettings;
use crate::domain::User;
use crate::repository::upload::{self, NewUpload, StoredFile};
use crate::repository::{Repository, SWEEP_ROWS, account};

/// Images that are decoded at the same time: each may take some hundred MiB for a moment.
const DECODING: usize = 2;
/// A file is removed only this long after it could last be claimed, because the clocks of several processes differ.
const SWEEP_MARGIN: TimeDelta = TimeDelta::seconds(60);
/// When the removal of a file is tried again after it failed.
const RETRY: TimeDelta = TimeDelta::minutes(10);

/// Uploaded images and the avatars that they become.
///
/// A file and its row cannot be written in one step, so the row that says "nobody points at this file" comes first and
/// goes last: whatever breaks off in between leaves a row that the sweep will find, never a file that nobody knows of.
/// When only the sender breaks off, storing goes on to its end and is then undone, so nothing waits for the sweep.
pub(crate) struct Avatars {
    repository: Repository,
    files: FileStore,
    ids: Arc<IdGenerator>,
    clock: Arc<dyn Clock>,
    receiving: Places,
    decoding: Arc<Semaphore>,
    limits: Limits,
}

struct Limits {
    bytes: u64,
    patience: Duration,
    storing: Duration,
    unclaimed: TimeDelta,
    max_unclaimed: u32,
}

impl Avatars {
    pub(crate) fn new(
        repository: Repository,
        files: FileStore,
        ids: Arc<IdGenerator>,
        clock: Arc<dyn Clock>,
        settings: &UserSettings,
    ) -> Self {
        let unclaimed = TimeDelta::from_std(settings.upload_ttl_s.duration()).unwrap_or(TimeDelta::days(365));
        Self {
            repository,
            files,
            ids,
            clock,
            receiving: Places::new(settings.image_uploads as usize, settings.image_uploads_each as usize),
            decoding: Arc::new(Semaphore::new(DECODING)),
            limits: Limits {
                bytes: settings.image_max_bytes,
                patience: settings.image_timeout_s.duration(),
                // It must end well before the row may be swept away.
                storing: settings.image_timeout_s.duration().min(settings.upload_ttl_s.duration() / 2),
                unclaimed,
                max_unclaimed: settings.max_unclaimed_images,
            },
        }
    }

    /// Where clients find this person's avatar; `None` when there is none.
    pub(crate) fn url(&self, user: &User) -> Result<Option<String>> {
        user.avatar_key.as_deref().map(|key| Ok(self.files.public_url(parse(key)?))).transpose()
    }

    /// Receives an image, makes the picture that is stored, and stores it for its owner to claim.
    ///
    /// # Errors
    /// [`ErrorCode::FileTooLarge`], [`ErrorCode::NotAnImage`], [`ErrorCode::UnreadableBody`] when it breaks off,
    /// [`ErrorCode::Timeout`], [`ErrorCode::Overloaded`], or [`ErrorCode::RateLimited`] when the owner uploads too many
    /// at once or leaves too many unclaimed.
    pub(crate) async fn upload(
        self: &Arc<Self>,
        owner: Viewer,
        content: impl Stream<Item = Result<Bytes, BrokenOff>> + Unpin,
    ) -> Result<UploadId> {
        let place = self.receiving.take(owner.user_id)?;
        self.refuse_hoarding(owner.user_id).await?;
        let received = timeout(self.limits.patience, collect(content, self.limits.bytes));
        let image = received.await.map_err(|_| ErrorCode::Timeout)??;
        let picture = self.picture(image).await?;
        let (storing, undoing) = (Arc::clone(self), Arc::clone(self));
        let work = async move {
            let _held = place;
            storing.store(owner.user_id, picture).await
        };
        let stored = finish_or_undo(work, |file| async move {
            undoing.remove(&file).await;
        })
        .await?;
        Ok(stored.id)
    }

    /// Storage is not for keeping: a person claims what they uploaded before they upload more.
    async fn refuse_hoarding(&self, owner: UserId) -> Result<()> {
        let waiting = self.repository.count_uploads_of(owner).await?;
        if waiting >= i64::from(self.limits.max_unclaimed) { Err(ErrorCode::RateLimited.into()) } else { Ok(()) }
    }

    async fn picture(&self, image: Vec<u8>) -> Result<Vec<u8>> {
        let turn = Arc::clone(&self.decoding).acquire_owned().await.map_err(Error::internal)?;
        let decode = move || {
            // Held until the thread is done, also when nobody waits for it any more.
            let _held = turn;
            picture::normalise(&image)
        };
        // A decoder that panics has met an image that it cannot read.
        let decoded = tokio::task::spawn_blocking(decode).await.unwrap_or_default();
        decoded.ok_or_else(|| ErrorCode::NotAnImage.into())
    }

    async fn store(&self, owner: UserId, picture: Vec<u8>) -> Result<StoredFile> {
        let id: UploadId = self.ids.next();
        let key = FileKey::new(FileKind::Avatar, id.raw());
        let created_at = super::now(&*self.clock);
        let expires_at = created_at + self.limits.unclaimed;
        let row = NewUpload { id, owner: Some(owner), file_key: key.to_string(), created_at, expires_at };
        self.repository.insert_upload(&row).await?;
        let file = StoredFile { id, file_key: row.file_key };
        match timeout(self.limits.storing, self.files.put(key, picture.into())).await {
            Ok(Ok(())) => Ok(file),
            Ok(Err(error)) => {
                self.remove(&file).await;
                Err(Error::unavailable(error))
            }
            // It may still come to be; the sweep removes it then.
            Err(late) => Err(Error::unavailable(late)),
        }
    }

    /// Makes an upload the viewer's avatar. Only its owner can, and only once. The picture before it is removed.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] or [`ErrorCode::UploadNotFound`].
    pub(crate) async fn claim(&self, viewer: Option<Viewer>, upload_id: UploadId) -> Result<User> {
        let viewer = signed_in(viewer)?;
        let now = super::now(&*self.clock);
        let claim = async |mut tx: OpenTransaction| {
            let user = account::lock_user(&mut tx, viewer.user_id).await?.ok_or(ErrorCode::Unauthenticated)?;
            let file = upload::lock(&mut tx, upload_id, viewer.user_id, now)
                .await?
                .ok_or_else(|| ClientError::new(ErrorCode::UploadNotFound).field("uploadId"))?;
            account::update_avatar(&mut tx, user.id, &file.file_key, now).await?;
            upload::delete(&mut tx, file.id).await?;
            let replaced = match &user.avatar_key {
                Some(key) => Some(self.doom(&mut tx, key).await?),
                None => None,
            };
            Ok::<_, Error>((User { avatar_key: Some(file.file_key), updated_at: now, ..user }, replaced))
        };
        let (user, replaced) = retry_transaction(self.repository.pool(), claim).await?;
        if let Some(replaced) = replaced {
            self.remove(&replaced).await;
        }
        Ok(user)
    }

    /// Removes an upload that its owner will not claim. Whatever else the id names stays.
    pub(crate) async fn discard(&self, owner: Viewer, upload_id: UploadId) -> Result<()> {
        let now = super::now(&*self.clock);
        let withdraw = async |mut tx: OpenTransaction| {
            let file = upload::lock(&mut tx, upload_id, owner.user_id, now).await?;
            if let Some(file) = &file {
                // From here on nobody can claim it, whatever becomes of the file.
                upload::disown(&mut tx, file.id, now).await?;
            }
            Ok::<_, Error>(file)
        };
        if let Some(file) = retry_transaction(self.repository.pool(), withdraw).await? {
            self.remove(&file).await;
        }
        Ok(())
    }

    /// Notes that a file waits to be removed.
    async fn doom(&self, connection: &mut sqlx::MySqlConnection, key: &str) -> Result<StoredFile> {
        let now = super::now(&*self.clock);
        let id: UploadId = self.ids.next();
        let row = NewUpload { id, owner: None, file_key: key.to_owned(), created_at: now, expires_at: now };
        upload::insert(connection, &row).await?;
        Ok(StoredFile { id, file_key: row.file_key })
    }

    /// Removes a file that nothing points at, then its row, and says whether that succeeded. What fails now is done by a
    /// later sweep.
    async fn remove(&self, file: &StoredFile) -> bool {
        let removed = async {
            self.files.delete(parse(&file.file_key)?).await.map_err(Error::unavailable)?;
            Ok::<_, Error>(self.repository.delete_upload(file.id).await?)
        };
        let removed = removed.await;
        if let Err(error) = &removed {
            tracing::warn!(upload.id = file.id.raw(), %error, "a file could not be removed; it will be tried again");
        }
        removed.is_ok()
    }

    /// Removes images that nobody claimed and avatars that were replaced.
    pub(crate) async fn sweep(&self) -> Result<()> {
        while self.sweep_some().await? {}
        let age = self.limits.unclaimed.to_std().unwrap_or_default();
        if let Err(error) = self.files.remove_unfinished(age).await {
            // Others may be sweeping the same directory.
            tracing::debug!(%error, "unfinished files could not be removed; it will be tried again");
        }
        Ok(())
    }

    /// Removes some hundred of them. Answers whether there may be more.
    async fn sweep_some(&self) -> Result<bool> {
        let now = super::now(&*self.clock);
        let expired = self.repository.list_expired_uploads(now - SWEEP_MARGIN).await?;
        for file in &expired {
            if !self.remove(file).await {
                // What cannot be removed must not stand in the way of the others.
                self.repository.postpone_upload(file.id, now + RETRY).await?;
            }
        }
        Ok(expired.len() >= SWEEP_ROWS as usize)
    }
}

fn parse(key: &str) -> Result<FileKey> {
    key.parse().map_err(|error| Error::internal(anyhow::Error::new(error).context("a stored file key")))
}

async fn collect(mut content: impl Stream<Item = Result<Bytes, BrokenOff>> + Unpin, max_bytes: u64) -> Result<Vec<u8>> {
    let mut image = Vec::new();
    while let Some(chunk) = content.next().await {
        let chunk = chunk.map_err(|_| ErrorCode::UnreadableBody)?;
        if (image.len() + chunk.len()) as u64 > max_bytes {
            return Err(ErrorCode::FileTooLarge.into());
        }
        image.extend_from_slice(&chunk);
    }
    Ok(image)
}
