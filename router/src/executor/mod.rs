//! Runs a plan: fetches, merges, projects.

mod ask;
mod contexts;
mod decode;
mod entities;
mod entity_errors;
mod errors;
pub(crate) mod json;
mod layout;
mod limits;
mod merging;
mod project;
mod rename;
mod representations;
pub(crate) mod shape;
mod sink;
mod spans;
mod store;
mod traverse;
mod way;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql_value::{ConstValue, Name, Variables};
use futures::future::{BoxFuture, join_all};
use reel_error::Language;

use self::ask::{Question, Whose};
use self::errors::{ErrorLog, transport_code, visible};
pub use self::limits::ExecutionLimits;
use self::project::{Rules, Source};
use self::sink::ValueSink;
use self::store::{ROOT, Store, Value};
pub(crate) use self::way::{Ways, ways};
use crate::condition::all_hold;
use crate::error::GraphqlError;
use crate::introspection;
use crate::path::PathSegment;
use crate::pipeline::{CompiledOperation, OnDenied};
use crate::planner::{FetchedField, PlanNode, RootFetch};
use crate::schema::Schema;
use crate::transport::{RequestContext, SubgraphTransport};

/// The transports by the names of their subgraphs.
pub type Transports = HashMap<String, Arc<dyn SubgraphTransport>>;

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
    pub(crate) ways: &'a Ways,
    pub(crate) limits: &'a ExecutionLimits,
    /// What becomes of an answer as JSON with an object that the caller may not see. Answers as values only lack it.
    pub(crate) on_denied: OnDenied,
    pub(crate) state: Mutex<State>,
}

/// What is known so far. It is locked only between fetches, never while one is under way.
#[derive(Debug, Default)]
pub(crate) struct State {
    store: Store,
    errors: ErrorLog,
}

impl Execution<'_> {
    /// Runs the plan and writes the response as JSON. Answers the errors that are in it.
    pub(crate) async fn into_json(self) -> (Vec<u8>, Vec<GraphqlError>) {
        self.fetch().await;
        let (operation, variables, schema) = (self.operation, self.variables, self.schema);
        let State { store, mut errors } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut body = operation.answers.buffer();
        body.extend_from_slice(b"{\"data\":");
        let source = Source { projection: &operation.projection, variables, schema, store: &store };
        let rules = Rules { on_denied: self.on_denied, longest: self.limits.answer_bytes };
        project::project(source, rules, &mut errors, &mut body);
        let errors = errors.into_errors();
        write_errors(&errors, &mut body);
        body.push(b'}');
        operation.answers.was(body.len());
        (body, errors)
    }

    /// Runs the plan and gives the answer as a value.
    pub(crate) async fn into_value(self) -> ExecutedOperation {
        self.fetch().await;
        let (operation, variables, schema) = (self.operation, self.variables, self.schema);
        let State { store, mut errors } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut sink = ValueSink::default();
        let source = Source { projection: &operation.projection, variables, schema, store: &store };
        let rules = Rules { on_denied: OnDenied::NullFields, longest: self.limits.answer_bytes };
        project::project(source, rules, &mut errors, &mut sink);
        ExecutedOperation { data: sink.into_value(), errors: errors.into_errors() }
    }

    async fn fetch(&self) {
        if let Some(root) = &self.operation.plan.root {
            self.node(root).await;
        }
        if self.operation.projection.introspects {
            let answers = introspection::answer(self.schema, &self.operation.projection, self.variables);
            let mut state = self.state();
            if let Value::Object(answers) = state.store.take_any(ConstValue::Object(answers)) {
                state.store.merge(ROOT, answers);
            }
        }
        if let Some(reserved) = &self.operation.plan.reserved {
            let State { store, errors } = &mut *self.state();
            contexts::settle(store, errors, reserved);
        }
        if let Some(begin) = &self.operation.apart {
            self.state().errors.show_keys(begin);
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
                PlanNode::Contextual(fetch) => self.contextual(fetch).await,
            }
        })
    }

    async fn root(&self, fetch: &RootFetch) {
        let wanted: Vec<&FetchedField> = self.wanted(&fetch.fields).collect();
        if wanted.is_empty() {
            return;
        }
        let question = Question {
            subgraph: &fetch.subgraph,
            document: &fetch.document,
            selected: &fetch.selected,
            variables: self.variables_of(&fetch.variables),
            entities: Vec::new(),
            whose: Whose::Root,
        };
        let answer = self.ask(question).await;
        let mut state = self.state();
        match answer {
            Ok(answered) => {
                for error in &answered.errors {
                    self.log_error(&fetch.subgraph, error);
                    state.errors.add(visible(error).at(rename::renamed(&fetch.renames, &error.path)));
                }
                if let Value::Object(data) = answered.data {
                    state.store.merge(ROOT, data);
                }
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

    /// A panic elsewhere leaves the state usable: every change of it is one call.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
