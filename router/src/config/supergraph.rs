//! Which graph is served (`router.supergraph.*`).

use std::path::PathBuf;

use reel_config::Millis;
use serde::Deserialize;

/// Which graph is served (`router.supergraph.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SupergraphSettings {
    /// A file with a supergraph, as `reelgraph compose` prints it.
    pub file: Option<PathBuf>,
    /// The subgraphs that the supergraph is composed of, instead of a file. Without either, Reelgraph's own graph is served.
    pub subgraphs: Vec<ListedSubgraph>,
    /// How often files are looked at, in milliseconds.
    pub poll_ms: Millis,
    /// How often subgraphs without a file are asked for their schemas, in milliseconds.
    pub ask_ms: Millis,
    /// How long one of them may take to answer, in milliseconds.
    pub ask_timeout_ms: Millis,
    /// The longest such answer, in bytes.
    pub schema_bytes: usize,
    /// How many planned operations are kept.
    pub plans: usize,
    /// How many of the most frequent operations are planned over a new supergraph before it is served. Those of trusted
    /// documents are in any case, also at the start.
    pub warm_up: usize,
    /// How long that may take, in milliseconds; what is not planned then is planned when it is asked for.
    pub warm_up_ms: Millis,
}

/// A subgraph that a supergraph is composed of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedSubgraph {
    /// Its name: unique in the graph.
    pub name: String,
    /// Where the router finds it; without a file, its schema is read from there, too (`_service { sdl }`).
    pub url: Option<String>,
    /// A file with its schema.
    pub file: Option<PathBuf>,
}

impl SupergraphSettings {
    /// Whether it is Reelgraph's own graph that is served.
    pub fn is_own(&self) -> bool {
        self.file.is_none() && self.subgraphs.is_empty()
    }
}

impl Default for SupergraphSettings {
    fn default() -> Self {
        Self {
            file: None,
            subgraphs: Vec::new(),
            poll_ms: Millis(1_000),
            ask_ms: Millis(10_000),
            ask_timeout_ms: Millis(5_000),
            schema_bytes: 16 * 1024 * 1024,
            plans: 1_000,
            warm_up: 200,
            warm_up_ms: Millis(30_000),
        }
    }
}
