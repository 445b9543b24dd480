//! What is left of an operation becomes fetches and a projection; finished ones are kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::future::Cache;
use reel_error::ErrorCode;
use tokio::sync::Semaphore;

use super::limits::PageArgument;
use super::operation::{Operation, OperationKind, Variable};
use super::{Pipeline, Trust, print};
use crate::error::GraphqlError;
use crate::executor::shape::{self, Projection};
use crate::planner::{PlanError, QueryPlan};

/// An operation that is ready to run for any variables.
#[derive(Debug)]
pub struct CompiledOperation {
    /// Query or mutation.
    pub kind: OperationKind,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// Page sizes that come in variables.
    pub page_arguments: Vec<PageArgument>,
    /// What to fetch.
    pub plan: QueryPlan,
    /// How the answer is made from what was fetched.
    pub projection: Projection,
}

pub(super) fn compile(
    pipeline: &Pipeline,
    operation: Operation,
    page_arguments: Vec<PageArgument>,
    authenticated: bool,
) -> Result<CompiledOperation, GraphqlError> {
    let projection = shape::compile(&operation, &pipeline.schema, authenticated)?;
    let plan = match print::print(&operation, &pipeline.schema) {
        Some(text) => pipeline.planner.plan(&text, pipeline.planning_timeout).map_err(|error| {
            tracing::error!(%error, "an operation could not be planned");
            match error {
                PlanError::Timeout => GraphqlError::new(
                    ErrorCode::SelectionLimit,
                    "The operation takes too long to plan; select less or split it.",
                ),
                PlanError::Failed(_) | PlanError::Unsupported(_) => GraphqlError::generic(ErrorCode::Internal),
            }
        })?,
        None => QueryPlan { root: None },
    };
    Ok(CompiledOperation { kind: operation.kind, variables: operation.variables, page_arguments, plan, projection })
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PlanKey {
    text: String,
    operation_name: Option<String>,
    authenticated: bool,
}

/// Compiled operations. Equal documents that arrive together are compiled once.
#[derive(Debug)]
pub struct PlanCache {
    cache: Cache<PlanKey, Arc<CompiledOperation>>,
    permits: Arc<Semaphore>,
}

impl PlanCache {
    /// A cache of `entries` operations, compiling at most `parallel` at once.
    pub fn new(entries: u64, parallel: usize) -> Self {
        let cache = Cache::builder().max_capacity(entries).time_to_idle(Duration::from_secs(3600)).build();
        Self { cache, permits: Arc::new(Semaphore::new(parallel)) }
    }

    /// The compiled operation, made now if it is not there.
    ///
    /// # Errors
    ///
    /// Why the request is refused.
    pub async fn compiled(
        &self,
        pipeline: &Arc<Pipeline>,
        text: &str,
        operation_name: Option<&str>,
        authenticated: bool,
        deadline: Instant,
    ) -> Result<Arc<CompiledOperation>, Arc<Vec<GraphqlError>>> {
        let key = PlanKey { text: text.to_owned(), operation_name: operation_name.map(str::to_owned), authenticated };
        if let Some(compiled) = self.cache.get(&key).await {
            return Ok(compiled);
        }
        let (pipeline, permits, job) = (Arc::clone(pipeline), Arc::clone(&self.permits), key.clone());
        let compile = self.cache.try_get_with(key, async move {
            let permit =
                permits.acquire_owned().await.map_err(|_| vec![GraphqlError::generic(ErrorCode::Overloaded)])?;
            let compiled = tokio::task::spawn_blocking(move || {
                // Held by the work, not by its caller: an abandoned request must not let more work begin.
                let _permit = permit;
                pipeline.compile(&job.text, job.operation_name.as_deref(), job.authenticated, Trust::Client)
            });
            match compiled.await {
                Ok(compiled) => compiled.map(Arc::new),
                Err(error) => {
                    tracing::error!(%error, "compiling an operation failed");
                    Err(vec![GraphqlError::generic(ErrorCode::Internal)])
                }
            }
        });
        tokio::time::timeout_at(deadline.into(), compile)
            .await
            .unwrap_or_else(|_| Err(Arc::new(vec![GraphqlError::generic(ErrorCode::Timeout)])))
    }
}
