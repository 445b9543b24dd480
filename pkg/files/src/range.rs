use std::ops::Range;

/// What a `Range` header asks for, of a file with a given size.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// The whole file: no header, or one that we may and do ignore (several ranges, another unit, nonsense).
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing that the file has.
    Unsatisfiable,
}

/// Reads a `Range` header (RFC 9110, 14.2).
pub(crate) fn requested(header: Option<&str>, size: u64) -> Requested {
    let Some(spec) = header.and_then(bytes_spec) else { return Requested::Whole };
    let Some((first, last)) = spec.split_once('-') else { return Requested::Whole };
    let range = match (number(first), number(last)) {
        (Number::Absent, Number::Is(count)) => size.saturating_sub(count)..size,
        (Number::Is(first), Number::Absent) => first..size,
        (Number::Is(first), Number::Is(last)) if first <= last => first..last.saturating_add(1).min(size),
        _ => return Requested::Whole,
    };
    if range.is_empty() { Requested::Unsatisfiable } else { Requested::Part(range) }
}

fn bytes_spec(header: &str) -> Option<&str> {
    let (unit, spec) = header.split_once('=')?;
    let single = unit.trim().eq_ignore_ascii_case("bytes") && !spec.contains(',');
    single.then(|| spec.trim())
}

enum Number {
    Absent,
    Is(u64),
    Nonsense,
}

fn number(text: &str) -> Number {
    let text = text.trim();
    if text.is_empty() {
        return Number::Absent;
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Number::Nonsense;
    }
    // More digits than fit mean "beyond the end".
    Number::Is(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        use Requested::{Part, Unsatisfiable, Whole};
        let cases = [
            ("bytes=0-0", Part(0..1)),
            ("bytes=0-4", Part(0..5)),
            ("bytes=5-", Part(5..10)),
            ("bytes=-3", Part(7..10)),
            ("bytes=-99", Part(0..10)),
            ("bytes=9-99999999999999999999999", Part(9..10)),
            ("Bytes = 1-2", Part(1..3)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-12", Unsatisfiable),
            ("bytes=99999999999999999999999-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=4-2", Whole),
            ("bytes=0-1,3-4", Whole),
            ("bytes=-", Whole),
            ("bytes=a-b", Whole),
            ("bytes=+1-2", Whole),
            ("bytes", Whole),
            ("lines=1-2", Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(requested(Some(header), 10), expected, "{header}");
        }
        assert_eq!(requested(None, 10), Whole);
        assert_eq!(requested(Some("bytes=0-"), 0), Unsatisfiable);
    }
}
