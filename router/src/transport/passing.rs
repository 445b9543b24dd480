//! Headers that pass between the client and a subgraph.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Fetch, Fetched, SubgraphTransport, TransportError};
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
    async fn fetch(&self, mut fetch: Fetch) -> Result<Fetched, TransportError> {
        let client = fetch.context.headers.clone();
        fetch.headers = self.headers.sent(client.as_deref());
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
