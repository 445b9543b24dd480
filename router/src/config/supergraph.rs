//! Which graph is served (`router.supergraph.*`).

use std::path::PathBuf;

use reel_config::Millis;
use serde::Deserialize;

/// Which graph is served (`router.supergraph.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SupergraphSettings {
    /// A file with a supergraph, as `reelgraph compose` prints it. Without one, Reelgraph's own graph is served.
    pub file: Option<PathBuf>,
    /// How often the file is looked at, in milliseconds.
    pub poll_ms: Millis,
    /// How many of the most frequent operations are planned over a new supergraph before it is served.
    pub warm_up: usize,
}

impl Default for SupergraphSettings {
    fn default() -> Self {
        Self { file: None, poll_ms: Millis(1_000), warm_up: 200 }
    }
}
