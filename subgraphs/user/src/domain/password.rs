use reel_error::{ClientError, ErrorCode};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

const MIN_CHARACTERS: usize = 6;
const MAX_CHARACTERS: usize = 128;
/// No acceptable password is longer before normalisation; longer text is not looked at.
const MAX_BYTES: usize = 2_048;

/// A password of acceptable length, in Unicode's NFC, because keyboards differ in how they write the same character.
/// It is wiped from memory when dropped and has no `Debug`.
#[derive(Clone)]
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    /// Checks a password that someone wants to have; `field` names where it was typed.
    ///
    /// # Errors
    /// [`ErrorCode::WeakPassword`] when it is too short or too long.
    pub(crate) fn parse(text: String, field: &'static str) -> Result<Self, ClientError> {
        Self::read(text).ok_or_else(|| ClientError::new(ErrorCode::WeakPassword).field(field))
    }

    /// A password that someone claims to have. `None` when nobody can have it.
    pub(crate) fn read(text: String) -> Option<Self> {
        let text = Zeroizing::new(text);
        if text.len() > MAX_BYTES {
            return None;
        }
        let password = Zeroizing::new(text.nfc().collect::<String>());
        let length = password.chars().count();
        (MIN_CHARACTERS..=MAX_CHARACTERS).contains(&length).then_some(Self(password))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_6_to_128_characters() {
        let accepted = |text: &str| Password::read(text.to_owned()).is_some();
        assert!(!accepted("12345") && accepted("123456"));
        assert!(accepted(&"字".repeat(128)) && !accepted(&"x".repeat(129)));
        assert!(!accepted("") && !accepted(&"x".repeat(1_000_000)));
        assert!(accepted("      "), "blanks are characters too");
    }

    #[test]
    fn the_same_characters_are_the_same_password() {
        let bytes = |text: &str| Password::read(text.to_owned()).map(|password| password.expose().to_vec());
        assert_eq!(bytes("pass\u{e9}word"), bytes("passe\u{301}word"));
    }
}
