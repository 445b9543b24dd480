//! Spans that wait to be sent: so many at the most, and what is beyond is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Counter, counter};
use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};

use super::TracesSettings;

/// What became of spans.
const SPANS: &str = "reelgraph_spans_total";

/// Takes spans when they end. The library's queue in it never fills up, because this one is bounded the same and says what it
/// drops.
#[derive(Debug)]
pub(super) struct Queue {
    batches: BatchSpanProcessor,
    waiting: Arc<Waiting>,
    most: usize,
    dropped: Counter,
}

/// What waits.
#[derive(Debug, Default)]
struct Waiting {
    spans: AtomicUsize,
    /// Whether the operator knows that spans are dropped.
    is_told: AtomicBool,
}

impl Queue {
    pub(super) fn new(exporter: impl SpanExporter + 'static, settings: &TracesSettings) -> Self {
        metrics::describe_counter!(SPANS, "Spans of traces.");
        let waiting = Arc::<Waiting>::default();
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(settings.queue)
            .with_max_export_batch_size(settings.batch.min(settings.queue))
            .with_scheduled_delay(settings.delay_ms.duration())
            .build();
        let counted = |outcome| counter!(SPANS, "outcome" => outcome);
        let exporter =
            Counting { exporter, waiting: Arc::clone(&waiting), sent: counted("sent"), failed: counted("failed") };
        let batches = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
        Self { batches, waiting, most: settings.queue, dropped: counted("dropped") }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.waiting.spans.fetch_add(1, Ordering::Relaxed) < self.most {
            return self.batches.on_end(span);
        }
        self.waiting.spans.fetch_sub(1, Ordering::Relaxed);
        self.dropped.increment(1);
        if !self.waiting.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(most = self.most, "too many spans wait for the collector; further ones are dropped");
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

/// Counts what leaves the queue.
#[derive(Debug)]
struct Counting<E> {
    exporter: E,
    waiting: Arc<Waiting>,
    sent: Counter,
    failed: Counter,
}

impl<E: SpanExporter> SpanExporter for Counting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.waiting.spans.fetch_sub(spans, Ordering::Relaxed);
        let sent = self.exporter.export(batch).await;
        if sent.is_ok() {
            self.waiting.is_told.store(false, Ordering::Relaxed);
        }
        let outcome = if sent.is_ok() { &self.sent } else { &self.failed };
        outcome.increment(spans as u64);
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
