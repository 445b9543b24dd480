use axum::http::{HeaderMap, HeaderValue};

use crate::trace::random_id;
use crate::{Span, TRACEPARENT, TraceContext};

/// The header that carries a request's id.
pub const REQUEST_ID: &str = "x-request-id";

/// Longer ids are replaced by one of ours.
const LONGEST_REQUEST_ID: usize = 64;

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// What identifies a request in the logs of all processes that take part in it.
#[derive(Debug, Clone)]
pub struct RequestContext {
    request_id: String,
    trace: TraceContext,
    span: Option<Span>,
}

impl RequestContext {
    /// A new request.
    pub fn begin() -> Self {
        Self { request_id: format!("{:032x}", random_id::<u128>()), trace: TraceContext::begin(), span: None }
    }

    /// The request that these headers belong to. An id of up to 64 letters, digits, `.`, `_` and `-` is kept, as is a
    /// valid trace; what is missing or not of that form is begun anew.
    pub fn read_from(headers: &HeaderMap) -> Self {
        let new = Self::begin();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            request_id: text(REQUEST_ID).filter(|id| is_sane(id)).map_or(new.request_id, str::to_owned),
            trace: text(TRACEPARENT).and_then(TraceContext::parse).map_or(new.trace, TraceContext::child),
            span: None,
        }
    }

    /// The same request, recorded as this span, or not recorded.
    pub(crate) fn traced(self, span: Option<Span>) -> Self {
        let trace = span.as_ref().map_or(self.trace.unsampled(), Span::place);
        Self { trace, span, ..self }
    }

    /// The request that this task works for. A task that was spawned for it has to be given it by
    /// [`scope`](Self::scope).
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Runs `work` as part of this request.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Writes the headers for a call to another process, as a further step of the trace.
    pub fn write_to(&self, headers: &mut HeaderMap) {
        // A step that is not recorded has a name of its own all the same; a recorded one is named as it was recorded.
        let step = if self.span.is_some() { self.trace } else { self.trace.child() };
        for (name, value) in [(REQUEST_ID, self.request_id.clone()), (TRACEPARENT, step.to_string())] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }

    /// The request's id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// What is recorded of it, if anything is.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// The trace's id: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        self.trace.trace_id()
    }
}

fn is_sane(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_REQUEST_ID).contains(&id.len()) && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(id: &str, trace: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, id.parse().unwrap());
        headers.insert(TRACEPARENT, trace.parse().unwrap());
        headers
    }

    #[test]
    fn a_sane_id_and_trace_are_kept_and_passed_on() {
        let received = headers("phone-1.a_B", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let context = RequestContext::read_from(&received);
        assert_eq!(context.request_id(), "phone-1.a_B");
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");

        let mut sent = HeaderMap::new();
        context.write_to(&mut sent);
        let next = RequestContext::read_from(&sent);
        assert_eq!((next.request_id(), next.trace_id()), (context.request_id(), context.trace_id()));
        assert_ne!(sent[TRACEPARENT], received[TRACEPARENT]);
    }

    #[test]
    fn what_could_forge_or_flood_a_log_line_is_replaced() {
        let long = "a".repeat(65);
        for id in ["", "a b", "a\"b", "{}", "id=1,user=2", long.as_str()] {
            let context = RequestContext::read_from(&headers(id, "nonsense"));
            assert_ne!(context.request_id(), id);
            assert_eq!(context.request_id().len(), 32);
            assert_eq!(context.trace_id().len(), 32);
        }
    }

    #[tokio::test]
    async fn the_current_request_is_known_inside_its_scope_only() {
        let current = || RequestContext::current().map(|context| context.request_id);
        assert_eq!(current(), None);
        let context = RequestContext::begin();
        let inside = context.clone().scope(async { current() }).await;
        assert_eq!(inside, Some(context.request_id));
        assert_eq!(current(), None);
    }
}
