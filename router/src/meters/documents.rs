//! Documents that requests name by their hash.

use metrics::{Counter, counter};

use super::names::{AUTOMATIC_DOCUMENTS, SHARED_DOCUMENTS};

/// Automatic persisted queries.
#[derive(Debug)]
pub(crate) struct AutomaticMeter {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) stored: Counter,
}

/// Those of them that were looked up in Redis.
#[derive(Debug)]
pub(crate) struct SharedMeter {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) wrong: Counter,
    pub(crate) failed: Counter,
}

impl AutomaticMeter {
    pub(crate) fn new() -> Self {
        let counted = |outcome| counter!(AUTOMATIC_DOCUMENTS, "outcome" => outcome);
        Self { hits: counted("hit"), misses: counted("miss"), stored: counted("stored") }
    }
}

impl SharedMeter {
    pub(crate) fn new() -> Self {
        let counted = |outcome| counter!(SHARED_DOCUMENTS, "outcome" => outcome);
        Self { hits: counted("hit"), misses: counted("miss"), wrong: counted("wrong"), failed: counted("failed") }
    }
}
