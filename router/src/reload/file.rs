//! Files that are looked at again and again.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;

use super::{Hash, SupergraphSource, hash};

/// No schema and no manifest that anybody writes comes near it.
const LONGEST_FILE: u64 = 64 * 1024 * 1024;

/// A supergraph in a file.
#[derive(Debug)]
pub struct SupergraphFile {
    file: WatchedFile,
    /// What it held at the last look.
    seen: Option<Hash>,
}

impl SupergraphFile {
    /// The file at `path`, which held `text`.
    pub fn new(path: PathBuf, text: &str) -> Self {
        Self { file: WatchedFile::new(path), seen: Some(hash(text)) }
    }
}

#[async_trait]
impl SupergraphSource for SupergraphFile {
    async fn look(&mut self) -> Result<Option<String>, String> {
        match self.file.changed().await {
            Ok(text) => Ok(text.filter(|text| self.seen.replace(hash(text)) != Some(hash(text)))),
            Err(error) => {
                // Whatever is there next is looked at as if it were new.
                self.seen = None;
                Err(error)
            }
        }
    }
}

/// A file that is read only when it may have changed.
#[derive(Debug)]
pub(super) struct WatchedFile {
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// What tells cheaply that a file has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    /// Seen before the file was read last. The time of a change has a grain, so a file is read once more after it last
    /// looked different.
    settled: bool,
}

impl WatchedFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, stamp: None }
    }

    /// The file's text, unless it certainly is what it was.
    ///
    /// # Errors
    /// When it cannot be read; then it is read again at the next look.
    pub(super) async fn changed(&mut self) -> Result<Option<String>, String> {
        let text = self.read().await;
        text.map_err(|error| {
            self.stamp = None;
            format!("cannot read {}: {error}", self.path.display())
        })
    }

    async fn read(&mut self) -> io::Result<Option<String>> {
        let stamp = stamp(&self.path).await?;
        match self.stamp {
            Some(seen) if seen.is_like(stamp) && seen.settled => return Ok(None),
            seen => self.stamp = Some(Stamp { settled: seen.is_some_and(|seen| seen.is_like(stamp)), ..stamp }),
        }
        if stamp.length > LONGEST_FILE {
            return Err(io::Error::other("it is larger than 64 MiB"));
        }
        tokio::fs::read_to_string(&self.path).await.map(Some)
    }
}

impl Stamp {
    fn is_like(self, other: Self) -> bool {
        (self.modified, self.length) == (other.modified, other.length)
    }
}

async fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = tokio::fs::metadata(path).await?;
    Ok(Stamp { modified: metadata.modified()?, length: metadata.len(), settled: false })
}
