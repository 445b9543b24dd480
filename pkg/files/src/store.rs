use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt};
use tokio_util::io::ReaderStream;

use crate::{FileError, FileKey, FileKind, FileWriter, FilesSettings, S3Settings};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the storage may be silent within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a local file is read at once.
pub(crate) const READ_BUFFER: usize = 64 * 1024;

/// The file storage. Cloning it costs nothing.
#[derive(Debug, Clone)]
pub struct FileStore {
    objects: Arc<dyn ObjectStore>,
    /// The local directory, if it is one.
    directory: Option<Arc<Path>>,
    public_url: Arc<str>,
}

impl FileStore {
    /// Opens the storage that the settings name. A local directory is made if needed; a bucket is not contacted yet.
    ///
    /// # Errors
    /// When the directory cannot be made or the settings are incomplete.
    pub fn open(settings: &FilesSettings) -> Result<Self, FileError> {
        let public_url: Arc<str> = settings.public_url.trim_end_matches('/').into();
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(FileError::Setting("public_url", "must begin with http:// or https://"));
        }
        if let Some(s3) = &settings.s3 {
            return Ok(Self { objects: Arc::new(open_s3(s3)?), directory: None, public_url });
        }
        let directory = make_directory(&settings.dir)
            .map_err(|source| FileError::Directory { path: settings.dir.clone(), source })?;
        // An acknowledged file is on the disk, not only in the machine's memory.
        let objects = LocalFileSystem::new_with_prefix(&directory)?.with_fsync(true);
        Ok(Self { objects: Arc::new(objects), directory: Some(directory.into()), public_url })
    }

    /// The address under which clients find the file.
    pub fn public_url(&self, key: FileKey) -> String {
        format!("{}/{key}", self.public_url)
    }

    /// Stores a small file that is in memory.
    ///
    /// # Errors
    /// When the storage fails; nothing is left then.
    pub async fn put(&self, key: FileKey, content: Bytes) -> Result<(), FileError> {
        self.objects.put(&key.path(), content.into()).await?;
        Ok(())
    }

    /// Begins a file of any size. It appears when [`FileWriter::finish`] is called, whole, or never.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn begin(&self, key: FileKey) -> Result<FileWriter, FileError> {
        Ok(FileWriter::new(self.objects.put_multipart(&key.path()).await?))
    }

    /// Stores what a stream brings and returns the number of bytes. Memory use does not depend on it. When the stream
    /// or the storage fails, or this future is dropped, nothing is left.
    ///
    /// # Errors
    /// What the stream returned, or that the storage failed.
    pub async fn put_stream<E: From<FileError>>(
        &self,
        key: FileKey,
        content: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<u64, E> {
        let mut content = std::pin::pin!(content);
        let mut writer = self.begin(key).await?;
        while let Some(chunk) = content.next().await {
            match chunk {
                Ok(chunk) => writer.write(chunk).await?,
                Err(error) => {
                    writer.abort().await;
                    return Err(error);
                }
            }
        }
        Ok(writer.finish().await?)
    }

    /// Stores a copy of a local file and returns its length.
    ///
    /// # Errors
    /// When the file cannot be read or the storage fails; nothing is left then.
    pub async fn put_file(&self, key: FileKey, file: &Path) -> Result<u64, FileError> {
        let file = tokio::fs::File::open(file).await?;
        let content = ReaderStream::with_capacity(file, READ_BUFFER).map(|chunk| chunk.map_err(FileError::from));
        self.put_stream(key, content).await
    }

    /// Deletes a file; that it is not there is fine.
    ///
    /// # Errors
    /// When the storage fails.
    pub async fn delete(&self, key: FileKey) -> Result<(), FileError> {
        match self.objects.delete(&key.path()).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Removes what uploads left behind when the whole process was killed, if it is older than `age`, and returns how
    /// many files that were. To be called now and then. A bucket does this by itself, by its rule for incomplete
    /// uploads.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn remove_unfinished(&self, age: Duration) -> Result<usize, FileError> {
        let Some(directory) = self.directory.clone() else { return Ok(0) };
        let sweep = tokio::task::spawn_blocking(move || remove_unfinished(&directory, age));
        Ok(sweep.await.map_err(std::io::Error::other)??)
    }

    pub(crate) fn objects(&self) -> &dyn ObjectStore {
        &*self.objects
    }
}

fn make_directory(directory: &Path) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    directory.canonicalize()
}

fn open_s3(settings: &S3Settings) -> Result<AmazonS3, FileError> {
    if settings.bucket.is_empty() {
        return Err(FileError::Setting("s3.bucket", "is missing"));
    }
    if settings.access_key.is_some() != settings.secret_key.is_some() {
        return Err(FileError::Setting("s3.secret_key", "and `files.s3.access_key` go together: set both or none"));
    }
    let options = ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        // The whole of a large answer may take as long as its reader; only silence is bounded.
        .with_timeout_disabled()
        .with_read_timeout(READ_TIMEOUT)
        .with_allow_http(settings.endpoint.as_ref().is_some_and(|url| url.starts_with("http://")));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(settings.bucket.as_str())
        .with_client_options(options)
        // Files are deleted one at a time, which every server that speaks the protocol can do.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    if let (Some(id), Some(secret)) = (&settings.access_key, &settings.secret_key) {
        builder = builder.with_access_key_id(id.expose()).with_secret_access_key(secret.expose());
    }
    Ok(builder.build()?)
}

/// An unfinished file is called `<key>#<number>`, which no finished one can be.
fn remove_unfinished(directory: &Path, age: Duration) -> std::io::Result<usize> {
    let mut removed = 0;
    for kind in [FileKind::Mp4, FileKind::Cover, FileKind::Avatar] {
        let entries = match std::fs::read_dir(directory.join(kind.folder())) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let unfinished = entry.file_name().to_string_lossy().contains('#');
            let old = || entry.metadata()?.modified()?.elapsed().map_err(std::io::Error::other);
            if unfinished && old().is_ok_and(|elapsed| elapsed >= age) {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}
