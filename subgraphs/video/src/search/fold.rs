use unicode_normalization::UnicodeNormalization as _;

/// How a character takes part in the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A part of a word, in scripts that write words apart.
    Word,
    /// A character of a script that is written without spaces, or a pictograph. It is found wherever it stands.
    Gram,
    /// Stands between words.
    Separator,
}

/// Scripts without spaces: Thai and Lao, Myanmar, Hangul, Khmer, pictographs, Han, Kana, Bopomofo.
const GRAMS: &[(char, char)] = &[
    ('\u{E00}', '\u{EFF}'),
    ('\u{1000}', '\u{109F}'),
    ('\u{1100}', '\u{11FF}'),
    ('\u{1780}', '\u{17FF}'),
    ('\u{2600}', '\u{27BF}'),
    ('\u{2E80}', '\u{2FDF}'),
    ('\u{3005}', '\u{3007}'),
    ('\u{3021}', '\u{3029}'),
    ('\u{3041}', '\u{3096}'),
    ('\u{309D}', '\u{309F}'),
    ('\u{30A1}', '\u{30FA}'),
    ('\u{30FC}', '\u{30FF}'),
    ('\u{3100}', '\u{318F}'),
    ('\u{31A0}', '\u{31BF}'),
    ('\u{31F0}', '\u{31FF}'),
    ('\u{3400}', '\u{4DBF}'),
    ('\u{4E00}', '\u{9FFF}'),
    ('\u{A960}', '\u{A97F}'),
    ('\u{AC00}', '\u{D7FF}'),
    ('\u{F900}', '\u{FAFF}'),
    ('\u{1F300}', '\u{1FAFF}'),
    ('\u{20000}', '\u{3FFFF}'),
];

/// The class of a folded character.
pub(crate) fn class(character: char) -> Class {
    if GRAMS.iter().any(|(first, last)| (*first..=*last).contains(&character)) {
        Class::Gram
    } else if character.is_alphanumeric() {
        Class::Word
    } else {
        Class::Separator
    }
}

/// The text as the search compares it: compatibility forms made one (NFKC), lower case, every run of separators one
/// space, none at the ends.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut gap = false;
    for character in characters(text) {
        if class(character) == Class::Separator {
            gap = !folded.is_empty();
        } else {
            if std::mem::take(&mut gap) {
                folded.push(' ');
            }
            folded.push(character);
        }
    }
    folded
}

/// A username as the search compares it. Punctuation belongs to a name.
pub(crate) fn fold_name(name: &str) -> String {
    characters(name.trim()).collect()
}

fn characters(text: &str) -> impl Iterator<Item = char> {
    // Both sigmas of Greek are one letter; lower-casing single characters cannot know which of them ends a word.
    let lower =
        text.nfkc().flat_map(char::to_lowercase).map(|character| if character == 'ς' { 'σ' } else { character });
    lower.nfkc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_text_fold_alike() {
        assert_eq!(fold("  Ｈｅｌｌｏ,\tWORLD!! "), "hello world");
        assert_eq!(fold("Cafe\u{301}"), fold("CAFÉ"));
        assert_eq!(fold("ｶﾀｶﾅ"), "カタカナ");
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("第1集：北京（上）"), "第1集 北京 上");
    }

    #[test]
    fn nothing_but_separators_folds_to_nothing() {
        for text in ["", "   ", "%_%", "…!?", "\0\u{200B}\u{7}", "、。「」"] {
            assert_eq!(fold(text), "", "{text:?}");
        }
    }

    #[test]
    fn a_name_keeps_its_punctuation() {
        assert_eq!(fold_name(" Ana_B-1 "), "ana_b-1");
    }
}
