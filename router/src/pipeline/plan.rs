//! What is left of an operation becomes fetches and a projection; finished ones are kept.

mod serial;
pub(super) mod steps;

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use moka::future::Cache;
use reel_error::ErrorCode;
use reel_telemetry::Span;
use tokio::sync::Semaphore;

use super::authorize::{DeniedField, OnDenied, denied_fields};
use super::caching::CacheRules;
use super::contexts::Split;
use super::limits::PageArgument;
use super::operation::{Operation, OperationKind, Selection, Variable};
use super::{Pipeline, Trust};
use crate::error::GraphqlError;
use crate::executor::shape::{self, Projection};
use crate::grants::Grants;
use crate::meters::PlanMeter;
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
    /// What is selected, where its variables decide whether that is too much.
    pub counted: Option<Vec<Selection>>,
    /// The fields for which a request is refused. Empty where they become null.
    pub denied: Vec<DeniedField>,
    /// How long answers may be kept; `None` is not at all.
    pub cache_rules: Option<CacheRules>,
    /// What keys begin with that are sent in place of the client's.
    pub apart: Option<String>,
    /// What to fetch.
    pub plan: QueryPlan,
    /// How the answer is made from what was fetched.
    pub projection: Projection,
    /// How long answers are.
    pub answers: AnswerLength,
}

/// How long the last answer was: the next one's buffer need not grow.
#[derive(Debug, Default)]
pub struct AnswerLength(AtomicUsize);

impl AnswerLength {
    /// A buffer for the next answer.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        let last = self.0.load(Ordering::Relaxed);
        Vec::with_capacity(last.saturating_add(last / 16).clamp(1 << 10, 1 << 20))
    }

    /// An answer was so long.
    pub(crate) fn was(&self, length: usize) {
        self.0.store(length, Ordering::Relaxed);
    }
}

pub(super) fn compile(
    pipeline: &Pipeline,
    operation: Operation,
    split: Option<Split>,
    page_arguments: Vec<PageArgument>,
    grants: &Grants,
) -> Result<CompiledOperation, GraphqlError> {
    let projection = shape::compile(&operation, &pipeline.schema, grants)?;
    let denied = match pipeline.on_denied {
        OnDenied::NullFields => Vec::new(),
        OnDenied::RefuseRequest => denied_fields(&operation),
    };
    let plan = steps::plan(pipeline, &operation, split).map_err(|error| {
        tracing::error!(%error, "an operation could not be planned");
        match error {
            PlanError::Timeout => GraphqlError::new(
                ErrorCode::SelectionLimit,
                "The operation takes too long to plan; select less or split it.",
            ),
            PlanError::Failed(_) | PlanError::Unsupported(_) => GraphqlError::generic(ErrorCode::Internal),
        }
    })?;
    let Operation { kind, variables, .. } = operation;
    Ok(CompiledOperation {
        kind,
        variables,
        page_arguments,
        counted: None,
        denied,
        cache_rules: None,
        apart: None,
        plan,
        projection,
        answers: AnswerLength::default(),
    })
}

/// What a plan is kept under. Plans are made of nothing else, so nobody is served the plan of somebody who may see more.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanKey {
    text: String,
    operation_name: Option<String>,
    grants: Grants,
    trust: Trust,
}

impl PlanKey {
    /// The key of an operation of a document, for all callers with these grants. They should be no more than what is
    /// [relevant](crate::schema::Schema::relevant), or equal plans are kept more than once.
    pub fn new(text: &str, operation_name: Option<&str>, grants: Grants, trust: Trust) -> Self {
        Self { text: text.to_owned(), operation_name: operation_name.map(str::to_owned), grants, trust }
    }
}

/// Compiled operations. Equal documents that arrive together are compiled once.
#[derive(Debug)]
pub struct PlanCache {
    cache: Cache<PlanKey, Arc<Planned>>,
    permits: Arc<Semaphore>,
    meter: PlanMeter,
}

#[derive(Debug)]
struct Planned {
    operation: Arc<CompiledOperation>,
    uses: AtomicU64,
}

impl Planned {
    fn take(&self) -> Arc<CompiledOperation> {
        self.uses.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.operation)
    }
}

impl PlanCache {
    /// A cache of `entries` operations, compiling at most `parallel` at once.
    pub fn new(entries: u64, parallel: usize) -> Self {
        let cache = Cache::builder().max_capacity(entries).time_to_idle(Duration::from_secs(3600)).build();
        Self { cache, permits: Arc::new(Semaphore::new(parallel)), meter: PlanMeter::new() }
    }

    /// The compiled operation, made now if it is not there. That is recorded below `request`.
    ///
    /// # Errors
    ///
    /// Why the request is refused.
    pub async fn compiled(
        &self,
        pipeline: &Arc<Pipeline>,
        key: PlanKey,
        deadline: Instant,
        request: Option<&Span>,
    ) -> Result<Arc<CompiledOperation>, Arc<Vec<GraphqlError>>> {
        let span = request.map(|request| request.child("graphql.plan"));
        let found = self.cache.get(&key).await;
        if let Some(span) = &span {
            span.set("graphql.plan.cache_hit", found.is_some());
        }
        if let Some(planned) = found {
            self.meter.hits.increment(1);
            return Ok(planned.take());
        }
        self.meter.misses.increment(1);
        self.planned(pipeline, key, deadline, span).await.map(|planned| planned.take())
    }

    /// The keys that were asked for most often, at most so many.
    pub fn hottest(&self, most: usize) -> Vec<PlanKey> {
        let uses = |planned: &Planned| planned.uses.load(Ordering::Relaxed);
        let mut keys: Vec<_> = self.cache.iter().map(|(key, planned)| (uses(&planned), key)).collect();
        keys.sort_unstable_by_key(|(uses, _)| Reverse(*uses));
        keys.into_iter().take(most).map(|(_, key)| (*key).clone()).collect()
    }

    /// Plans what is not planned yet, until `deadline`. Answers how many of them fit; the others are for whoever asks to
    /// learn about.
    pub async fn warm_up(&self, pipeline: &Arc<Pipeline>, keys: Vec<PlanKey>, deadline: Instant) -> usize {
        let plan = |key| async move { self.planned(pipeline, key, deadline, None).await.is_ok() };
        let parallel = self.permits.available_permits().max(1);
        futures::stream::iter(keys)
            .take_while(|_| std::future::ready(Instant::now() < deadline))
            .map(plan)
            .buffer_unordered(parallel)
            .filter(|fits| std::future::ready(*fits))
            .count()
            .await
    }

    /// Whether the operation is planned already.
    pub fn contains(&self, key: &PlanKey) -> bool {
        self.cache.contains_key(key)
    }

    async fn planned(
        &self,
        pipeline: &Arc<Pipeline>,
        key: PlanKey,
        deadline: Instant,
        span: Option<Span>,
    ) -> Result<Arc<Planned>, Arc<Vec<GraphqlError>>> {
        if let Some(planned) = self.cache.get(&key).await {
            return Ok(planned);
        }
        let (pipeline, permits, job) = (Arc::clone(pipeline), Arc::clone(&self.permits), key.clone());
        let planned = self.meter.planned.clone();
        let compile = self.cache.try_get_with(key, async move {
            let permit =
                permits.acquire_owned().await.map_err(|_| vec![GraphqlError::generic(ErrorCode::Overloaded)])?;
            planned.increment(1);
            let compiled = tokio::task::spawn_blocking(move || {
                // Held by the work, not by its caller: an abandoned request must not let more work begin.
                let _permit = permit;
                pipeline.compile(&job.text, job.operation_name.as_deref(), &job.grants, job.trust, span.as_ref())
            });
            match compiled.await {
                Ok(compiled) => compiled
                    .map(|operation| Arc::new(Planned { operation: Arc::new(operation), uses: AtomicU64::new(0) })),
                Err(error) => {
                    tracing::error!(%error, "compiling an operation failed");
                    Err(vec![GraphqlError::generic(ErrorCode::Internal)])
                }
            }
        });
        let planned = tokio::time::timeout_at(deadline.into(), compile)
            .await
            .unwrap_or_else(|_| Err(Arc::new(vec![GraphqlError::generic(ErrorCode::Timeout)])));
        if reel_telemetry::metrics_are_on() {
            // The cache counts its entries when it tidies up.
            self.cache.run_pending_tasks().await;
            self.meter.show(self.cache.entry_count());
        }
        planned
    }
}
