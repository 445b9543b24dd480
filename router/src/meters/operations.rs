//! Operations by name.

use std::sync::Arc;
use std::time::Instant;

use metrics::{Counter, Histogram, counter, histogram};

use super::names::{OPERATION_DURATION, OPERATIONS};

/// The label of every operation that is not the operator's, whatever its client calls it.
const OTHER: &str = "other";
/// The label of an operation of the operator's that has no name.
const UNNAMED: &str = "unnamed";

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was answered without an error.
    Ok,
    /// It was executed, and its answer has errors.
    Errors,
    /// It was not executed.
    Refused,
    /// Its time ran out before there was an answer.
    Timeout,
    /// Its client went away.
    Cancelled,
}

impl Outcome {
    const NAMES: [&'static str; 5] = ["ok", "errors", "refused", "timeout", "cancelled"];
}

/// How often an operation was asked for, and how long it took.
pub(crate) struct OperationMeter {
    outcomes: [Counter; Outcome::NAMES.len()],
    duration: Histogram,
}

impl OperationMeter {
    /// Of an operation of the operator's. `None` where nothing is counted.
    pub(crate) fn of(name: Option<&str>) -> Option<Arc<Self>> {
        Self::under(name.unwrap_or(UNNAMED))
    }

    /// Of all operations that are not the operator's.
    pub(crate) fn of_clients() -> Option<Arc<Self>> {
        Self::under(OTHER)
    }

    fn under(label: &str) -> Option<Arc<Self>> {
        reel_telemetry::metrics_are_on().then(|| {
            let outcomes = Outcome::NAMES
                .map(|outcome| counter!(OPERATIONS, "operation" => label.to_owned(), "outcome" => outcome));
            Arc::new(Self { outcomes, duration: histogram!(OPERATION_DURATION, "operation" => label.to_owned()) })
        })
    }

    /// One begins. It counts as cancelled unless it is settled.
    pub(crate) fn begin(self: &Arc<Self>) -> Measured {
        Measured { meter: Arc::clone(self), begun: Instant::now(), outcome: Outcome::Cancelled }
    }
}

/// An operation that is measured.
#[derive(Debug)]
pub(crate) struct Measured {
    meter: Arc<OperationMeter>,
    begun: Instant,
    outcome: Outcome,
}

impl Measured {
    /// It has been answered.
    pub(crate) fn settle(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.meter.outcomes[self.outcome as usize].increment(1);
        self.meter.duration.record(self.begun.elapsed());
    }
}

impl std::fmt::Debug for OperationMeter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OperationMeter")
    }
}
