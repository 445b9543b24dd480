//! Watches the file of a supergraph and serves what is written to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::graph::LiveGraph;
use crate::{Engine, EngineError};

/// Makes an engine of a supergraph's text.
pub type BuildEngine = Arc<dyn Fn(&str) -> Result<Engine, EngineError> + Send + Sync>;

/// How much of an error `/readyz` shows.
const LONGEST_REASON: usize = 1_000;

/// Looks at a file again and again; when its text has changed, an engine is made of it and put in place of the one
/// before. A text of which none can be made changes nothing but what `/readyz` says.
pub struct SupergraphWatch {
    path: PathBuf,
    poll: Duration,
    graph: Arc<LiveGraph>,
    build: BuildEngine,
    /// What is served.
    served: Hash,
    /// What was tried last.
    tried: Hash,
    stamp: Option<Stamp>,
}

/// The running background task.
#[derive(Debug)]
pub struct SupergraphTask {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

type Hash = [u8; 32];

/// What tells cheaply that a file has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    /// Seen before the file was read last. The time of a change has a grain, so a file is read once more after it last
    /// looked different.
    settled: bool,
}

impl SupergraphTask {
    /// Stops watching, and returns when the task has ended.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the watch over the supergraph's file broke");
        }
    }
}

impl SupergraphWatch {
    /// A watch over `path`, whose text when `graph` was made was `served`.
    pub fn new(path: PathBuf, served: &str, graph: Arc<LiveGraph>, build: BuildEngine, poll: Duration) -> Self {
        let served = hash(served);
        Self { path, poll, graph, build, served, tried: served, stamp: None }
    }

    /// Starts watching in the background.
    pub fn spawn(mut self) -> SupergraphTask {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let watching = async {
                loop {
                    tokio::time::sleep(self.poll).await;
                    self.look().await;
                }
            };
            stopped.run_until_cancelled(watching).await;
        });
        SupergraphTask { stop, task }
    }

    async fn look(&mut self) {
        match self.changed_text().await {
            Ok(Some(text)) => self.take(text).await,
            Ok(None) => {}
            Err(error) => self.refuse_once(&format!("cannot read {}: {error}", self.path.display())),
        }
    }

    /// The file's text, unless it has been tried already.
    async fn changed_text(&mut self) -> std::io::Result<Option<String>> {
        let stamp = stamp(&self.path).await?;
        match self.stamp {
            Some(seen) if seen.is_like(stamp) && seen.settled => return Ok(None),
            seen => self.stamp = Some(Stamp { settled: seen.is_some_and(|seen| seen.is_like(stamp)), ..stamp }),
        }
        let text = tokio::fs::read_to_string(&self.path).await?;
        Ok((hash(&text) != self.tried).then_some(text))
    }

    async fn take(&mut self, text: String) {
        self.tried = hash(&text);
        if self.tried == self.served {
            return self.graph.settle();
        }
        let build = Arc::clone(&self.build);
        let engine = match tokio::task::spawn_blocking(move || build(&text)).await {
            Ok(Ok(engine)) => engine,
            Ok(Err(error)) => return self.refuse(&error.to_string()),
            Err(error) => return self.refuse(&format!("reading it failed: {error}")),
        };
        match self.graph.replace(engine).await {
            Ok(()) => self.served = self.tried,
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    fn refuse(&self, reason: &str) {
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        self.graph.refuse(reason.chars().take(LONGEST_REASON).collect());
    }

    /// A file that is not there is no news at every look.
    fn refuse_once(&mut self, reason: &str) {
        self.stamp = None;
        self.tried = Hash::default();
        if self.graph.state().borrow().refused.as_deref() != Some(reason) {
            self.refuse(reason);
        }
    }
}

impl std::fmt::Debug for SupergraphWatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SupergraphWatch({})", self.path.display())
    }
}

impl Stamp {
    fn is_like(self, other: Self) -> bool {
        (self.modified, self.length) == (other.modified, other.length)
    }
}

async fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let metadata = tokio::fs::metadata(path).await?;
    Ok(Stamp { modified: metadata.modified()?, length: metadata.len(), settled: false })
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}
