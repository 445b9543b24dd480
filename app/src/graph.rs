//! Which graph a router process serves: Reelgraph's own, or the one in a file that may change while it is served.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use reel_auth::call::CallSigner;
use reel_router::Engine;
use reel_router::graph::LiveGraph;
use reel_router::reload::{BuildEngine, SupergraphTask, SupergraphWatch};
use reel_router::transport::HttpConnector;

use crate::cli::Domain;
use crate::{Failure, Settings};

/// The supergraph of our own subgraphs, as reviewed; `reelgraph schema --check` keeps it up to date.
pub(crate) const SUPERGRAPH: &str = include_str!("../../schema/supergraph.graphql");

/// A graph that is served, and the watch over its file.
pub(crate) struct Served {
    pub(crate) graph: Arc<LiveGraph>,
    pub(crate) reload: Option<SupergraphTask>,
}

/// Serves the graph of the settings over subgraphs in other processes. `fallbacks` are addresses of subgraphs for which
/// neither the settings nor the supergraph has one.
pub(crate) async fn start(
    settings: &Settings,
    fallbacks: BTreeMap<String, String>,
    signer: Option<Arc<CallSigner>>,
) -> Result<Served, Failure> {
    let router = &settings.router;
    let connector = HttpConnector::new(router.subgraph_urls.clone(), fallbacks, router.subgraph_calls.clone(), signer);
    let engine = router.engine();
    let build: BuildEngine =
        Arc::new(move |text| Engine::connect(text, |name, url| connector.connect(name, url), engine.clone()));
    let text = match &router.supergraph.file {
        Some(path) => read(path)?,
        None => SUPERGRAPH.to_owned(),
    };
    let graph = LiveGraph::start(build(&text).map_err(Failure::usage)?, router).await.map_err(Failure::usage)?;
    let graph = Arc::new(graph);
    let reload = router.supergraph.file.as_ref().map(|path| {
        let poll = router.supergraph.poll_ms.duration();
        SupergraphWatch::new(path.clone(), &text, Arc::clone(&graph), build, poll).spawn()
    });
    Ok(Served { graph, reload })
}

/// The addresses of our own domains, as far as `router.subgraph_urls` does not replace them.
pub(crate) fn own_addresses(settings: &Settings) -> Result<Vec<(Domain, &str)>, Failure> {
    let own = Domain::ALL.into_iter().filter(|domain| !settings.router.subgraph_urls.contains_key(domain.name()));
    own.map(|domain| Ok((domain, settings.subgraphs.url(domain)?))).collect()
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("router.supergraph.file: cannot read {}: {error}", path.display())))
}
