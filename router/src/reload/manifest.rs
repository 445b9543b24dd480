//! The manifest of the trusted documents, looked at as the file of a supergraph is.

use std::sync::Arc;
use std::time::Duration;

use super::file::WatchedFile;
use super::{WatchTask, shown};
use crate::config::RouterSettings;
use crate::graph::LiveGraph;

/// Looks at the manifest again and again; when it lists other documents, those are trusted in place of the ones before.
/// One that cannot be used changes nothing but what `/readyz` says.
#[derive(Debug)]
pub struct ManifestWatch {
    file: WatchedFile,
    graph: Arc<LiveGraph>,
    poll: Duration,
}

impl ManifestWatch {
    /// A watch over the manifest of the settings, that `graph` was started with; `None` when there is none.
    pub fn new(graph: &Arc<LiveGraph>, settings: &RouterSettings) -> Option<Self> {
        let path = settings.documents.manifest.clone()?;
        let poll = settings.supergraph.poll_ms.duration();
        Some(Self { file: WatchedFile::new(path), graph: Arc::clone(graph), poll })
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
        let outcome = match self.file.changed().await {
            Ok(Some(text)) => self.graph.trust(text).await,
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let Err(reason) = outcome {
            self.graph.refuse_manifest(shown(&reason));
        }
    }
}
