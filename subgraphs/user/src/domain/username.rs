use reel_error::{ClientError, ErrorCode};
use unicode_normalization::UnicodeNormalization as _;

const MAX_CHARACTERS: usize = 32;
/// No acceptable name is longer before normalisation; longer text is not looked at.
const MAX_BYTES: usize = 1_024;

/// A name that may be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Username {
    display: String,
    key: UsernameKey,
}

/// A name without the differences that do not make another name: letter case, compatibility forms (full-width letters,
/// ligatures) and invisible characters. No two people have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsernameKey(String);

impl Username {
    /// Checks a name that someone wants to register.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidUsername`] when it is empty, too long, or holds blanks or characters that cannot be seen.
    pub(crate) fn parse(text: &str) -> Result<Self, ClientError> {
        Self::read(text).ok_or_else(|| ClientError::new(ErrorCode::InvalidUsername).field("username"))
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let display: String = text.nfc().collect();
        let acceptable = !display.chars().any(|c| c.is_whitespace() || c.is_control() || is_deceptive(c));
        let key = fold(&display);
        let fits = display.chars().count() <= MAX_CHARACTERS;
        (acceptable && fits && !key.is_empty()).then_some(Self { display, key: UsernameKey(key) })
    }

    /// The name as it is shown: as typed, in Unicode's NFC.
    pub(crate) fn display(&self) -> &str {
        &self.display
    }

    /// What has to be unique.
    pub(crate) fn key(&self) -> &UsernameKey {
        &self.key
    }
}

impl UsernameKey {
    /// The key of a name that someone looks for. `None` when nobody can have this name.
    pub(crate) fn of(text: &str) -> Option<Self> {
        Username::read(text).map(|name| name.key)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unicode's simple approach to caseless matching: through upper case and back, so that ß and SS, or σ and ς, are one.
fn fold(name: &str) -> String {
    name.nfkc().filter(|c| !is_joiner(*c)).flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Invisible characters that emoji and some scripts need. They are kept, but make no other name.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

/// Characters that are not seen, or that turn the text around them: soft hyphen, fillers, zero-width space,
/// directional marks, embeddings and isolates, byte order mark, tags, language marks, private use and line separators.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        UsernameKey::of(text).map(|key| key.0)
    }

    #[test]
    fn names_that_look_alike_are_one_name() {
        for (one, other) in [
            ("Ana", "aNA"),
            ("José", "JOSE\u{301}"),
            ("straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("ａｎａ", "ana"),
            ("a\u{200D}na", "ana"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
            assert!(key(one).is_some());
        }
        for (one, other) in [("ana", "aná"), ("小明", "小红"), ("👩‍💻", "👨‍💻")] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn a_name_is_shown_as_typed() {
        let name = Username::read("JOSE\u{301}").map(|name| name.display);
        assert_eq!(name.as_deref(), Some("JOSÉ"));
    }

    #[test]
    fn blank_invisible_and_long_names_are_refused() {
        let long = "字".repeat(33);
        for text in ["", " ", "a b", "a\u{3000}b", "a\0", "\n", "\u{202E}ana", "\u{200D}", "a\u{FEFF}", &long] {
            assert_eq!(Username::read(text), None, "{text:?}");
        }
        assert!(key(&"字".repeat(32)).is_some());
        assert!(key(&"👩".repeat(32)).is_some());
        assert_eq!(key(&"a\u{301}".repeat(100_000)), None);
    }

    #[test]
    fn the_longest_key_fits_its_column() {
        // U+FDFA has the longest compatibility form of all characters.
        let longest = key(&"\u{FDFA}".repeat(32));
        // It holds blanks, which only the key may.
        assert!(longest.is_some_and(|key| key.chars().count() <= 640));
    }
}
