use bytes::Bytes;
use object_store::{MultipartUpload, WriteMultipart};
use tokio::runtime::Handle;

use crate::FileError;

/// The smallest part that S3 takes.
const PART_SIZE: usize = 5 * 1024 * 1024;

/// Parts that are on their way at once. With the one being filled, this bounds an upload's memory to 15 MiB.
const PARTS_IN_FLIGHT: usize = 2;

/// A file that is being written. It appears, whole, with [`finish`](Self::finish); when the writer is dropped before,
/// nothing is left.
#[derive(Debug)]
pub struct FileWriter {
    upload: Option<WriteMultipart>,
    size: u64,
}

impl FileWriter {
    pub(crate) fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self { upload: Some(WriteMultipart::new_with_chunk_size(upload, PART_SIZE)), size: 0 }
    }

    /// Adds a piece, waiting for the storage when it is slower than the writer.
    ///
    /// # Errors
    /// When the storage fails. The writer is then of no more use.
    pub async fn write(&mut self, content: Bytes) -> Result<(), FileError> {
        let Some(upload) = &mut self.upload else { return Ok(()) };
        upload.wait_for_capacity(PARTS_IN_FLIGHT).await?;
        self.size += content.len() as u64;
        upload.put(content);
        Ok(())
    }

    /// Makes the file appear and returns its length.
    ///
    /// # Errors
    /// When the storage fails; nothing is left then.
    pub async fn finish(mut self) -> Result<u64, FileError> {
        if let Some(upload) = self.upload.take() {
            upload.finish().await?;
        }
        Ok(self.size)
    }

    /// Gives the file up and waits until nothing of it is left.
    pub async fn abort(mut self) {
        if let Some(upload) = self.upload.take() {
            abort(upload).await;
        }
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if let (Some(upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) {
            runtime.spawn(abort(upload));
        }
    }
}

async fn abort(upload: WriteMultipart) {
    if let Err(error) = upload.abort().await {
        tracing::warn!(%error, "an unfinished upload could not be removed");
    }
}
