//! What one execution may take.

/// The bounds of one execution.
#[derive(Debug, Clone)]
pub struct ExecutionLimits {
    /// How many representations one request carries; more are sent in several requests.
    pub entities_per_request: usize,
    /// How many entities one fetch may be about.
    pub entities_per_fetch: usize,
    /// How many values the answers of subgraphs for one request may hold together, objects and lists included.
    pub fetched_values: usize,
    /// How long these answers may be together, in bytes. Values of subgraphs of this process do not count.
    pub fetched_bytes: usize,
    /// How long the answer to a client may be, in bytes. An entity that is shown at many places is fetched once and
    /// written each time.
    pub answer_bytes: usize,
}

impl Default for ExecutionLimits {
    fn default() -> Self {
        Self {
            entities_per_request: 1_000,
            entities_per_fetch: 20_000,
            fetched_values: 2_000_000,
            fetched_bytes: 64 << 20,
            answer_bytes: 16 << 20,
        }
    }
}
