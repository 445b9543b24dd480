//! What we see of a running process: logs, metrics, and the ids that tie them together across processes.
//!
//! - [`init`] starts logging once per process, and counting where it is wanted.
//! - [`observed`] wraps a router: one log line (and two metrics) per request, and a [`RequestContext`] (request id and
//!   trace) that [`RequestContext::current`] finds anywhere below and [`RequestContext::write_to`] passes on to the next
//!   process.
//! - [`metrics_text`] is what `GET /metrics` answers. Whatever counts asks [`metrics_are_on`] once, when it is made, and
//!   keeps its handles: a process that does not count pays nothing for it.
//! - [`Traces`] records [`Span`]s of the requests that are to be traced; the others have none.
//!
//! Tokens, passwords and bodies are never logged; paths are logged as their templates, not as they were sent.

mod context;
mod logging;
mod metrics_text;
mod observe;
mod trace;
mod traces;

pub use context::{REQUEST_ID, RequestContext};
pub use logging::{LogFormat, MetricsSettings, TelemetryError, TelemetrySettings, init};
pub use metrics_text::{metrics_are_on, metrics_text, start_metrics};
pub use observe::observed;
pub use trace::{TRACEPARENT, TraceContext};
pub use traces::{Callers, Span, Traces, TracesSettings};
