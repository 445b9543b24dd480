//! Runs a plan: fetches, merges, projects.

mod contexts;
mod decode;
mod entities;
mod entity_errors;
mod errors;
pub(crate) mod json;
mod layout;
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
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_graphql_value::{ConstValue, Name, Variables};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use reel_error::{ErrorCode, Language};

use self::decode::Unreadable;
use self::errors::{ErrorLog, transport_code, visible};
use self::project::{Rules, Source};
use self::sink::ValueSink;
use self::spans::FetchSpan;
use self::store::{ROOT, Store, Value};
pub(crate) use self::way::{Ways, ways};
use crate::condition::all_hold;
use crate::error::GraphqlError;
use crate::introspection;
use crate::meters::FetchMeter;
use crate::path::PathSegment;
use crate::pipeline::{CompiledOperation, OnDenied};
use crate::planner::{EntityFetch, FetchedField, PlanNode, RootFetch, SelectedTable, SubgraphName};
use crate::schema::Schema;
use crate::transport::{
    AnswerText, Fetch, Fetched, RequestContext, SubgraphDocument, SubgraphError, SubgraphTransport, TransportError,
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
    /// How many values the answers of subgraphs for one request may hold together, objects and lists included.
    pub fetched_values: usize,
    /// How long these answers may be together, in bytes. Values of subgraphs of this process do not count.
    pub fetched_bytes: usize,
    /// How long the answer to a client may be, in bytes. An entity that is shown at many places is fetched once and
    /// written each time.
    pub answer_bytes: usize,
}

impl Default for ExecutionLimits {
    fn default() -> Self {
        Self {
            entities_per_request: 1_000,
            entities_per_fetch: 20_000,
            fetched_values: 2_000_000,
            fetched_bytes: 64 << 20,
            answer_bytes: 16 << 20,
        }
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

/// What a subgraph is asked.
struct Question<'f> {
    subgraph: &'f SubgraphName,
    document: &'f Arc<SubgraphDocument>,
    selected: &'f Arc<SelectedTable>,
    variables: Variables,
    /// Representations as JSON, by their variables.
    entities: Vec<(Name, Bytes)>,
    whose: Whose<'f>,
}

/// Whose fields are asked for.
#[derive(Clone, Copy)]
enum Whose<'f> {
    /// Those of the root.
    Root,
    /// Those of so many entities.
    Entities { fetch: &'f EntityFetch, count: usize },
}

/// What it answers: its data is in the store.
struct Answered {
    data: Value,
    errors: Vec<SubgraphError>,
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

    /// Asks a subgraph; the deadline holds whatever the transport does.
    async fn ask(&self, question: Question<'_>) -> Result<Answered, TransportError> {
        // A subgraph of this process may answer without waiting for anything. Others have their turn here, and the deadline
        // its say.
        tokio::task::yield_now().await;
        if Instant::now() >= self.context.deadline {
            return Err(TransportError::Timeout);
        }
        let (context, span) = self.recorded(&question);
        let Question { subgraph, document, selected, variables, entities, .. } = question;
        let Some(way) = self.ways.get(&**subgraph) else {
            return Err(TransportError::Unavailable("no transport leads to it".to_owned()));
        };
        let fetch = Fetch { variables, entities, ..Fetch::new(Arc::clone(document), context) };
        let measured = way.meter.as_ref().map(FetchMeter::begin);
        // In one process a subgraph's panic would otherwise take the whole answer with it.
        let answer = AssertUnwindSafe(way.transport.fetch(fetch)).catch_unwind();
        let answer = match tokio::time::timeout_at(self.context.deadline.into(), answer).await {
            Ok(Ok(answer)) => answer.and_then(|answer| self.read(selected, answer)),
            Ok(Err(_)) => Err(TransportError::Unavailable("it panicked".to_owned())),
            Err(_) => Err(TransportError::Timeout),
        };
        if let Some(measured) = measured {
            measured.settle(way::outcome(&answer));
        }
        if let Some(span) = span {
            span.settle(way::outcome(&answer));
        }
        if let Err(error) = &answer {
            tracing::warn!(subgraph = &**subgraph, request_id = self.context.request_id, %error, "a fetch failed");
        }
        answer
    }

    /// The context of a fetch, and its span if the request is recorded.
    fn recorded(&self, question: &Question<'_>) -> (Arc<RequestContext>, Option<FetchSpan>) {
        let Some(request) = &self.context.span else { return (Arc::clone(self.context), None) };
        let (fetch, span) = FetchSpan::begin(request, question);
        (Arc::new(RequestContext { span: Some(span), ..(**self.context).clone() }), Some(fetch))
    }

    /// Reads an answer into the store, within the bounds on all of them.
    fn read(&self, selected: &Arc<SelectedTable>, answer: Fetched) -> Result<Answered, TransportError> {
        let most_values = self.limits.fetched_values;
        let unreadable = |error| match error {
            Unreadable::TooMany => TransportError::TooManyValues { limit: most_values },
            Unreadable::Malformed(at) => TransportError::BadAnswer(format!("it is no JSON at byte {at}")),
        };
        let mut state = self.state();
        let table = state.store.add_table(Arc::clone(selected));
        let limit = most_values.saturating_sub(state.store.values_read);
        let (data, errors) = match answer {
            Fetched::Response(answer) => {
                (state.store.take((table, selected), answer.data, limit).map_err(unreadable)?, answer.errors)
            }
            Fetched::Text(text) => {
                let limit_bytes = self.limits.fetched_bytes;
                if state.store.bytes_read.saturating_add(text.body.len()) > limit_bytes {
                    return Err(TransportError::TooMuch { limit: limit_bytes });
                }
                let mut read = |text: &AnswerText| -> Result<Option<Value>, TransportError> {
                    if text.data.is_empty() {
                        return Ok(Some(Value::Null));
                    }
                    let read = state.store.read((table, selected), &text.body, text.data.start, limit);
                    let (data, end) = read.map_err(unreadable)?;
                    Ok(text.ends_at(end).then_some(data))
                };
                let (data, errors) = match read(&text)? {
                    Some(data) => (Some(data), text.errors),
                    None => match text.read_in_full().transpose()? {
                        Some(text) => (read(&text)?, text.errors),
                        None => (None, text.errors),
                    },
                };
                let data = data.ok_or_else(|| TransportError::BadAnswer("its data ends too late".to_owned()))?;
                (data, errors)
            }
        };
        Ok(Answered { data, errors })
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
