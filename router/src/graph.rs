//! The graph that is served, which can be replaced while requests run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::Engine;
use crate::config::RouterSettings;
use crate::documents::TrustedDocuments;
use crate::http::{ReadinessCheck, StartError};
use crate::meters::{self, ReloadMeter};
use crate::rest::Documents;

/// The graph that is served now. A request that has begun finishes on the graph that it began on.
#[derive(Debug)]
pub struct LiveGraph {
    current: ArcSwap<ServedGraph>,
    trusted: Arc<TrustedDocuments>,
    with_rest: bool,
    warm_up: usize,
    warm_up_time: Duration,
    state: watch::Sender<GraphState>,
    reloads: ReloadMeter,
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
    /// How many times the trusted documents were replaced.
    pub manifests: u64,
    /// Why the newest manifest was refused; `None` after one that was not.
    pub manifest_refused: Option<String>,
}

impl LiveGraph {
    /// Serves this engine at first. The trusted documents are planned before that, as far as there is time.
    ///
    /// # Errors
    /// When REST endpoints are served and a document of theirs does not fit the graph, or when the manifest of the trusted
    /// documents cannot be used.
    pub async fn start(engine: Engine, settings: &RouterSettings) -> Result<Self, StartError> {
        let (with_rest, warm_up_time) = (settings.rest.enabled, settings.supergraph.warm_up_ms.duration());
        meters::describe();
        let trusted = Arc::new(TrustedDocuments::open(&settings.documents)?);
        let served = ServedGraph::prepare(engine, with_rest).await?;
        let plans = trusted.plans();
        if !plans.is_empty() {
            let wanted = plans.len();
            let planned = served.engine.plan_ahead(plans, Instant::now() + warm_up_time).await;
            tracing::info!(planned, wanted, "operations of trusted documents are planned");
        }
        Ok(Self {
            current: ArcSwap::from_pointee(served),
            trusted,
            with_rest,
            warm_up: settings.supergraph.warm_up,
            warm_up_time,
            state: watch::Sender::default(),
            reloads: ReloadMeter::new(),
        })
    }

    /// Serves this engine from now on. Before that, the operations that were asked most often and those of the trusted
    /// documents are planned over it. They may no longer fit; whoever asks them will be told.
    ///
    /// # Errors
    /// As [`start`](Self::start); then the old engine stays.
    pub async fn replace(&self, engine: Engine) -> Result<(), StartError> {
        let served = ServedGraph::prepare(engine, self.with_rest).await?;
        let mut plans = self.current.load().engine.hottest(self.warm_up);
        plans.extend(self.trusted.plans());
        let planned = served.engine.plan_ahead(plans, Instant::now() + self.warm_up_time).await;
        self.current.store(Arc::new(served));
        self.reloads.served.increment(1);
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
            self.reloads.refused.increment(1);
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

    /// Trusts the documents of this manifest from now on, and no others. Before that, those that are new are planned.
    ///
    /// # Errors
    /// Why it cannot be used; then the documents before stay.
    pub(crate) async fn trust(&self, manifest: String) -> Result<(), String> {
        let trusted = self.trusted();
        // Every document is read, which takes its time.
        let read = tokio::task::spawn_blocking(move || trusted.read(&manifest)).await;
        let Some(manifest) = read.map_err(|error| format!("reading it failed: {error}"))?? else {
            self.state.send_if_modified(|state| state.manifest_refused.take().is_some());
            return Ok(());
        };
        let plans = manifest.plans_of(|hash| self.trusted.get(hash).is_none());
        let planned = self.current().engine.plan_ahead(plans, Instant::now() + self.warm_up_time).await;
        let documents = manifest.len();
        self.trusted.replace(manifest);
        tracing::info!(documents, operations = planned, "other documents are trusted");
        self.state.send_modify(|state| {
            state.manifests += 1;
            state.manifest_refused = None;
        });
        Ok(())
    }

    /// Remembers that a manifest cannot be used. The reason is for the operator, who is told once.
    pub(crate) fn refuse_manifest(&self, reason: String) {
        if self.state.borrow().manifest_refused.as_ref() != Some(&reason) {
            tracing::error!(reason, "the manifest is refused; the documents before it are still trusted");
            self.state.send_modify(|state| state.manifest_refused = Some(reason));
        }
    }

    /// The documents of the manifest.
    pub(crate) fn trusted(&self) -> Arc<TrustedDocuments> {
        Arc::clone(&self.trusted)
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

    /// Reports a refused manifest. The router serves all the same, so it stays ready.
    pub(crate) fn manifest_readiness(&self) -> ReadinessCheck {
        let state = self.state.subscribe();
        let probe = move || -> BoxFuture<'static, Result<(), String>> {
            Box::pin(std::future::ready(state.borrow().manifest_refused.clone().map_or(Ok(()), Err)))
        };
        ReadinessCheck::new("documents", Arc::new(probe)).advisory()
    }
}

impl ServedGraph {
    async fn prepare(engine: Engine, with_rest: bool) -> Result<Self, StartError> {
        let documents = if with_rest { Some(Documents::prepare(&engine).await?) } else { None };
        Ok(Self { engine, documents })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use async_trait::async_trait;
    use reel_composition::{Subgraph, compose};
    use reel_config::Millis;

    use super::*;
    use crate::documents::DocumentHash;
    use crate::transport::{Fetch, Fetched, SubgraphTransport, TransportError};

    struct Nowhere;

    #[async_trait]
    impl SubgraphTransport for Nowhere {
        async fn fetch(&self, _: Fetch) -> Result<Fetched, TransportError> {
            Err(TransportError::Unavailable("nothing is asked here".to_owned()))
        }
    }

    fn engine() -> Engine {
        let sdl = "type Query { a: Int b: Int }".to_owned();
        let subgraph = Subgraph { name: "shop".to_owned(), url: Some("http://shop/graphql".to_owned()), sdl };
        let supergraph = compose(&[subgraph]).unwrap().supergraph_sdl;
        Engine::connect(&supergraph, |_, _| Ok(Arc::new(Nowhere)), RouterSettings::default().engine()).unwrap()
    }

    fn settings(folder: &Path, documents: &[&str]) -> RouterSettings {
        let manifest = folder.join("manifest.json");
        let entries = documents.iter().map(|text| (DocumentHash::of(text).to_string(), (*text).into()));
        let entries: serde_json::Map<String, serde_json::Value> = entries.collect();
        std::fs::write(&manifest, serde_json::Value::from(entries).to_string()).unwrap();
        let mut settings = RouterSettings::default();
        settings.rest.enabled = false;
        settings.documents.manifest = Some(manifest);
        settings
    }

    #[tokio::test]
    async fn trusted_documents_are_planned_at_the_start_and_before_every_swap() {
        let folder = tempfile::tempdir().unwrap();
        let documents = ["{ a }", "query A { a } query B { b }", "query Gone { gone }", "query {"];
        let graph = LiveGraph::start(engine(), &settings(folder.path(), &documents)).await.unwrap();
        let plans = graph.trusted().plans();
        assert_eq!(plans.len(), 8, "two for each operation, none for what cannot be read");
        for _ in 0..2 {
            let served = graph.current();
            let planned = plans.iter().filter(|key| served.engine.is_planned(key)).count();
            assert_eq!(planned, 6, "all that fit");
            graph.replace(engine()).await.unwrap();
            assert!(!Arc::ptr_eq(&served, &graph.current()));
        }
    }

    #[tokio::test]
    async fn planning_trusted_documents_does_not_hold_up_the_start_for_longer_than_is_set() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path(), &["{ a }"]);
        settings.supergraph.warm_up_ms = Millis(0);
        let graph = LiveGraph::start(engine(), &settings).await.unwrap();
        let served = graph.current();
        assert!(graph.trusted().plans().iter().all(|key| !served.engine.is_planned(key)));
    }
}
