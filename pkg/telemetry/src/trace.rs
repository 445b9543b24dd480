use std::fmt;

/// The header that carries a trace between processes (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// Our place in a trace: which trace, which step of it, and whether it is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// Begins a trace.
    pub fn begin() -> Self {
        Self { trace_id: random_id(), span_id: random_id(), flags: 0 }
    }

    /// Reads a `traceparent` header. `None` when it is not of the standard's form.
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Later versions may append parts to the four we know; version ff is forbidden.
        let version = hex(version, 2)?;
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let context = Self {
            trace_id: hex(trace_id, 32)?,
            span_id: u64::try_from(hex(span_id, 16)?).ok()?,
            flags: u8::try_from(hex(flags, 2)?).ok()?,
        };
        (context.trace_id != 0 && context.span_id != 0).then_some(context)
    }

    /// A place in a trace that is recorded.
    pub(crate) fn sampled(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id, flags: 1 }
    }

    /// The same place in a trace that is not recorded.
    pub(crate) fn unsampled(self) -> Self {
        Self { flags: 0, ..self }
    }

    /// Whether whoever began it records it.
    pub(crate) fn is_sampled(self) -> bool {
        self.flags & 1 == 1
    }

    /// Which trace, and which step of it.
    pub(crate) fn ids(self) -> (u128, u64) {
        (self.trace_id, self.span_id)
    }

    /// The next step of the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        // Of the flags we know "sampled" only; the others must not be passed on.
        Self { span_id: random_id(), flags: self.flags & 1, ..self }
    }

    /// The trace's id: 32 hexadecimal digits.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The `traceparent` header.
impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

/// Exactly so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let valid = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    valid.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// A random id that is not zero, which would mean "none".
#[expect(clippy::disallowed_methods, reason = "ids of requests only label log lines; nothing depends on them")]
pub(crate) fn random_id<T: Default + PartialEq>() -> T
where
    rand::distr::StandardUniform: rand::distr::Distribution<T>,
{
    loop {
        let id = rand::random();
        if id != T::default() {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_reads_back_as_itself() {
        let context = TraceContext::parse(HEADER).unwrap();
        assert_eq!(context.to_string(), HEADER);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let begun = TraceContext::begin();
        assert_eq!(TraceContext::parse(&begun.to_string()), Some(begun));
    }

    #[test]
    fn a_child_is_another_step_of_the_same_trace() {
        let parent = TraceContext::parse(&HEADER.replace("-01", "-ff")).unwrap();
        let child = parent.child();
        assert_eq!(child.trace_id(), parent.trace_id());
        assert_ne!(child.span_id, parent.span_id);
        assert!(child.to_string().ends_with("-01"), "unknown flags are not passed on");
    }

    #[test]
    fn later_versions_may_say_more() {
        assert!(TraceContext::parse(&HEADER.replacen("00", "01", 1)).is_some());
        assert!(TraceContext::parse(&format!("{}-more", HEADER.replacen("00", "01", 1))).is_some());
    }

    #[test]
    fn anything_else_is_no_trace() {
        for header in [
            "".to_owned(),
            "00".to_owned(),
            HEADER[..54].to_owned(),
            format!("{HEADER}-more"),
            format!(" {HEADER}"),
            HEADER.to_uppercase(),
            HEADER.replacen("00", "ff", 1),
            HEADER.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            HEADER.replace("00f067aa0ba902b7", &"0".repeat(16)),
            HEADER.replace("4bf9", "+bf9"),
            HEADER.replace("4bf9", "é9"),
        ] {
            assert_eq!(TraceContext::parse(&header), None, "{header:?}");
        }
    }
}
