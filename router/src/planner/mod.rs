//! From an operation to the fetches that answer it. The planner library is behind [`Planner`]; the plan is ours.

pub(crate) mod contexts;
mod convert;
mod hive;
mod plan;
pub(crate) mod selected;

use std::sync::Arc;
use std::time::Duration;

pub use contexts::{ContextSource, ContextValue, Contexts, ContextualFetch, Entry};
pub use hive::HivePlanner;
pub use plan::{
    EntityFetch, EntityInput, EntityOutput, FetchedField, FlattenPath, FlattenSegment, KeyRename, PlanNode, QueryPlan,
    Requirement, RequirementField, RewriteSegment, RootFetch, SubgraphName, TypenameRewrite,
};
pub use selected::{Key, SelectedTable};

/// Plans operations over one supergraph.
pub trait Planner: Send + Sync {
    /// Plans the only operation of `document`, which is valid and spreads no named fragments. It may compute for as long
    /// as `timeout`: call it off the async threads.
    ///
    /// # Errors
    ///
    /// A [`PlanError`]; its texts are for the log.
    fn plan(&self, document: &str, timeout: Duration) -> Result<QueryPlan, PlanError>;

    /// Plans a query of nothing but fields of the root field of `entry`, for the entities that are at its places.
    ///
    /// # Errors
    ///
    /// The same.
    fn plan_below(&self, document: &str, entry: &Entry, timeout: Duration) -> Result<Option<PlanNode>, PlanError>;

    /// The operation that [`plan`](Self::plan) makes its plan of: equal fields merged, fragments that change nothing
    /// dissolved.
    ///
    /// # Errors
    ///
    /// A [`PlanError`]; its texts are for the log.
    fn normalised(&self, document: &str) -> Result<String, PlanError>;
}

/// Why there is no plan.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlanError {
    /// The library failed on a valid operation.
    #[error("the planner failed: {0}")]
    Failed(String),
    /// It took too long.
    #[error("planning took too long")]
    Timeout,
    /// The plan has something that the executor does not know.
    #[error("the plan has an unknown part: {0}")]
    Unsupported(String),
}

/// Why there is no planner.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PlannerError {
    /// The supergraph does not parse or does not hold together.
    #[error("the supergraph cannot be used: {0}; compose it again")]
    BadSupergraph(String),
    /// It asks for something that no plan here can do.
    #[error(
        "the field {field} takes arguments from a context (@fromContext), but this router cannot execute it: {why}"
    )]
    Unsupported {
        /// `Type.field`.
        field: String,
        /// What is in the way.
        why: &'static str,
    },
}

/// A planner shared by all requests.
pub type SharedPlanner = Arc<dyn Planner>;
