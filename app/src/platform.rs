use std::sync::Arc;

use reel_auth::InternalKey;
use reel_auth::call::{CallSigner, CallVerifier};
use reel_id::{Clock, IdGenerator, SystemClock};
use reel_subgraph::Tasks;
use reel_telemetry::Traces;

use crate::{Failure, Settings};

/// What everything in one process shares: time, ids, the key for calls between processes, background work.
#[derive(Debug, Clone)]
pub struct Platform {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<IdGenerator>,
    /// The key that our processes share.
    pub internal_key: InternalKey,
    /// Background work, stopped at the end.
    pub tasks: Tasks,
    /// Where requests are recorded, if any are.
    pub traces: Option<Traces>,
}

impl Platform {
    /// The machine's clock, and the node number and key of the settings.
    ///
    /// # Errors
    /// When the key is missing or unusable, or the node number is out of range.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        Self::with_clock(settings, Arc::new(SystemClock))
    }

    /// The same with another clock, for tests.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_clock(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let ids = IdGenerator::new(Arc::clone(&clock), settings.node_id).map_err(Failure::usage)?;
        let internal_key = InternalKey::from_setting(settings.auth.internal_key.as_ref()).map_err(Failure::usage)?;
        Ok(Self { clock, ids: Arc::new(ids), internal_key, tasks: Tasks::default(), traces: None })
    }

    /// The same with requests recorded there.
    #[must_use]
    pub fn with_traces(self, traces: Option<Traces>) -> Self {
        Self { traces, ..self }
    }

    /// Signs calls to other domains.
    pub fn call_signer(&self) -> CallSigner {
        CallSigner::new(&self.internal_key, Arc::clone(&self.clock))
    }

    /// Checks the calls to one audience.
    pub fn call_verifier(&self, audience: String) -> CallVerifier {
        CallVerifier::new(&self.internal_key, audience, Arc::clone(&self.clock))
    }
}
