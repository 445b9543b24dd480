use std::sync::Arc;

use async_trait::async_trait;
use reel_router::transport::{Fetch, Fetched, SubgraphTransport, TransportError};
use reel_router::{Engine, EngineSettings};

use crate::Failure;

/// A way that leads nowhere, for commands that plan and never execute.
struct Nowhere;

#[async_trait]
impl SubgraphTransport for Nowhere {
    async fn fetch(&self, _: Fetch) -> Result<Fetched, TransportError> {
        Err(TransportError::Unavailable("this command plans only".to_owned()))
    }
}

/// An engine that plans operations over a supergraph and has no subgraphs to execute them.
pub(crate) fn planning_engine(supergraph: &str) -> Result<Engine, Failure> {
    Engine::connect(supergraph, |_, _| Ok(Arc::new(Nowhere)), EngineSettings::default()).map_err(Failure::usage)
}
