//! JSON as RFC 8259 has it, passed over rather than read.

use super::{Outcome, Reader, Unreadable};

impl Reader<'_> {
    /// Passes over any value but null; the members of an object count as values.
    pub(super) fn skip(&mut self) -> Outcome<()> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{') => self.deeper(Self::skip_object),
            _ => Err(self.wrong()),
        }
    }

    fn skip_object(&mut self) -> Outcome<()> {
        self.at += 1;
        self.blank();
        if self.took(b'}') {
            return Ok(());
        }
        loop {
            self.string()?;
            self.blank();
            self.expect(b':')?;
            self.spend(1)?;
            self.value(None)?;
            self.blank();
            if self.took(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
            self.blank();
        }
    }

    pub(super) fn string(&mut self) -> Outcome<()> {
        self.expect(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
    }

    fn escape(&mut self) -> Outcome<()> {
        let digits = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.wrong()),
        };
        self.at += 2;
        for _ in 0..digits {
            match self.peek() {
                Some(digit) if digit.is_ascii_hexdigit() => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
        Ok(())
    }

    pub(super) fn number(&mut self) -> Outcome<()> {
        self.took(b'-');
        if !self.took(b'0') {
            self.digits()?;
        }
        if self.took(b'.') {
            self.digits()?;
        }
        if self.took(b'e') || self.took(b'E') {
            let _sign = self.took(b'+') || self.took(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Outcome<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.wrong()) }
    }

    #[inline]
    pub(super) fn word(&mut self, word: &[u8]) -> Outcome<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.wrong());
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    pub(super) fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(super) fn took(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Outcome<()> {
        if self.took(byte) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn wrong(&self) -> Unreadable {
        Unreadable::Malformed(self.at)
    }
}
