//! Attempts to serve another supergraph.

use metrics::{Counter, counter};

use super::names::RELOADS;

/// How often another supergraph was served, and how often one was refused.
#[derive(Debug)]
pub(crate) struct ReloadMeter {
    pub(crate) served: Counter,
    pub(crate) refused: Counter,
}

impl ReloadMeter {
    pub(crate) fn new() -> Self {
        Self { served: counter!(RELOADS, "outcome" => "served"), refused: counter!(RELOADS, "outcome" => "refused") }
    }
}
