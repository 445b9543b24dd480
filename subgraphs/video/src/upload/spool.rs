use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt as _};
use reel_error::{Error, ErrorCode, Result};
use reel_rpc::upload::BrokenOff;
use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::config::VideoSettings;

const PREFIX: &str = "video-";
/// Files of a running upload are younger than this.
const LEFTOVER_AGE: chrono::Duration = chrono::Duration::hours(1);

/// The directory where files lie while they arrive and are checked.
#[derive(Debug)]
pub(super) struct Spool {
    directory: PathBuf,
    max_bytes: u64,
    idle: Duration,
    deadline: Duration,
}

/// A file in the spool, readable by nobody else. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Spooled(TempPath);

impl Spooled {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Spool {
    pub(super) async fn open(settings: &VideoSettings) -> anyhow::Result<Self> {
        let directory = settings.spool_dir.clone();
        let unusable =
            || format!("the directory {} of the setting `video.spool_dir` cannot be used", directory.display());
        tokio::fs::create_dir_all(&directory).await.with_context(unusable)?;
        let directory = tokio::fs::canonicalize(&directory).await.with_context(unusable)?;
        Ok(Self {
            directory,
            max_bytes: settings.max_file_bytes,
            idle: settings.upload_idle_s.duration(),
            deadline: settings.upload_deadline_s.duration(),
        })
    }

    /// Writes the stream to a new file.
    ///
    /// # Errors
    /// When the file is too large, the stream breaks off or stalls, or the disk fails. Nothing is left then.
    pub(super) async fn receive(
        &self,
        content: impl Stream<Item = Result<Bytes, BrokenOff>> + Unpin,
    ) -> Result<Spooled> {
        let (file, spooled) = self.create().await?;
        let writing = self.write(file, content);
        timeout(self.deadline, writing).await.map_err(|_| stalled())??;
        Ok(spooled)
    }

    /// Removes files of uploads whose process was killed.
    pub(super) async fn clear_leftovers(&self, now: DateTime<Utc>) {
        let directory = self.directory.clone();
        let cleared = tokio::task::spawn_blocking(move || clear(&directory, now - LEFTOVER_AGE)).await;
        match cleared.map_err(std::io::Error::other).flatten() {
            Ok(0) => {}
            Ok(count) => tracing::info!(files = count, "removed what broken-off uploads had left in the spool"),
            Err(error) => tracing::warn!(%error, "the spool could not be cleared"),
        }
    }

    async fn create(&self) -> Result<(File, Spooled)> {
        let directory = self.directory.clone();
        let create = move || tempfile::Builder::new().prefix(PREFIX).tempfile_in(directory);
        let (file, path) = tokio::task::spawn_blocking(create).await.map_err(failed)?.map_err(failed)?.into_parts();
        Ok((File::from_std(file), Spooled(path)))
    }

    async fn write(
        &self,
        mut file: File,
        mut content: impl Stream<Item = Result<Bytes, BrokenOff>> + Unpin,
    ) -> Result<()> {
        let mut length = 0_u64;
        while let Some(chunk) = timeout(self.idle, content.next()).await.map_err(|_| stalled())? {
            let chunk = chunk.map_err(|BrokenOff| Error::from(ErrorCode::UnreadableBody))?;
            length += chunk.len() as u64;
            if length > self.max_bytes {
                return Err(ErrorCode::FileTooLarge.into());
            }
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)
    }
}

/// The sender took too long, which is nothing that we have to mend.
fn stalled() -> Error {
    ErrorCode::Timeout.into()
}

fn failed(error: impl Into<anyhow::Error>) -> Error {
    Error::internal(error.into().context("the spool failed"))
}

fn clear(directory: &Path, before: DateTime<Utc>) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if ours && DateTime::<Utc>::from(entry.metadata()?.modified()?) < before {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
