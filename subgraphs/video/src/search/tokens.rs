use std::collections::BTreeSet;

use super::fold::{Class, class};

/// Longer words are cut for the index; the whole word is then compared in the text.
pub(crate) const MAX_TOKEN: usize = 64;

/// What the index holds for one folded content: its words, and for runs of scripts without spaces every character and
/// every pair.
pub(crate) fn content_tokens(folded: &str) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    for run in runs(folded) {
        match run {
            Run::Word(word) => {
                tokens.insert(cut(word));
            }
            Run::Grams(characters) => tokens.extend(name_tokens(&characters)),
        }
    }
    tokens
}

/// What the index holds for a folded name: every character and every pair.
pub(crate) fn name_tokens(folded: &str) -> BTreeSet<String> {
    let singles = folded.chars().map(String::from);
    singles.chain(pairs(folded)).collect()
}

/// What a content that holds this folded text must hold: pairs say more than their characters.
pub(crate) fn needed_of_content(folded: &str) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    for run in runs(folded) {
        match run {
            Run::Word(word) => {
                tokens.insert(cut(word));
            }
            Run::Grams(characters) => tokens.extend(needed_of_name(&characters)),
        }
    }
    tokens
}

/// What a name that holds this folded text must hold.
pub(crate) fn needed_of_name(folded: &str) -> BTreeSet<String> {
    let pairs: BTreeSet<String> = pairs(folded).collect();
    if pairs.is_empty() && !folded.is_empty() { BTreeSet::from([folded.to_owned()]) } else { pairs }
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_TOKEN).collect()
}

fn pairs(text: &str) -> impl Iterator<Item = String> {
    text.chars().zip(text.chars().skip(1)).map(|(first, second)| String::from_iter([first, second]))
}

enum Run<'a> {
    Word(&'a str),
    Grams(String),
}

fn runs(folded: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let kind = class(first);
        let length = rest.find(|character| class(character) != kind).unwrap_or(rest.len());
        let (run, after) = rest.split_at(length);
        match kind {
            Class::Word => runs.push(Run::Word(run)),
            Class::Gram => runs.push(Run::Grams(run.to_owned())),
            Class::Separator => {}
        }
        rest = after;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(tokens: BTreeSet<String>) -> Vec<String> {
        tokens.into_iter().collect()
    }

    #[test]
    fn words_are_whole_and_chinese_is_cut_into_characters_and_pairs() {
        assert_eq!(list(content_tokens("cat 北京人2 x")), ["2", "cat", "x", "京", "京人", "人", "北", "北京"]);
        assert_eq!(list(needed_of_content("cat 北京人2")), ["2", "cat", "京人", "北京"]);
        assert_eq!(list(needed_of_content("北")), ["北"]);
    }

    #[test]
    fn a_name_is_found_by_any_part() {
        let held = name_tokens("ana_b");
        for part in ["a", "n", "_", "na", "a_b", "ana_b"] {
            assert!(needed_of_name(part).is_subset(&held), "{part}");
        }
        assert!(!needed_of_name("ab").is_subset(&held));
    }

    #[test]
    fn whatever_is_held_is_found_by_what_is_needed() {
        for text in ["hello world", "第1集 北京 上", "ไทย", "🎬🎥 film", &"长".repeat(50), &"w".repeat(100)]
        {
            assert!(needed_of_content(text).is_subset(&content_tokens(text)), "{text}");
        }
        assert!(content_tokens(&"w".repeat(100)).iter().all(|token| token.chars().count() <= MAX_TOKEN));
    }
}
