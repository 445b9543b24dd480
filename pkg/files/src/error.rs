use std::path::PathBuf;

/// A failed call to the file storage. It turns into [`reel_error::Error`] with `?`: generic to clients, logged by us.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The settings name no usable storage.
    #[error("the setting `files.{0}` {1}")]
    Setting(&'static str, &'static str),
    /// The local directory cannot be used.
    #[error("cannot use the directory {path} of the setting `files.dir`: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A local file cannot be read or written.
    #[error("file storage: {0}")]
    Io(#[from] std::io::Error),
    /// The storage failed or did not answer.
    #[error("file storage: {0}")]
    Storage(#[from] object_store::Error),
}

impl From<FileError> for reel_error::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Storage(_) => Self::unavailable(error),
            other => Self::internal(other),
        }
    }
}
