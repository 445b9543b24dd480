//! Headers that pass between the client and a subgraph.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Fetch, Fetched, SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError};
use crate::headers::SubgraphHeaders;

/// Gives each fetch the headers that its subgraph is to get, and the client those of the answer. It stands before
/// everything that tells fetches apart by what they carry.
pub(super) struct Passing {
    subgraph: Arc<dyn SubgraphTransport>,
    headers: SubgraphHeaders,
}

impl Passing {
    /// In front of this subgraph.
    pub(super) fn new(subgraph: Arc<dyn SubgraphTransport>, headers: SubgraphHeaders) -> Self {
        Self { subgraph, headers }
    }
}

#[async_trait]
impl SubgraphTransport for Passing {
    async fn execute(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        self.fetch(request.into()).await?.into_response()
    }

    async fn fetch(&self, mut fetch: Fetch) -> Result<Fetched, TransportError> {
        let client = fetch.request.context.headers.clone();
        fetch.request.headers = self.headers.sent(client.as_deref());
        let answer = self.subgraph.fetch(fetch).await?;
        if let Some(client) = &client {
            self.headers.give(answer.headers(), client);
        }
        Ok(answer)
    }
}

impl fmt::Debug for Passing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Passing({:?})", self.headers)
    }
}
