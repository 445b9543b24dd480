//! How a fetch reaches a subgraph. The executor knows only this trait; in one process it is a function call, between
//! processes it is HTTP ([`http`]).

mod answer;
mod connector;
mod deduplicated;
pub mod http;
mod passing;
mod pool;
mod resilient;
mod spans;
pub(crate) mod tls;

use std::sync::Arc;
use std::time::Instant;

use async_graphql_parser::types::{ExecutableDocument, OperationType};
use async_graphql_value::{ConstValue, Name, Variables};
use async_trait::async_trait;
use bytes::Bytes;
use reel_auth::Viewer;
use reel_telemetry::Span;

pub use self::answer::AnswerText;
pub use self::connector::HttpConnector;
pub use self::deduplicated::Deduplicated;
pub use self::resilient::Resilient;
use crate::executor::json;
use crate::grants::Grants;
pub use crate::headers::{ClientHeaders, PassedHeaders};
pub use crate::path::PathSegment;

/// A subgraph that can be asked.
#[async_trait]
pub trait SubgraphTransport: Send + Sync {
    /// Executes one document. GraphQL errors are part of the answer; an error of this call means that there is none.
    ///
    /// # Errors
    ///
    /// A [`TransportError`] when no GraphQL response was received.
    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, TransportError>;
}

/// What to ask a subgraph.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// What to execute: one anonymous operation.
    pub document: Arc<SubgraphDocument>,
    /// Its variables, but for those in `entities`.
    pub variables: Variables,
    /// Its lists of entity representations, by the names of their variables. They are JSON already, so that a transport
    /// that sends text copies them; others use [`Fetch::take_variables`].
    pub entities: Vec<(Name, Bytes)>,
    /// What it carries of the client's headers, and fixed ones; fetches with different ones are never the same.
    pub headers: PassedHeaders,
    /// The client's request that this fetch is a part of.
    pub context: Arc<RequestContext>,
    /// When its answer is no longer wanted; never later than that of the request.
    pub deadline: Instant,
}

/// What was fetched: values from a subgraph of this process, text from one that speaks text, so that nothing becomes a
/// value on the way to the executor.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// Values.
    Response(SubgraphResponse),
    /// Text.
    Text(AnswerText),
}

impl Fetch {
    /// What has no variables and carries no headers.
    pub fn new(document: Arc<SubgraphDocument>, context: Arc<RequestContext>) -> Self {
        let deadline = context.deadline;
        Self { document, variables: Variables::default(), entities: Vec::new(), headers: None, context, deadline }
    }

    /// Takes its variables, the representations among them, as values.
    ///
    /// # Errors
    ///
    /// When the representations are no JSON.
    pub fn take_variables(&mut self) -> Result<Variables, TransportError> {
        let mut variables = std::mem::take(&mut self.variables);
        for (name, text) in self.entities.drain(..) {
            let values = serde_json::from_slice(&text);
            let values: ConstValue = values.map_err(|error| TransportError::Unavailable(error.to_string()))?;
            variables.insert(name, values);
        }
        Ok(variables)
    }
}

impl From<SubgraphResponse> for Fetched {
    fn from(response: SubgraphResponse) -> Self {
        Self::Response(response)
    }
}

impl Fetched {
    /// Those of its headers that clients get.
    pub fn headers(&self) -> &PassedHeaders {
        match self {
            Self::Response(response) => &response.headers,
            Self::Text(text) => &text.headers,
        }
    }

    /// Whether it sets a cookie and so is meant for one request.
    pub fn sets_cookie(&self) -> bool {
        match self {
            Self::Response(response) => response.sets_cookie,
            Self::Text(text) => text.sets_cookie,
        }
    }

    /// The same as values, for who looks at a single answer; the executor reads text as it is.
    ///
    /// # Errors
    ///
    /// When it is no GraphQL response.
    pub fn into_response(self) -> Result<SubgraphResponse, TransportError> {
        match self {
            Self::Response(response) => Ok(response),
            Self::Text(text) => text.into_response(),
        }
    }
}

/// A document for a subgraph, made ready once when the plan is made.
#[derive(Debug)]
pub struct SubgraphDocument {
    text: String,
    json: Box<[u8]>,
    parsed: ExecutableDocument,
    is_query: bool,
}

impl SubgraphDocument {
    /// The document with this text.
    ///
    /// # Errors
    ///
    /// When it does not parse.
    pub fn new(text: String) -> Result<Self, async_graphql_parser::Error> {
        let parsed = async_graphql_parser::parse_query(&text)?;
        let mut json = Vec::with_capacity(text.len() + 16);
        json::write_string(&text, &mut json);
        let is_query = parsed.operations.iter().all(|(_, operation)| operation.node.ty == OperationType::Query);
        Ok(Self { text, json: json.into(), parsed, is_query })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as a JSON string, for transports that send it.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// The document, parsed, for transports that do not send text.
    pub fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// Whether executing it changes nothing, so that it may be executed again.
    pub fn is_query(&self) -> bool {
        self.is_query
    }
}

/// A subgraph's answer.
#[derive(Debug, Clone, Default)]
pub struct SubgraphResponse {
    /// The data; null when there is none.
    pub data: ConstValue,
    /// The errors, with paths as the subgraph sees them.
    pub errors: Vec<SubgraphError>,
    /// Those of its headers that clients get.
    pub headers: PassedHeaders,
    /// It sets a cookie, whether or not clients get that, so it is meant for one request.
    pub sets_cookie: bool,
}

/// One error of a subgraph's answer.
#[derive(Debug, Clone, Default)]
pub struct SubgraphError {
    /// The subgraph's text. Clients see it only when `code` is one of the project's table.
    pub message: String,
    /// Where, in the subgraph's document; may be empty or lack list indexes.
    pub path: Vec<PathSegment>,
    /// `extensions.code`.
    pub code: Option<String>,
    /// `extensions.field`: the input that the error is about.
    pub field: Option<String>,
}

/// Why there is no answer. The texts are for the log; clients see generic ones.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// The deadline passed first.
    #[error("the subgraph did not answer in time")]
    Timeout,
    /// Too many calls to it are under way and waiting; this one was not sent.
    #[error("too many calls to the subgraph are waiting")]
    Busy,
    /// The subgraph cannot be reached, or refused.
    #[error("the subgraph is unavailable: {0}")]
    Unavailable(String),
    /// It has not answered for a while, so it was not asked.
    #[error("the subgraph has not answered for a while and is left alone")]
    LeftAlone,
    /// There is no secure connection to it; its certificate may not be trusted.
    #[error("TLS with the subgraph failed: {0}")]
    Tls(String),
    /// The answer is not a GraphQL response.
    #[error("the subgraph's answer is not a GraphQL response: {0}")]
    BadAnswer(String),
    /// The answer is larger than allowed.
    #[error("the subgraph's answer is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// With this answer, those for the client's request are larger than allowed.
    #[error("the answers for one request are larger than {limit} bytes")]
    TooMuch {
        /// The bound, in bytes.
        limit: usize,
    },
    /// With this answer, those for the client's request hold more values than allowed.
    #[error("the answers for one request hold more than {limit} values")]
    TooManyValues {
        /// The bound.
        limit: usize,
    },
}

/// What a fetch needs to know of the client's request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Who of ours is asking. `None` for anonymous callers, and for those whose token is another issuer's.
    pub viewer: Option<Viewer>,
    /// What the caller may ask.
    pub grants: Grants,
    /// Identifies the request in every log line.
    pub request_id: String,
    /// The W3C trace context to pass on.
    pub traceparent: Option<String>,
    /// When the answer is no longer wanted.
    pub deadline: Instant,
    /// What may pass between the client and subgraphs; `None` when nothing does.
    pub headers: Option<Arc<ClientHeaders>>,
    /// What is recorded of the request, or of the fetch that a transport is given; `None` when nothing is.
    pub span: Option<Span>,
}
