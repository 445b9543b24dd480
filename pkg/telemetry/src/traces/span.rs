use std::borrow::Cow;
use std::fmt;

use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;

use crate::TraceContext;

/// A step of a request that is recorded. Cheap to clone; it ends when it is told to, or with its last clone.
///
/// Requests that are not recorded have none: what may be recorded holds an `Option` of it and does nothing without.
#[derive(Clone)]
pub struct Span {
    context: Context,
    tracer: SdkTracer,
}

impl Span {
    /// The first one in this process, under the step of another one if there is such.
    pub(crate) fn server(tracer: &SdkTracer, caller: Option<TraceContext>, name: String) -> Self {
        let above = match caller {
            Some(caller) => Context::new().with_remote_span_context(remote(caller)),
            None => Context::new(),
        };
        Self::begin(tracer, &above, name.into(), SpanKind::Server)
    }

    /// A step of this one.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>) -> Self {
        Self::begin(&self.tracer, &self.context, name.into(), SpanKind::Internal)
    }

    /// A call to somebody else, who is told by its [`traceparent`](Self::traceparent).
    #[must_use]
    pub fn call(&self, name: impl Into<Cow<'static, str>>) -> Self {
        Self::begin(&self.tracer, &self.context, name.into(), SpanKind::Client)
    }

    fn begin(tracer: &SdkTracer, above: &Context, name: Cow<'static, str>, kind: SpanKind) -> Self {
        let span = tracer.build_with_context(SpanBuilder::from_name(name).with_kind(kind), above);
        Self { context: Context::new().with_span(span), tracer: tracer.clone() }
    }

    /// Says something about it. Each key once.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        self.context.span().set_attribute(KeyValue::new(key, value));
    }

    /// Something happened now.
    pub fn note(&self, event: &'static str) {
        self.context.span().add_event(event, Vec::new());
    }

    /// It failed, in a way of a closed list.
    pub fn fail(&self, kind: impl Into<Value>) {
        self.set("error.type", kind);
        self.context.span().set_status(Status::error(""));
    }

    /// It ends now; what is said afterwards is lost.
    pub fn end(&self) {
        self.context.span().end();
    }

    /// The header for who is called as a part of it.
    pub fn traceparent(&self) -> String {
        self.place().to_string()
    }

    /// Its place in the trace.
    pub(crate) fn place(&self) -> TraceContext {
        let span = self.context.span();
        let place = span.span_context();
        TraceContext::sampled(
            u128::from_be_bytes(place.trace_id().to_bytes()),
            u64::from_be_bytes(place.span_id().to_bytes()),
        )
    }
}

fn remote(caller: TraceContext) -> SpanContext {
    let (trace, span) = caller.ids();
    let (trace, span) = (TraceId::from_bytes(trace.to_be_bytes()), SpanId::from_bytes(span.to_be_bytes()));
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE)
}

impl fmt::Debug for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Span({})", self.place())
    }
}
