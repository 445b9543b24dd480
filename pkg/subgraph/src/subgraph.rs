use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ErrorExtensions as _, ObjectType, Request, Response, Schema, SubscriptionType, Variables};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reel_auth::Viewer;
use reel_document::DocumentBounds;
use reel_error::{ErrorCode, Language};
use tracing::Instrument as _;

use crate::batching::Batching;

/// One operation for a subgraph, as the router (or a test) asks for it.
#[derive(Debug)]
pub struct Call {
    /// What to run.
    pub document: CallDocument,
    /// Which operation of the document; needed when there are several.
    pub operation_name: Option<String>,
    /// The operation's variables.
    pub variables: Variables,
    /// On whose behalf.
    pub viewer: Option<Viewer>,
    /// The id of the request that caused it, for the log.
    pub request_id: String,
    /// When nobody waits for the answer any more.
    pub deadline: Instant,
}

/// The document of a [`Call`].
#[derive(Debug)]
pub enum CallDocument {
    /// As text: it is bounded and parsed first.
    Text(String),
    /// Parsed by the router in this process, once per plan, from text that the planner printed.
    Parsed(Box<ExecutableDocument>),
}

type Execute = dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync;

/// One domain's schema, ready to run operations. Cheap to clone.
#[derive(Clone)]
pub struct Subgraph {
    name: &'static str,
    sdl: Arc<str>,
    execute: Arc<Execute>,
}

impl Subgraph {
    /// Wraps a schema that holds its services and loaders.
    pub fn new<Q, M, S>(name: &'static str, schema: Schema<Q, M, S>) -> Self
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        let sdl = crate::sdl::export(&schema).into();
        let execute = move |request| {
            let schema = schema.clone();
            Batching::new(async move { schema.execute(request).await }.boxed()).boxed()
        };
        Self { name, sdl, execute: Arc::new(execute) }
    }

    /// The domain's name, which is also the subgraph's in the supergraph.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The schema as a Federation 2 subgraph.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// Runs one operation, until its deadline.
    pub async fn execute(&self, call: Call) -> Response {
        let span = tracing::info_span!("subgraph", subgraph.name = self.name, request.id = call.request_id);
        let deadline = tokio::time::Instant::from_std(call.deadline);
        let request = match prepare(call) {
            Ok(request) => request,
            Err(refusal) => return *refusal,
        };
        let execution = (self.execute)(request).instrument(span);
        tokio::time::timeout_at(deadline, execution)
            .await
            .unwrap_or_else(|_| failed(ErrorCode::Timeout.name(), ErrorCode::Timeout.message(Language::English)))
    }
}

impl fmt::Debug for Subgraph {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Subgraph({})", self.name)
    }
}

fn prepare(call: Call) -> Result<Request, Box<Response>> {
    let document = match call.document {
        CallDocument::Parsed(document) => *document,
        CallDocument::Text(text) => match reel_document::check(&text, &DocumentBounds::subgraph()) {
            Ok(checked) => checked.document,
            Err(error) => return Err(Box::new(failed(error.code_name(), &error.to_string()))),
        },
    };
    let mut request = Request::new(String::new()).variables(call.variables);
    request.operation_name = call.operation_name;
    request.set_parsed_query(document);
    Ok(match call.viewer {
        Some(viewer) => request.data(viewer),
        None => request,
    })
}

/// An answer without data: the operation did not run, or nobody waits for it any more.
pub(crate) fn failed(code: &str, text: &str) -> Response {
    let error = async_graphql::Error::new(text).extend_with(|_, extensions| extensions.set("code", code));
    Response::from_errors(vec![error.into_server_error(async_graphql::Pos::default())])
}
