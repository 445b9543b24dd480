//! How deeply a text nests. Reading GraphQL recurses, and a text from elsewhere must not use up the stack.

/// No schema that somebody wrote nests deeper, and routers would not load it: their parsers have limits, too.
pub(crate) const MAX_NESTING: usize = 32;

/// Whether brackets nest deeper than [`MAX_NESTING`], those in strings and comments aside.
pub(crate) fn is_too_deep(text: &str) -> bool {
    let mut rest = text.as_bytes();
    let mut depth = 0_usize;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'#' => &after[after.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(after.len())..],
            b'"' => after_string(rest),
            b'[' | b'{' | b'(' => {
                depth += 1;
                after
            }
            b']' | b'}' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
        if depth > MAX_NESTING {
            return true;
        }
    }
    false
}

/// What follows the string that a text begins with.
fn after_string(text: &[u8]) -> &[u8] {
    if let Some(block) = text.strip_prefix(b"\"\"\"") {
        let mut at = 0;
        while at < block.len() {
            if block[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if block[at..].starts_with(b"\"\"\"") {
                return &block[at + 3..];
            } else {
                at += 1;
            }
        }
        return &[];
    }
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return &text[at + 1..],
            // The parser will have something to say about it.
            b'\n' => return &text[at..],
            _ => at += 1,
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_is_fine_and_one_more_is_not() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!is_too_deep(&nested(MAX_NESTING)));
        assert!(is_too_deep(&nested(MAX_NESTING + 1)));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[".repeat(MAX_NESTING * 2);
        for text in [
            format!("# {many}\na"),
            format!("\"{many}\" a"),
            format!("\"\\\"{many}\" a"),
            format!("\"\"\"{many} \\\"\"\" {many}\"\"\" a"),
        ] {
            assert!(!is_too_deep(&text), "{text}");
            assert!(is_too_deep(&format!("{text} {many}")), "{text} [[[");
        }
    }
}
