//! What is counted and timed (`telemetry.metrics`).
//!
//! Labels are names that the operator wrote, in the supergraph or in trusted documents, or words of closed lists: no client
//! can make another series. Handles are made once, with what they count; where nothing is counted they are empty, and a clock is
//! read only where somebody wants to know.

mod documents;
mod fetches;
mod limits;
pub(crate) mod names;
mod operations;
mod plans;
mod reloads;

pub(crate) use documents::{AutomaticMeter, SharedMeter};
pub(crate) use fetches::{FetchMeter, FetchOutcome};
pub(crate) use limits::LimitMeter;
pub(crate) use names::describe;
pub(crate) use operations::{OperationMeter, Outcome};
pub(crate) use plans::PlanMeter;
pub(crate) use reloads::ReloadMeter;
