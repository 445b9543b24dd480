//! The engine: operations in, merged answers out.

mod messages;
mod settings;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_graphql_value::Variables;
use reel_error::ErrorCode;
use reel_telemetry::Span;

use self::messages::refusal;
pub use self::messages::{GraphqlRequest, GraphqlResponse};
pub use self::settings::{EngineError, EngineSettings};
use crate::error::GraphqlError;
use crate::executor::{ExecutedOperation, Execution, State, Transports, Ways, ways};
use crate::explanation::Explanation;
use crate::grants::Grants;
use crate::introspection;
use crate::pipeline::validate::Validator;
use crate::pipeline::{
    CompiledOperation, OperationKind, PageArgument, Pipeline, PlanCache, PlanKey, Trust, authorize, cost, limits,
    variables,
};
use crate::planner::{HivePlanner, QueryPlan};
use crate::schema::Schema;
use crate::transport::{RequestContext, SubgraphTransport};

/// The longest name of an operation that is recorded, in bytes.
const LONGEST_NAME: usize = 64;

/// A trusted operation, planned once for anonymous and once for logged-in viewers.
pub struct PreparedOperation {
    anonymous: CompiledOperation,
    authenticated: CompiledOperation,
}

impl PreparedOperation {
    /// What it is.
    pub(crate) fn kind(&self) -> OperationKind {
        self.authenticated.kind
    }

    /// Whether it writes.
    pub fn is_mutation(&self) -> bool {
        self.authenticated.kind == OperationKind::Mutation
    }

    /// What is fetched for a logged-in viewer.
    pub fn plan(&self) -> &QueryPlan {
        &self.authenticated.plan
    }
}

impl fmt::Debug for PreparedOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PreparedOperation({})", self.authenticated.kind)
    }
}

/// Executes operations over one supergraph.
pub struct Engine {
    pipeline: Arc<Pipeline>,
    cache: PlanCache,
    ways: Ways,
    settings: EngineSettings,
}

impl Engine {
    /// An engine for a supergraph. `transports` has one entry per subgraph, by its name in the supergraph.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when the supergraph is broken or a subgraph has no transport.
    pub fn new(supergraph_sdl: &str, transports: Transports, settings: EngineSettings) -> Result<Self, EngineError> {
        let planner = HivePlanner::new(supergraph_sdl)?;
        if let Some((subgraph, _)) = planner.subgraphs().find(|(name, _)| !transports.contains_key(*name)) {
            return Err(EngineError::NoTransport { subgraph: subgraph.to_owned() });
        }
        Self::over(planner, transports, settings)
    }

    /// An engine for a supergraph whose transports are made from the names of its subgraphs and the addresses that it
    /// gives for them.
    ///
    /// # Errors
    ///
    /// [`EngineError`] when the supergraph is broken, or `connect` refuses a subgraph.
    pub fn connect(
        supergraph_sdl: &str,
        connect: impl Fn(&str, &str) -> Result<Arc<dyn SubgraphTransport>, String>,
        settings: EngineSettings,
    ) -> Result<Self, EngineError> {
        let planner = HivePlanner::new(supergraph_sdl)?;
        let transport = |(name, url): (&str, &str)| match connect(name, url) {
            Ok(transport) => Ok((name.to_owned(), transport)),
            Err(reason) => Err(EngineError::Address { subgraph: name.to_owned(), reason }),
        };
        let transports = planner.subgraphs().map(transport).collect::<Result<_, _>>()?;
        Self::over(planner, transports, settings)
    }

    fn over(planner: HivePlanner, transports: Transports, settings: EngineSettings) -> Result<Self, EngineError> {
        if planner.subgraphs().next().is_none() {
            return Err(EngineError::NoSubgraphs);
        }
        let api = planner.api_document();
        let schema = Arc::new(Schema::build(&api, planner.supergraph_document())?);
        let pipeline = Arc::new(Pipeline {
            schema,
            validator: Validator::new(api, settings.suggestions),
            contexts: planner.contexts(),
            planner: Arc::new(planner),
            limits: settings.limits.clone(),
            introspection: settings.introspection,
            on_denied: settings.on_denied,
            planning_timeout: settings.planning_timeout,
        });
        let cache = PlanCache::new(settings.plan_cache_entries, settings.planning_parallelism);
        Ok(Self { pipeline, cache, ways: ways(transports), settings })
    }

    /// The schema that clients see.
    pub fn schema(&self) -> &Schema {
        &self.pipeline.schema
    }

    /// Plans what `other` was asked most often, at most so many operations, until `deadline`. Answers how many of them
    /// fit this engine's schema.
    pub async fn warm_up(&self, other: &Self, most: usize, deadline: Instant) -> usize {
        self.cache.warm_up(&self.pipeline, other.cache.hottest(most), deadline).await
    }

    /// Plans these, until `deadline`. Answers how many of them fit the schema.
    pub(crate) async fn plan_ahead(&self, mut keys: Vec<PlanKey>, deadline: Instant) -> usize {
        // More would only drive out each other.
        keys.truncate(usize::try_from(self.settings.plan_cache_entries).unwrap_or(usize::MAX));
        self.cache.warm_up(&self.pipeline, keys, deadline).await
    }

    /// The operations that are asked most often, at most so many.
    pub(crate) fn hottest(&self, most: usize) -> Vec<PlanKey> {
        self.cache.hottest(most)
    }

    #[cfg(test)]
    pub(crate) fn is_planned(&self, key: &PlanKey) -> bool {
        self.cache.contains(key)
    }

    /// How many of the operations that `other` was asked most often, at most so many, are planned here.
    pub fn planned_of(&self, other: &Self, most: usize) -> usize {
        other.cache.hottest(most).iter().filter(|key| self.cache.contains(key)).count()
    }

    /// Executes a client's request. Every failure is in the response.
    pub async fn execute(&self, request: GraphqlRequest, context: Arc<RequestContext>) -> GraphqlResponse {
        let name = request.operation_name.as_deref();
        let trust = if request.trusted { Trust::Trusted } else { Trust::Client };
        let grants = self.pipeline.schema.relevant(&context.grants);
        let key = PlanKey::new(&request.query, name, grants, trust);
        let compiled = self.cache.compiled(&self.pipeline, key, context.deadline, context.span.as_ref()).await;
        let operation = match compiled {
            Ok(operation) => operation,
            Err(errors) => return refusal(&errors),
        };
        if let Some(span) = &context.span {
            describe(span, operation.kind, name);
        }
        if request.read_only && operation.kind != OperationKind::Query {
            let message = "A GET request may only query; send mutations with POST.";
            return refusal(&[GraphqlError::new(ErrorCode::MethodNotAllowed, message)]);
        }
        let variables = match self.bounded_variables(&operation, request.variables, trust) {
            Ok(variables) => variables,
            Err(errors) => return refusal(&errors),
        };
        if let Err(errors) = authorize::check(&operation.denied, &variables) {
            return refusal(&errors);
        }
        let (body, errors) = self.execution(&operation, &variables, &context).into_json().await;
        let codes = errors.iter().map(|error| error.code).collect();
        let rules = operation.cache_rules.as_ref().filter(|_| request.read_only && errors.is_empty());
        let cache = rules.and_then(|rules| rules.policy(&variables));
        GraphqlResponse { body: body.into(), is_request_error: false, codes, cache }
    }

    /// Prepares a trusted document with one operation. Clients' limits do not hold for it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub async fn prepare(&self, document: &str) -> Result<PreparedOperation, Vec<GraphqlError>> {
        let (pipeline, document) = (Arc::clone(&self.pipeline), document.to_owned());
        let prepared = tokio::task::spawn_blocking(move || {
            Ok(PreparedOperation {
                anonymous: pipeline.compile(&document, None, &Grants::anonymous(), Trust::Trusted, None)?,
                authenticated: pipeline.compile(&document, None, &Grants::login(), Trust::Trusted, None)?,
            })
        });
        prepared.await.unwrap_or_else(|error| {
            tracing::error!(%error, "preparing an operation failed");
            Err(vec![GraphqlError::generic(ErrorCode::Internal)])
        })
    }

    /// Executes a prepared operation.
    pub async fn execute_prepared(
        &self,
        operation: &PreparedOperation,
        given: Variables,
        context: Arc<RequestContext>,
    ) -> ExecutedOperation {
        let operation = if context.grants.is_authenticated() { &operation.authenticated } else { &operation.anonymous };
        match self.variables(operation, given) {
            Ok(variables) => self.execution(operation, &variables, &context).into_value().await,
            Err(errors) => ExecutedOperation { data: Default::default(), errors },
        }
    }

    /// How an operation is executed for someone who was granted whatever is asked for; with variables also which fetches
    /// they exclude. Clients' limits do not hold. It computes for milliseconds: call it off the async threads.
    ///
    /// # Errors
    ///
    /// What is wrong with the document or the variables. The texts may tell what clients do not see.
    pub fn explain(
        &self,
        document: &str,
        operation_name: Option<&str>,
        variables: Option<Variables>,
    ) -> Result<Explanation, Vec<GraphqlError>> {
        self.pipeline.explain(document, operation_name, variables)
    }

    fn variables(&self, operation: &CompiledOperation, given: Variables) -> Result<Variables, Vec<GraphqlError>> {
        variables::coerce(&self.pipeline.schema, &operation.variables, given)
    }

    /// The variables of a client, within the limits that depend on them. A trusted document may have any defaults, but what
    /// a client gives is the client's.
    fn bounded_variables(
        &self,
        operation: &CompiledOperation,
        given: Variables,
        trust: Trust,
    ) -> Result<Variables, Vec<GraphqlError>> {
        let Pipeline { schema, limits, .. } = &*self.pipeline;
        if trust == Trust::Trusted {
            let is_given = |page: &&PageArgument| given.contains_key(&page.variable);
            let pages: Vec<_> = operation.page_arguments.iter().filter(is_given).collect();
            let variables = self.variables(operation, given)?;
            limits::check_variables(pages, &variables, limits).map_err(|error| vec![error])?;
            return Ok(variables);
        }
        let variables = self.variables(operation, given)?;
        limits::check_variables(&operation.page_arguments, &variables, limits).map_err(|error| vec![error])?;
        if let Some(selections) = &operation.counted {
            cost::check(selections, schema, limits, &variables).map_err(|error| vec![error])?;
        }
        if operation.projection.introspects && !introspection::is_bounded(schema, &operation.projection, &variables) {
            let message = "The introspection asks for the same things again and again; use the standard query.";
            return Err(vec![GraphqlError::new(ErrorCode::CostLimit, message)]);
        }
        Ok(variables)
    }

    fn execution<'a>(
        &'a self,
        operation: &'a CompiledOperation,
        variables: &'a Variables,
        context: &'a Arc<RequestContext>,
    ) -> Execution<'a> {
        Execution {
            operation,
            variables,
            context,
            schema: &self.pipeline.schema,
            ways: &self.ways,
            limits: &self.settings.execution,
            on_denied: self.settings.on_denied,
            state: Mutex::new(State::default()),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Engine({} subgraphs)", self.ways.len())
    }
}

/// Says which operation a request is. Its name may be a client's, so it is not said at any length.
pub(crate) fn describe(span: &Span, kind: OperationKind, name: Option<&str>) {
    span.set("graphql.operation.type", kind.to_string());
    if let Some(name) = name.filter(|name| name.len() <= LONGEST_NAME) {
        span.set("graphql.operation.name", name.to_owned());
    }
}
