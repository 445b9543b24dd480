//! Fetches by subgraph.

use std::time::Instant;

use metrics::{Counter, Histogram, counter, histogram};

use super::names::{FETCH_DURATION, FETCHES};
use crate::transport::TransportError;

/// What became of a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FetchOutcome {
    Ok,
    /// There is an answer, and it has errors.
    Errors,
    /// Nobody waits for it any more.
    Cancelled,
    Timeout,
    Busy,
    Unavailable,
    BreakerOpen,
    Tls,
    BadAnswer,
    TooLarge,
    TooManyValues,
}

impl FetchOutcome {
    /// In the order of the variants.
    const NAMES: [&'static str; 11] = [
        "ok",
        "errors",
        "cancelled",
        "timeout",
        "busy",
        "unavailable",
        "breaker_open",
        "tls",
        "bad_answer",
        "too_large",
        "too_many_values",
    ];

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl From<&TransportError> for FetchOutcome {
    fn from(error: &TransportError) -> Self {
        match error {
            TransportError::Timeout => Self::Timeout,
            TransportError::Busy => Self::Busy,
            TransportError::Unavailable(_) => Self::Unavailable,
            TransportError::LeftAlone => Self::BreakerOpen,
            TransportError::Tls(_) => Self::Tls,
            TransportError::BadAnswer(_) => Self::BadAnswer,
            TransportError::TooLarge { .. } | TransportError::TooMuch { .. } => Self::TooLarge,
            TransportError::TooManyValues { .. } => Self::TooManyValues,
        }
    }
}

/// How often a subgraph was asked, and how long it took.
pub(crate) struct FetchMeter {
    outcomes: [Counter; FetchOutcome::NAMES.len()],
    duration: Histogram,
}

impl FetchMeter {
    /// Of a subgraph. `None` where nothing is counted.
    pub(crate) fn of(subgraph: &str) -> Option<Self> {
        reel_telemetry::metrics_are_on().then(|| {
            let outcomes = FetchOutcome::NAMES
                .map(|outcome| counter!(FETCHES, "subgraph" => subgraph.to_owned(), "outcome" => outcome));
            Self { outcomes, duration: histogram!(FETCH_DURATION, "subgraph" => subgraph.to_owned()) }
        })
    }

    /// One begins. It counts as cancelled unless it is settled.
    pub(crate) fn begin(&self) -> MeasuredFetch<'_> {
        MeasuredFetch { meter: self, begun: Instant::now(), outcome: FetchOutcome::Cancelled }
    }
}

/// A fetch that is measured.
pub(crate) struct MeasuredFetch<'a> {
    meter: &'a FetchMeter,
    begun: Instant,
    outcome: FetchOutcome,
}

impl MeasuredFetch<'_> {
    /// It has ended.
    pub(crate) fn settle(mut self, outcome: FetchOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for MeasuredFetch<'_> {
    fn drop(&mut self) {
        self.meter.outcomes[self.outcome as usize].increment(1);
        self.meter.duration.record(self.begun.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_fail_has_a_label_of_its_own() {
        let errors = [
            (TransportError::Timeout, "timeout"),
            (TransportError::Busy, "busy"),
            (TransportError::Unavailable(String::new()), "unavailable"),
            (TransportError::LeftAlone, "breaker_open"),
            (TransportError::Tls(String::new()), "tls"),
            (TransportError::BadAnswer(String::new()), "bad_answer"),
            (TransportError::TooLarge { limit: 1 }, "too_large"),
            (TransportError::TooMuch { limit: 1 }, "too_large"),
            (TransportError::TooManyValues { limit: 1 }, "too_many_values"),
        ];
        for (error, label) in errors {
            assert_eq!(FetchOutcome::from(&error).name(), label);
        }
    }
}
