//! How an engine behaves, and why there may be none.

use std::time::Duration;

use crate::executor::ExecutionLimits;
use crate::pipeline::{Limits, OnDenied};
use crate::planner::PlannerError;
use crate::schema::SchemaError;

/// How an engine behaves.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// What clients' documents may ask.
    pub limits: Limits,
    /// The bounds of one execution.
    pub execution: ExecutionLimits,
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// Whether errors suggest what the client may have meant.
    pub suggestions: bool,
    /// What becomes of requests for what their caller may not have. Prepared operations are never refused for it.
    pub on_denied: OnDenied,
    /// How long planning one operation may take.
    pub planning_timeout: Duration,
    /// How many operations may be planned at once; more wait, up to their deadline.
    pub planning_parallelism: usize,
    /// How many planned operations are kept.
    pub plan_cache_entries: u64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            execution: ExecutionLimits::default(),
            introspection: true,
            suggestions: true,
            on_denied: OnDenied::default(),
            planning_timeout: Duration::from_secs(2),
            planning_parallelism: 4,
            plan_cache_entries: 1_000,
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The supergraph cannot be planned over.
    #[error(transparent)]
    Planner(#[from] PlannerError),
    /// The supergraph gives no API schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A subgraph cannot be reached.
    #[error("no transport leads to the subgraph `{subgraph}`; configure its address")]
    NoTransport {
        /// Which one.
        subgraph: String,
    },
    /// It is a schema, but not a supergraph.
    #[error("the supergraph names no subgraph (`join__Graph` is missing or empty); make it with `reelgraph compose`")]
    NoSubgraphs,
    /// The address of a subgraph cannot be used.
    #[error("the subgraph `{subgraph}` cannot be reached: {reason}")]
    Address {
        /// Which one.
        subgraph: String,
        /// Why, and what to do.
        reason: String,
    },
}
