//! The ways to the subgraphs, with what is measured on them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Transports;
use super::ask::Answered;
use crate::meters::{FetchMeter, FetchOutcome};
use crate::transport::{SubgraphTransport, TransportError};

/// The ways by the names of their subgraphs.
pub(crate) type Ways = HashMap<String, Way>;

/// How one subgraph is reached.
pub(crate) struct Way {
    pub(super) transport: Arc<dyn SubgraphTransport>,
    pub(super) meter: Option<FetchMeter>,
}

/// The ways over these transports.
pub(crate) fn ways(transports: Transports) -> Ways {
    let way = |(name, transport): (String, _)| {
        let meter = FetchMeter::of(&name);
        (name, Way { transport, meter })
    };
    transports.into_iter().map(way).collect()
}

/// What became of a fetch.
pub(super) fn outcome(answer: &Result<Answered, TransportError>) -> FetchOutcome {
    match answer {
        Ok(answered) if answered.errors.is_empty() => FetchOutcome::Ok,
        Ok(_) => FetchOutcome::Errors,
        Err(error) => FetchOutcome::from(error),
    }
}
