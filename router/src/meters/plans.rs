//! The cache of plans.

use metrics::{Counter, Gauge, counter, gauge};

use super::names::{PLAN_ENTRIES, PLAN_LOOKUPS, PLANNED};

/// What clients find in the cache, and how full it is.
#[derive(Debug)]
pub(crate) struct PlanMeter {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) planned: Counter,
    entries: Gauge,
}

impl PlanMeter {
    pub(crate) fn new() -> Self {
        Self {
            hits: counter!(PLAN_LOOKUPS, "outcome" => "hit"),
            misses: counter!(PLAN_LOOKUPS, "outcome" => "miss"),
            planned: counter!(PLANNED),
            entries: gauge!(PLAN_ENTRIES),
        }
    }

    /// So many plans are kept.
    pub(crate) fn show(&self, entries: u64) {
        #[expect(clippy::cast_precision_loss, reason = "plans are far fewer than 2^52")]
        self.entries.set(entries as f64);
    }
}
