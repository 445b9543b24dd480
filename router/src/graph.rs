//! The graph that is served, which can be replaced while requests run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::Engine;
use crate::config::RouterSettings;
use crate::http::{ReadinessCheck, StartError};
use crate::rest::Documents;

/// How long planning the hot operations of a new graph may take before it is served all the same.
const WARM_UP_TIME: Duration = Duration::from_secs(30);

/// The graph that is served now. A request that has begun finishes on the graph that it began on.
#[derive(Debug)]
pub struct LiveGraph {
    current: ArcSwap<ServedGraph>,
    with_rest: bool,
    warm_up: usize,
    state: watch::Sender<GraphState>,
}

/// An engine and the documents of the REST endpoints, planned for it.
#[derive(Debug)]
pub(crate) struct ServedGraph {
    pub(crate) engine: Engine,
    pub(crate) documents: Option<Documents>,
}

/// What became of the attempts to replace the graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphState {
    /// How many times it was replaced.
    pub generation: u64,
    /// Why the newest attempt was refused; `None` after one that was not.
    pub refused: Option<String>,
    /// What could not be read, so that something older is in its place.
    pub stale: Option<String>,
}

impl LiveGraph {
    /// Serves this engine at first.
    ///
    /// # Errors
    /// When REST endpoints are served and a document of theirs does not fit the graph.
    pub async fn start(engine: Engine, settings: &RouterSettings) -> Result<Self, StartError> {
        let with_rest = settings.rest.enabled;
        let served = ServedGraph::prepare(engine, with_rest).await?;
        Ok(Self {
            current: ArcSwap::from_pointee(served),
            with_rest,
            warm_up: settings.supergraph.warm_up,
            state: watch::Sender::default(),
        })
    }

    /// Serves this engine from now on. Before that, the operations that were asked most often are planned over it. They
    /// may no longer fit; whoever asks them will be told.
    ///
    /// # Errors
    /// As [`start`](Self::start); then the old engine stays.
    pub async fn replace(&self, engine: Engine) -> Result<(), StartError> {
        let served = ServedGraph::prepare(engine, self.with_rest).await?;
        let planned =
            served.engine.warm_up(&self.current.load().engine, self.warm_up, Instant::now() + WARM_UP_TIME).await;
        self.current.store(Arc::new(served));
        self.state.send_modify(|state| {
            state.generation += 1;
            state.refused = None;
        });
        tracing::info!(operations = planned, "another supergraph is served");
        Ok(())
    }

    /// Remembers that a replacement cannot be served. The reason is for the operator, who is told once.
    pub fn refuse(&self, reason: String) {
        if self.state.borrow().refused.as_ref() != Some(&reason) {
            tracing::error!(reason, "the supergraph is refused; the one before it is still served");
            self.state.send_modify(|state| state.refused = Some(reason));
        }
    }

    /// Remembers what could not be read, or that everything can. The operator is told once.
    pub(crate) fn note_stale(&self, stale: Option<String>) {
        if self.state.borrow().stale == stale {
            return;
        }
        match &stale {
            Some(reason) => tracing::warn!(reason, "a schema cannot be read"),
            None => tracing::info!("every schema can be read again"),
        }
        self.state.send_modify(|state| state.stale = stale);
    }

    /// The newest attempt is what is served already.
    pub(crate) fn settle(&self) {
        self.state.send_if_modified(|state| state.refused.take().is_some());
    }

    /// What became of the attempts to replace it, now and later.
    pub fn state(&self) -> watch::Receiver<GraphState> {
        self.state.subscribe()
    }

    /// What a request runs on.
    pub(crate) fn current(&self) -> Arc<ServedGraph> {
        self.current.load_full()
    }

    /// Reports a refused replacement, or else what could not be read. The router serves all the same, so it stays ready.
    pub(crate) fn readiness(&self) -> ReadinessCheck {
        let state = self.state.subscribe();
        let probe = move || -> BoxFuture<'static, Result<(), String>> {
            let GraphState { refused, stale, .. } = state.borrow().clone();
            Box::pin(std::future::ready(refused.or(stale).map_or(Ok(()), Err)))
        };
        ReadinessCheck::new("supergraph", Arc::new(probe)).advisory()
    }
}

impl ServedGraph {
    async fn prepare(engine: Engine, with_rest: bool) -> Result<Self, StartError> {
        let documents = if with_rest { Some(Documents::prepare(&engine).await?) } else { None };
        Ok(Self { engine, documents })
    }
}
