use std::io;
use std::path::PathBuf;

/// Why the servers could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program is not installed.
    #[error("{program} is not installed: install {package}, or run scripts/bootstrap.sh, which does")]
    NotInstalled {
        /// The program looked for.
        program: &'static str,
        /// The packages that hold it.
        package: &'static str,
    },
    /// Another process uses the directory.
    #[error("the state directory {directory} is in use by another process{owner}: stop it, or use another directory")]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// ` (12345)`, or nothing when it is not known.
        owner: String,
    },
    /// The servers of a previous owner do not end.
    #[error(
        "the servers of an earlier run still use {directory} after {waited_s} s (process ids {pids}): stop them, then try again"
    )]
    StillRunning {
        /// The directory.
        directory: PathBuf,
        /// How long we waited, in seconds.
        waited_s: u64,
        /// What their pid files say.
        pids: String,
    },
    /// A server ended, or did not answer in time, while it was being started.
    #[error("{program} {what}; its log {log} says: {tail}")]
    Failed {
        /// The server.
        program: &'static str,
        /// `ended` or `did not answer`, with details.
        what: String,
        /// Where to read on.
        log: PathBuf,
        /// The last errors in the log, or its last lines.
        tail: String,
    },
    /// The directory cannot be used.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// Says what was tried with which path, for a failed file operation.
pub(crate) trait IoContext<T> {
    fn context(self, action: &'static str, path: &std::path::Path) -> Result<T, StartError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &std::path::Path) -> Result<T, StartError> {
        self.map_err(|source| StartError::Io { action, path: path.to_owned(), source })
    }
}
