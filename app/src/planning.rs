use std::sync::Arc;

use async_trait::async_trait;
use reel_router::transport::{Fetch, Fetched, SubgraphTransport, TransportError};
use reel_router::{Engine, EngineError, EngineSettings};

use crate::Failure;
use crate::router::Transports;

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
    let mut transports = Transports::new();
    loop {
        // The engine names the subgraphs that it misses one by one; there are finitely many.
        match Engine::new(supergraph, transports.clone(), EngineSettings::default()) {
            Err(EngineError::NoTransport { subgraph }) => transports.insert(subgraph, Arc::new(Nowhere)),
            Err(error) => return Err(Failure::usage(error)),
            Ok(engine) => return Ok(engine),
        };
    }
}
