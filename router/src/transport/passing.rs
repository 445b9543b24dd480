//! Headers that pass between the client and a subgraph.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError};
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
    async fn execute(&self, mut request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let client = request.context.headers.clone();
        request.headers = self.headers.sent(client.as_deref());
        let response = self.subgraph.execute(request).await?;
        if let Some(client) = &client {
            self.headers.give(&response.headers, client);
        }
        Ok(response)
    }
}

impl fmt::Debug for Passing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Passing({:?})", self.headers)
    }
}
