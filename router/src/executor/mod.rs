//! Runs a plan: fetches, merges, projects.

mod entities;
mod errors;
pub(crate) mod json;
mod merge;
mod project;
mod rename;
mod representations;
pub(crate) mod shape;
mod sink;
mod traverse;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_graphql_value::indexmap::IndexMap;
use async_graphql_value::{ConstValue, Name, Variables};
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use reel_error::{ErrorCode, Language};

use self::errors::{ErrorLog, transport_code, visible};
use self::sink::ValueSink;
use crate::condition::all_hold;
use crate::error::GraphqlError;
use crate::introspection;
use crate::path::PathSegment;
use crate::pipeline::{CompiledOperation, OnDenied};
use crate::planner::{FetchedField, PlanNode, RootFetch};
use crate::schema::Schema;
use crate::transport::{
    RequestContext, SubgraphDocument, SubgraphError, SubgraphRequest, SubgraphResponse, SubgraphTransport,
    TransportError,
};

/// The transports by the names of their subgraphs.
pub type Transports = HashMap<String, Arc<dyn SubgraphTransport>>;

/// The bounds of one execution.
#[derive(Debug, Clone)]
pub struct ExecutionLimits {
    /// How many representations one request carries; more are sent in several requests.
    pub entities_per_request: usize,
    /// How many entities one fetch may be about.
    pub entities_per_fetch: usize,
    /// How many values one answer of a subgraph may hold, objects and lists included.
    pub values_per_answer: usize,
}

impl Default for ExecutionLimits {
    fn default() -> Self {
        Self { entities_per_request: 1_000, entities_per_fetch: 20_000, values_per_answer: 1_000_000 }
    }
}

/// The answer of a prepared operation, for code that reads it.
#[derive(Debug)]
pub struct ExecutedOperation {
    /// In the client's shape; null when an error took everything.
    pub data: ConstValue,
    /// What went wrong, with paths.
    pub errors: Vec<GraphqlError>,
}

/// Runs one operation.
pub(crate) struct Execution<'a> {
    pub(crate) operation: &'a CompiledOperation,
    pub(crate) variables: &'a Variables,
    pub(crate) context: &'a Arc<RequestContext>,
    pub(crate) schema: &'a Schema,
    pub(crate) transports: &'a Transports,
    pub(crate) limits: &'a ExecutionLimits,
    /// What becomes of an answer as JSON with an object that the caller may not see. Answers as values only lack it.
    pub(crate) on_denied: OnDenied,
    pub(crate) state: Mutex<State>,
}

/// What is known so far. It is locked only between fetches, never while one is under way.
#[derive(Debug, Default)]
pub(crate) struct State {
    data: ConstValue,
    errors: ErrorLog,
}

impl Execution<'_> {
    /// Runs the plan and writes the response as JSON. Answers the errors that are in it.
    pub(crate) async fn into_json(self) -> (Vec<u8>, Vec<GraphqlError>) {
        self.fetch().await;
        let (projection, variables) = (&self.operation.projection, self.variables);
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut body = Vec::with_capacity(4096);
        body.extend_from_slice(b"{\"data\":");
        if let ConstValue::Object(data) = &state.data {
            project::project(projection, self.on_denied, variables, data, &mut state.errors, &mut body);
        }
        let errors = state.errors.into_errors();
        write_errors(&errors, &mut body);
        body.push(b'}');
        (body, errors)
    }

    /// Runs the plan and gives the answer as a value.
    pub(crate) async fn into_value(self) -> ExecutedOperation {
        self.fetch().await;
        let (projection, variables) = (&self.operation.projection, self.variables);
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut sink = ValueSink::default();
        if let ConstValue::Object(data) = &state.data {
            project::project(projection, OnDenied::NullFields, variables, data, &mut state.errors, &mut sink);
        }
        ExecutedOperation { data: sink.into_value(), errors: state.errors.into_errors() }
    }

    async fn fetch(&self) {
        self.state().data = ConstValue::Object(IndexMap::new());
        if let Some(root) = &self.operation.plan.root {
            self.node(root).await;
        }
        if self.operation.projection.introspects {
            let answers = introspection::answer(self.schema, &self.operation.projection, self.variables);
            merge::merge(&mut self.state().data, ConstValue::Object(answers));
        }
    }

    fn node<'s>(&'s self, node: &'s PlanNode) -> BoxFuture<'s, ()> {
        Box::pin(async move {
            match node {
                PlanNode::Sequence(steps) => {
                    for step in steps {
                        self.node(step).await;
                    }
                }
                PlanNode::Parallel(steps) => {
                    join_all(steps.iter().map(|step| self.node(step))).await;
                }
                PlanNode::Condition { variable, then, otherwise } => {
                    let holds = matches!(self.variables.get(variable), Some(ConstValue::Boolean(true)));
                    if let Some(step) = if holds { then } else { otherwise } {
                        self.node(step).await;
                    }
                }
                PlanNode::Root(fetch) => self.root(fetch).await,
                PlanNode::Entities(fetch) => self.entities(fetch).await,
            }
        })
    }

    async fn root(&self, fetch: &RootFetch) {
        let wanted: Vec<&FetchedField> = self.wanted(&fetch.fields).collect();
        if wanted.is_empty() {
            return;
        }
        let variables = self.variables_of(&fetch.variables);
        let response = self.ask(&fetch.subgraph, &fetch.document, variables).await;
        let mut state = self.state();
        match response {
            Ok(mut response) => {
                for error in &response.errors {
                    self.log_error(&fetch.subgraph, error);
                    state.errors.add(visible(error).at(rename::renamed(&fetch.renames, &error.path)));
                }
                rename::rename_all(self.schema, &fetch.renames, &mut response.data);
                merge::merge(&mut state.data, response.data);
            }
            Err(error) => {
                let code = transport_code(&error);
                for field in wanted {
                    let path = vec![PathSegment::Key(field.key.clone())];
                    state.errors.add_at(code, code.message(Language::English), path);
                }
            }
        }
    }

    /// Asks a subgraph; the deadline holds whatever the transport does.
    async fn ask(
        &self,
        subgraph: &str,
        document: &Arc<SubgraphDocument>,
        variables: Variables,
    ) -> Result<SubgraphResponse, TransportError> {
        // A subgraph of this process may answer without waiting for anything. Others have their turn here, and the deadline
        // its say.
        tokio::task::yield_now().await;
        if Instant::now() >= self.context.deadline {
            return Err(TransportError::Timeout);
        }
        let Some(transport) = self.transports.get(subgraph) else {
            return Err(TransportError::Unavailable("no transport leads to it".to_owned()));
        };
        let request = SubgraphRequest {
            document: Arc::clone(document),
            operation_name: None,
            variables,
            headers: None,
            context: Arc::clone(self.context),
        };
        // In one process a subgraph's panic would otherwise take the whole answer with it.
        let answer = AssertUnwindSafe(transport.execute(request)).catch_unwind();
        let answer = match tokio::time::timeout_at(self.context.deadline.into(), answer).await {
            Ok(Ok(answer)) => answer.and_then(|answer| self.bounded(answer)),
            Ok(Err(_)) => Err(TransportError::Unavailable("it panicked".to_owned())),
            Err(_) => Err(TransportError::Timeout),
        };
        if let Err(error) = &answer {
            tracing::warn!(subgraph, request_id = self.context.request_id, %error, "a fetch failed");
        }
        answer
    }

    fn bounded(&self, answer: SubgraphResponse) -> Result<SubgraphResponse, TransportError> {
        let limit = self.limits.values_per_answer;
        if is_within(&answer.data, &mut { limit }) { Ok(answer) } else { Err(TransportError::TooManyValues { limit }) }
    }

    /// The fields that the client's variables include.
    fn wanted<'f>(&self, fields: &'f [FetchedField]) -> impl Iterator<Item = &'f FetchedField> {
        fields.iter().filter(|field| all_hold(&field.conditions, self.variables))
    }

    /// The client's variables that a fetch uses, as far as they have values.
    fn variables_of(&self, names: &[Name]) -> Variables {
        let mut variables = Variables::default();
        for name in names {
            if let Some(value) = self.variables.get(name) {
                variables.insert(name.clone(), value.clone());
            }
        }
        variables
    }

    fn log_error(&self, subgraph: &str, error: &SubgraphError) {
        let request_id = &self.context.request_id;
        let known = error.code.as_deref().and_then(ErrorCode::from_name);
        if known.is_some_and(|code| code != ErrorCode::Internal) {
            tracing::debug!(subgraph, request_id, code = error.code, message = error.message, "a subgraph's error");
        } else {
            tracing::warn!(subgraph, request_id, code = error.code, message = error.message, "a subgraph's error");
        }
    }

    /// A panic elsewhere leaves the state usable: every change of it is one call.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a value holds at most `left` values; counting ends where it does not.
fn is_within(value: &ConstValue, left: &mut usize) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    match value {
        ConstValue::List(items) => items.iter().all(|item| is_within(item, left)),
        ConstValue::Object(members) => members.values().all(|member| is_within(member, left)),
        _ => true,
    }
}

/// Writes `,"errors":[…]`, or nothing.
pub(crate) fn write_errors(errors: &[GraphqlError], body: &mut Vec<u8>) {
    for (index, error) in errors.iter().enumerate() {
        body.extend_from_slice(if index == 0 { b",\"errors\":[" } else { b"," });
        error.write_json(body);
    }
    if !errors.is_empty() {
        body.push(b']');
    }
}
