//! Looks again and again for another supergraph, and serves it: the file that holds one ([`SupergraphFile`]), or the
//! subgraphs that it is composed of ([`ListedSubgraphs`]); and for another manifest of trusted documents ([`ManifestWatch`]).

mod composed;
mod file;
mod manifest;
mod schemas;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use composed::ListedSubgraphs;
pub use file::SupergraphFile;
pub use manifest::ManifestWatch;
pub use schemas::SchemaReader;

use crate::graph::LiveGraph;
use crate::{Engine, EngineError};

/// Makes an engine of a supergraph's text.
pub type BuildEngine = Arc<dyn Fn(&str) -> Result<Engine, EngineError> + Send + Sync>;

/// How much of an error `/readyz` shows.
const LONGEST_REASON: usize = 1_000;

/// Where supergraphs come from.
#[async_trait]
pub trait SupergraphSource: Send {
    /// The supergraph, when what it comes from is not what it was at the last look.
    ///
    /// # Errors
    /// Why there is none, for the operator.
    async fn look(&mut self) -> Result<Option<String>, String>;

    /// What could not be read at the last look, so that something older is in its place.
    fn stale(&self) -> Option<String> {
        None
    }
}

/// Looks at a source again and again; when it has another supergraph, an engine is made of that and put in place of the
/// one before. A text of which none can be made changes nothing but what `/readyz` says.
pub struct SupergraphWatch {
    source: Box<dyn SupergraphSource>,
    poll: Duration,
    graph: Arc<LiveGraph>,
    build: BuildEngine,
    served: Hash,
}

/// The running background task.
#[derive(Debug)]
pub struct WatchTask {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

type Hash = [u8; 32];

impl WatchTask {
    /// Runs `watching` until it is told to stop.
    fn spawn(watching: impl Future<Output = ()> + Send + 'static) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            stopped.run_until_cancelled(watching).await;
        });
        Self { stop, task }
    }

    /// Stops watching, and returns when the task has ended.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a watch over files broke");
        }
    }
}

impl SupergraphWatch {
    /// A watch over `source`; `graph` was made of the text `served`.
    pub fn new(
        source: impl SupergraphSource + 'static,
        served: &str,
        graph: Arc<LiveGraph>,
        build: BuildEngine,
        poll: Duration,
    ) -> Self {
        Self { source: Box::new(source), poll, graph, build, served: hash(served) }
    }

    /// Starts watching in the background.
    pub fn spawn(mut self) -> WatchTask {
        WatchTask::spawn(async move {
            loop {
                tokio::time::sleep(self.poll).await;
                self.look().await;
            }
        })
    }

    async fn look(&mut self) {
        match self.source.look().await {
            Ok(Some(text)) => self.take(text).await,
            Ok(None) => {}
            Err(reason) => self.refuse(&reason),
        }
        self.graph.note_stale(self.source.stale().as_deref().map(shown));
    }

    async fn take(&mut self, text: String) {
        let tried = hash(&text);
        if tried == self.served {
            return self.graph.settle();
        }
        let build = Arc::clone(&self.build);
        let engine = match tokio::task::spawn_blocking(move || build(&text)).await {
            Ok(Ok(engine)) => engine,
            Ok(Err(error)) => return self.refuse(&error.to_string()),
            Err(error) => return self.refuse(&format!("reading it failed: {error}")),
        };
        match self.graph.replace(engine).await {
            Ok(()) => self.served = tried,
            Err(error) => self.refuse(&error.to_string()),
        }
    }

    fn refuse(&self, reason: &str) {
        self.graph.refuse(shown(reason));
    }
}

impl std::fmt::Debug for SupergraphWatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SupergraphWatch").field("poll", &self.poll).finish_non_exhaustive()
    }
}

/// One line, not too long, with nothing in it that a terminal obeys: it may quote a schema of somebody else.
fn shown(reason: &str) -> String {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    reason.chars().filter(|character| !character.is_control()).take(LONGEST_REASON).collect()
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}
