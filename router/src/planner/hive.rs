use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use graphql_tools::static_graphql::schema::Document;
use hive_router_query_planner::ast::document::NormalizedDocument;
use hive_router_query_planner::ast::normalization::normalize_operation;
use hive_router_query_planner::planner::plan_nodes::QueryPlan as LibraryPlan;
use hive_router_query_planner::planner::{Planner as Library, PlannerError as LibraryError, QueryPlannerOptions};
use hive_router_query_planner::utils::cancellation::CancellationToken;
use hive_router_query_planner::utils::parsing::{safe_parse_operation, safe_parse_schema};

use super::contexts::{self, Contexts, Entry};
use super::{PlanError, PlanNode, Planner, PlannerError, QueryPlan, convert};

/// The planner library `hive-router-query-planner`. It unwraps in hundreds of places, so every call of it is caught.
pub struct HivePlanner {
    library: Library,
    supergraph: Document,
    contexts: Arc<Contexts>,
}

impl HivePlanner {
    /// Reads a supergraph.
    ///
    /// # Errors
    ///
    /// [`PlannerError`] when the supergraph does not parse or does not hold together.
    pub fn new(supergraph_sdl: &str) -> Result<Self, PlannerError> {
        let supergraph =
            safe_parse_schema(supergraph_sdl).map_err(|error| PlannerError::BadSupergraph(error.to_string()))?;
        let contexts = Arc::new(Contexts::of(&supergraph)?);
        let planned = contexts::supergraph(&supergraph, &contexts);
        let library = caught(|| Library::new_from_supergraph(&planned, QueryPlannerOptions::default()))
            .map_err(PlannerError::BadSupergraph)?
            .map_err(|error| PlannerError::BadSupergraph(error.to_string()))?;
        Ok(Self { library, supergraph, contexts })
    }

    /// The supergraph without what clients may not see, with the introspection types.
    pub fn api_document(&self) -> Arc<Document> {
        Arc::clone(&self.library.consumer_schema.document)
    }

    /// The supergraph itself.
    pub fn supergraph_document(&self) -> &Document {
        &self.supergraph
    }

    /// The fields that take arguments from contexts.
    pub fn contexts(&self) -> Arc<Contexts> {
        Arc::clone(&self.contexts)
    }

    /// The names of the subgraphs, with the addresses that the supergraph gives for them.
    pub fn subgraphs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.library.supergraph.subgraph_endpoint_map.iter().map(|(name, url)| (name.as_str(), url.as_str()))
    }
}

impl HivePlanner {
    fn normalise(&self, document: &str) -> Result<NormalizedDocument, PlanError> {
        let operation = safe_parse_operation(document).map_err(|error| PlanError::Failed(error.to_string()))?;
        normalize_operation(&self.library.supergraph, &operation, None)
            .map_err(|error| PlanError::Failed(error.to_string()))
    }

    fn library_plan(&self, document: &str, timeout: Duration) -> Result<LibraryPlan, PlanError> {
        let plan = caught(|| {
            let normalized = self.normalise(document)?;
            let token = CancellationToken::with_timeout(timeout);
            self.library
                .plan_from_normalized_operation(normalized.executable_operation(), Default::default(), &token)
                .map_err(|error| library_error(&error))
        });
        plan.map_err(PlanError::Failed)?
    }
}

impl Planner for HivePlanner {
    fn plan(&self, document: &str, timeout: Duration) -> Result<QueryPlan, PlanError> {
        convert::query_plan(&self.library_plan(document, timeout)?)
    }

    fn plan_below(&self, document: &str, entry: &Entry, timeout: Duration) -> Result<Option<PlanNode>, PlanError> {
        convert::below(&self.library_plan(document, timeout)?, entry)
    }

    fn normalised(&self, document: &str) -> Result<String, PlanError> {
        let normalised = caught(|| self.normalise(document).map(|normalised| normalised.to_string()));
        normalised.map_err(PlanError::Failed)?
    }
}

fn library_error(error: &LibraryError) -> PlanError {
    match error {
        LibraryError::CancellationError(_) => PlanError::Timeout,
        error => PlanError::Failed(error.to_string()),
    }
}

/// Runs a call of the library. It only reads what it borrows, so nothing is left half-changed by a panic.
fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        format!("it panicked: {}", text.unwrap_or("without a text"))
    })
}
