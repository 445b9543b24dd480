use async_graphql_value::Name;
use async_trait::async_trait;
use reel_router::PathSegment;
use reel_router::transport::{Fetch, Fetched, SubgraphError, SubgraphResponse, SubgraphTransport, TransportError};
use reel_subgraph::{Call, CallDocument, Subgraph};

/// A subgraph of this process as the router's transport: a function call that hands over the parsed document and takes
/// back values, without text in between.
#[derive(Debug)]
pub(crate) struct InProcess(pub(crate) Subgraph);

#[async_trait]
impl SubgraphTransport for InProcess {
    async fn fetch(&self, mut fetch: Fetch) -> Result<Fetched, TransportError> {
        let span = fetch.context.span.as_ref().map(|fetch| fetch.child(format!("subgraph {}", self.0.name())));
        let call = Call {
            document: CallDocument::Parsed(Box::new(fetch.document.parsed().clone())),
            operation_name: None,
            variables: fetch.take_variables()?,
            viewer: fetch.context.viewer,
            request_id: fetch.context.request_id.clone(),
            deadline: fetch.deadline,
        };
        let response = self.0.execute(call).await;
        drop(span);
        let response = SubgraphResponse {
            data: response.data,
            errors: response.errors.into_iter().map(error).collect(),
            ..SubgraphResponse::default()
        };
        Ok(response.into())
    }
}

fn error(error: async_graphql::ServerError) -> SubgraphError {
    let extension = |name: &str| match error.extensions.as_ref()?.get(name)? {
        async_graphql::Value::String(text) => Some(text.clone()),
        _ => None,
    };
    SubgraphError {
        code: extension("code"),
        field: extension("field"),
        path: error.path.into_iter().map(segment).collect(),
        message: error.message,
    }
}

fn segment(segment: async_graphql::PathSegment) -> PathSegment {
    match segment {
        async_graphql::PathSegment::Field(name) => PathSegment::Key(Name::new(name)),
        async_graphql::PathSegment::Index(index) => PathSegment::Index(index),
    }
}
