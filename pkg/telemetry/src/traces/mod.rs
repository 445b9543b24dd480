//! Traces: what a request consists of, step by step and across processes, sent to a collector as OTLP.

mod collector;
mod queue;
mod settings;
mod span;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

pub use self::settings::TracesSettings;
pub use self::span::Span;
use crate::trace::random_id;
use crate::{TelemetryError, TraceContext};
use collector::Collector;
use queue::Queue;

/// Who sends requests to an application, and so who may decide that they are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Anybody: requests are drawn by lot, unless the settings trust clients.
    Clients,
    /// Our own processes: what they trace is traced, and nothing else.
    Processes,
}

/// The traces of this process. Cheap to clone.
#[derive(Clone)]
pub struct Traces(Arc<Shared>);

struct Shared {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    sample_ratio: f64,
    trust_clients: bool,
    flush: Duration,
}

impl Traces {
    /// Begins to trace, if there is a collector. To be called in a Tokio runtime; `service` is what the process is called
    /// unless the settings say otherwise.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn start(settings: &TracesSettings, service: &str) -> Result<Option<Self>, TelemetryError> {
        let Some(endpoint) = settings.endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()) else {
            return Ok(None);
        };
        let wrong = |reason: String| TelemetryError::Traces { reason };
        let collector = Collector::new(endpoint, settings).map_err(wrong)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(collector.address())
            .with_timeout(settings.timeout_ms.duration())
            .with_http_client(collector)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let service = settings.service_name.as_deref().unwrap_or(service).to_owned();
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(Resource::builder().with_service_name(service).build())
            .with_span_processor(Queue::new(exporter, settings))
            .build();
        Ok(Some(Self(Arc::new(Shared {
            tracer: provider.tracer("reelgraph"),
            provider,
            sample_ratio: settings.sample_ratio,
            trust_clients: settings.trust_clients,
            flush: settings.flush_ms.duration(),
        }))))
    }

    /// Sends what is left, for as long as the settings allow, and ends.
    pub async fn stop(&self) {
        let (provider, time) = (self.0.provider.clone(), self.0.flush);
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(time)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the process ends before all spans were sent to the collector");
        }
    }

    /// The span of a request, if the request is to be traced; `name` is made only then.
    pub(crate) fn request(
        &self,
        callers: Callers,
        caller: Option<TraceContext>,
        name: impl FnOnce() -> String,
    ) -> Option<Span> {
        let is_traced = match (callers, caller) {
            (Callers::Processes, caller) => caller.is_some_and(TraceContext::is_sampled),
            (Callers::Clients, Some(caller)) if self.0.trust_clients => caller.is_sampled(),
            // Never by the trace's id: clients choose it.
            (Callers::Clients, _) => is_drawn(self.0.sample_ratio),
        };
        is_traced.then(|| Span::server(&self.0.tracer, caller, name()))
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Traces({})", self.0.sample_ratio)
    }
}

impl Drop for Shared {
    /// Whoever wants what is left to be sent has called [`Traces::stop`]; the library would wait here.
    fn drop(&mut self) {
        let _ = self.provider.shutdown_with_timeout(Duration::ZERO);
    }
}

/// One of so many, by lot.
fn is_drawn(ratio: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let lot = (random_id::<u64>() >> 11) as f64 / (1_u64 << 53) as f64;
    lot < ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_that_is_drawn_is_the_one_that_is_set() {
        let drawn = |ratio| (0..10_000).filter(|_| is_drawn(ratio)).count();
        assert_eq!((drawn(0.0), drawn(1.0)), (0, 10_000));
        assert!((2_000..3_000).contains(&drawn(0.25)));
    }
}
