use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The histogram of how long requests take.
pub(crate) const DURATION: &str = "http_request_duration_seconds";

/// What the names of all histograms of durations end in.
const DURATIONS: &str = "_duration_seconds";

/// From a cache hit to our deadline.
const DURATION_BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often samples are moved into their buckets. Without this they would pile up until somebody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// All metrics of this process in Prometheus's text format, which is served as `text/plain; version=0.0.4`. Empty when
/// nothing is counted.
pub fn metrics_text() -> String {
    recorder().map(PrometheusHandle::render).unwrap_or_default()
}

/// Starts counting in this process, the first time. Handles that were made before count nothing.
pub fn start_metrics() {
    RECORDER.get_or_init(build);
}

/// Whether this process counts.
pub fn metrics_are_on() -> bool {
    recorder().is_some()
}

fn recorder() -> Option<&'static PrometheusHandle> {
    RECORDER.get().and_then(Option::as_ref)
}

fn build() -> Option<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix(DURATIONS.to_owned()), &DURATION_BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .inspect_err(|error| tracing::warn!(%error, "metrics are not counted"))
        .ok()?;
    metrics::describe_counter!("http_requests_total", "Answered HTTP requests.");
    metrics::describe_histogram!(DURATION, metrics::Unit::Seconds, "Time from a request's head to its answer's head.");
    let upkeep = handle.clone();
    let thread = std::thread::Builder::new().name("metrics-upkeep".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(UPKEEP);
            upkeep.run_upkeep();
        }
    });
    if let Err(error) = thread {
        tracing::warn!(%error, "metrics use more and more memory until they are read");
    }
    Some(handle)
}
