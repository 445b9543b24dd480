//! Which graph a router process serves: Reelgraph's own, the one in a file, or one composed of listed subgraphs. The last
//! two may change while they are served.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use reel_auth::call::CallSigner;
use reel_router::Engine;
use reel_router::config::{ListedSubgraph, RouterSettings};
use reel_router::graph::LiveGraph;
use reel_router::reload::{BuildEngine, ListedSubgraphs, ManifestWatch, SupergraphFile, SupergraphWatch, WatchTask};
use reel_router::transport::HttpConnector;

use crate::cli::Domain;
use crate::{Failure, Settings, compose};

/// The supergraph of our own subgraphs, as reviewed; `reelgraph schema --check` keeps it up to date.
pub(crate) const SUPERGRAPH: &str = include_str!("../../schema/supergraph.graphql");

/// A graph that is served, and the watches over what it and the trusted documents come from.
pub(crate) struct Served {
    pub(crate) graph: Arc<LiveGraph>,
    pub(crate) watches: Vec<WatchTask>,
}

/// Serves the graph of the settings over subgraphs in other processes. `fallbacks` are addresses of subgraphs for which
/// neither the settings nor the supergraph has one.
pub(crate) async fn start(
    settings: &Settings,
    fallbacks: BTreeMap<String, String>,
    signer: Option<Arc<CallSigner>>,
) -> Result<Served, Failure> {
    let router = &settings.router;
    let connector = HttpConnector::new(router.subgraph_urls.clone(), fallbacks, router.subgraph_calls.clone(), signer)
        .with_headers(router.subgraph_headers.clone());
    let engine = router.engine();
    let build: BuildEngine =
        Arc::new(move |text| Engine::connect(text, |name, url| connector.connect(name, url), engine.clone()));
    let (text, source) = first(router).await?;
    let graph = LiveGraph::start(build(&text).map_err(Failure::usage)?, router).await.map_err(Failure::usage)?;
    let graph = Arc::new(graph);
    let poll = router.supergraph.poll_ms.duration();
    let watch = |source| match source {
        Source::Own => None,
        Source::File(file) => Some(SupergraphWatch::new(file, &text, Arc::clone(&graph), build, poll)),
        Source::Listed(listed) => Some(SupergraphWatch::new(listed, &text, Arc::clone(&graph), build, poll)),
    };
    let supergraph = watch(source).map(SupergraphWatch::spawn);
    let served = Served::new(graph, router);
    Ok(Served { watches: served.watches.into_iter().chain(supergraph).collect(), ..served })
}

impl Served {
    /// A graph that stays what it is.
    pub(crate) fn new(graph: Arc<LiveGraph>, settings: &RouterSettings) -> Self {
        let watches = ManifestWatch::new(&graph, settings).map(ManifestWatch::spawn).into_iter().collect();
        Self { graph, watches }
    }
}

/// Where the next supergraph may come from.
enum Source {
    Own,
    File(SupergraphFile),
    Listed(ListedSubgraphs),
}

/// The supergraph to begin with.
async fn first(router: &RouterSettings) -> Result<(String, Source), Failure> {
    let settings = &router.supergraph;
    match &settings.file {
        Some(_) if !settings.subgraphs.is_empty() => {
            Err(Failure::usage("router.supergraph: name a `file` or list `subgraphs`, not both"))
        }
        Some(path) => {
            let text = read(path)?;
            let file = SupergraphFile::new(path.clone(), &text);
            Ok((text, Source::File(file)))
        }
        None if settings.is_own() => Ok((SUPERGRAPH.to_owned(), Source::Own)),
        None => {
            let listed = ListedSubgraphs::read(settings, &router.subgraph_calls).await;
            let listed = listed.map_err(|error| Failure::usage(format!("router.supergraph.subgraphs: {error}")))?;
            let origins = settings.subgraphs.iter().map(ListedSubgraph::origin);
            let text = compose::composed(listed.subgraphs(), origins)?;
            Ok((text, Source::Listed(listed)))
        }
    }
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
