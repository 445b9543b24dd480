use crate::{DocumentBounds, DocumentError};

/// Refuses a text that is too long, has too many tokens or nests too deeply, without recursion: the parser behind this
/// scan recurses at every bracket.
pub(crate) fn scan(text: &str, bounds: &DocumentBounds) -> Result<(), DocumentError> {
    // A character has at most four bytes, so a text beyond that need not be counted.
    if text.len() > bounds.characters.saturating_mul(4) || text.chars().count() > bounds.characters {
        return Err(DocumentError::TooLarge { limit: bounds.characters });
    }
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, tokens: 0, open: 0 };
    while let Some(&byte) = scanner.bytes.get(scanner.at) {
        scanner.step(byte);
        if scanner.tokens > bounds.tokens {
            return Err(DocumentError::TooManyTokens { limit: bounds.tokens });
        }
        if scanner.open > bounds.nesting {
            return Err(DocumentError::NestedTooDeeply { limit: bounds.nesting });
        }
    }
    Ok(())
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    tokens: usize,
    open: usize,
}

impl Scanner<'_> {
    fn step(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => self.at += 1,
            b'#' => self.skip_while(|byte| !matches!(byte, b'\n' | b'\r')),
            b'"' => self.string(),
            b'{' | b'[' | b'(' => self.bracket(self.open + 1),
            b'}' | b']' | b')' => self.bracket(self.open.saturating_sub(1)),
            b'.' => self.token_of(|byte| byte == b'.'),
            byte if is_word(byte) => self.token_of(is_word),
            _ => self.token_of(|_| false),
        }
    }

    fn bracket(&mut self, open: usize) {
        self.open = open;
        self.tokens += 1;
        self.at += 1;
    }

    /// One token: this byte and those after it that belong to it.
    fn token_of(&mut self, belongs: impl Fn(u8) -> bool) {
        self.tokens += 1;
        self.at += 1;
        self.skip_while(belongs);
    }

    fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).is_some_and(|byte| belongs(*byte)) {
            self.at += 1;
        }
    }

    fn string(&mut self) {
        self.tokens += 1;
        let block = self.bytes[self.at..].starts_with(b"\"\"\"");
        self.at += if block { 3 } else { 1 };
        while let Some(&byte) = self.bytes.get(self.at) {
            let rest = &self.bytes[self.at..];
            match byte {
                b'\\' if block && rest.starts_with(b"\\\"\"\"") => self.at += 4,
                b'\\' if !block => self.at += 2,
                b'"' if block && rest.starts_with(b"\"\"\"") => {
                    self.at += 3;
                    return;
                }
                b'"' | b'\n' | b'\r' if !block => {
                    self.at += 1;
                    return;
                }
                _ => self.at += 1,
            }
        }
    }
}

/// Names and numbers. Bytes above ASCII are errors outside strings; counting them as words keeps the scan simple.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}
