//! What people write.

/// Whether a text shows nothing: it is empty, or of blanks, control characters and characters of no width alone.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

fn is_invisible(character: char) -> bool {
    let no_width =
        matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{3164}' | '\u{115F}');
    character.is_whitespace() || character.is_control() || no_width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_blank_when_it_shows_nothing() {
        for blank in ["", " \t\n", "\u{3000}", "\u{200B}\u{FEFF}", "\0\u{7}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["…", " a ", "\u{200B}影"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
