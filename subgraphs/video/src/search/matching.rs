use std::collections::BTreeSet;

use reel_error::{ClientError, ErrorCode};

use super::tokens::{needed_of_content, needed_of_name};
use super::{fold, fold_name};

/// The most characters of what is searched for.
const MAX_QUERY: usize = 256;
/// The most tokens that the index is asked for together. The phrases say the rest.
const MAX_TOKENS: usize = 16;

/// Which part of the index a token is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Of titles and descriptions.
    Content = 1,
    /// Of authors' names.
    Author = 2,
}

/// Which folded text a phrase stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Content,
    Author,
}

/// One entry of the index that a video must have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

/// What the texts of a video must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Matching {
    /// Nothing is asked for.
    Anything,
    /// What is asked for cannot be in the index, as pure punctuation.
    Nothing,
    /// All of this.
    All {
        /// At least one, [`MAX_TOKENS`] at most.
        tokens: Vec<Token>,
        /// Folded texts that stand in the columns as they are, where the tokens alone cannot say so.
        phrases: Vec<(Column, String)>,
    },
}

/// Reads keywords, which blanks separate, and a part of an author's name. Blank texts ask for nothing.
///
/// # Errors
/// When a text is longer than a search can be.
pub(crate) fn matching(keywords: Option<&str>, author: Option<&str>) -> Result<Matching, ClientError> {
    let keywords = bounded(keywords, "keywords")?;
    let author = bounded(author, "authorUsername")?;
    let segments: BTreeSet<String> =
        keywords.split_whitespace().map(fold).filter(|segment| !segment.is_empty()).collect();
    let name = fold_name(author);
    if (segments.is_empty() && !keywords.is_empty()) || (name.is_empty() && !author.is_empty()) {
        return Ok(Matching::Nothing);
    }
    let content = segments.into_iter().map(Part::of_content);
    let parts: Vec<Part> = content.chain((!name.is_empty()).then(|| Part::of_name(name))).collect();
    Ok(if parts.is_empty() { Matching::Anything } else { join(parts) })
}

fn bounded<'a>(text: Option<&'a str>, field: &'static str) -> Result<&'a str, ClientError> {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > MAX_QUERY {
        let detail = format!("`{field}` has at most {MAX_QUERY} characters.");
        return Err(ClientError::new(ErrorCode::InvalidArgument).field(field).detail(detail));
    }
    Ok(text)
}

/// One keyword, or the name.
struct Part {
    column: Column,
    phrase: String,
    tokens: BTreeSet<Token>,
}

impl Part {
    fn of_content(phrase: String) -> Self {
        let tokens = needed_of_content(&phrase).into_iter().map(|text| Token { kind: Kind::Content, text }).collect();
        Self { column: Column::Content, phrase, tokens }
    }

    fn of_name(phrase: String) -> Self {
        let tokens = needed_of_name(&phrase).into_iter().map(|text| Token { kind: Kind::Author, text }).collect();
        Self { column: Column::Author, phrase, tokens }
    }

    /// A single token is the phrase itself. Several do not say that they are neighbours.
    fn is_said_by(&self, asked: &BTreeSet<Token>) -> bool {
        self.tokens.len() == 1 && self.tokens.iter().all(|token| asked.contains(token) && token.text == self.phrase)
    }
}

fn join(parts: Vec<Part>) -> Matching {
    let mut tokens: Vec<Token> = parts.iter().flat_map(|part| part.tokens.iter().cloned()).collect();
    tokens.sort();
    tokens.dedup();
    // Longer tokens are rarer, so they are the ones to keep.
    tokens.sort_by_key(|token| std::cmp::Reverse(token.text.chars().count()));
    tokens.truncate(MAX_TOKENS);
    let asked: BTreeSet<Token> = tokens.iter().cloned().collect();
    let unsaid = parts.into_iter().filter(|part| !part.is_said_by(&asked));
    Matching::All { tokens, phrases: unsaid.map(|part| (part.column, part.phrase)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(keywords: &str, author: &str) -> (Vec<String>, Vec<String>) {
        match matching(Some(keywords), Some(author)).unwrap() {
            Matching::All { tokens, phrases } => (
                tokens.into_iter().map(|token| token.text).collect(),
                phrases.into_iter().map(|(_, phrase)| phrase).collect(),
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn blank_texts_ask_for_nothing_and_punctuation_is_nowhere() {
        for blank in [None, Some(""), Some("  \t")] {
            assert_eq!(matching(blank, blank).unwrap(), Matching::Anything);
        }
        assert_eq!(matching(Some("%"), None).unwrap(), Matching::Nothing);
        assert_eq!(matching(Some("!? …"), Some("ana")).unwrap(), Matching::Nothing);
    }

    #[test]
    fn only_what_tokens_cannot_say_is_compared_in_the_text() {
        assert_eq!(parts("Cat, DOG", ""), (vec!["cat".into(), "dog".into()], vec![]));
        assert_eq!(parts("北京", ""), (vec!["北京".into()], vec![]));
        assert_eq!(parts("北京人", "").1, ["北京人"]);
        assert_eq!(parts("cat-dog", "").1, ["cat dog"]);
        assert_eq!(parts("", "Ana").1, ["ana"]);
        assert_eq!(parts("", "an").1, Vec::<String>::new());
        assert_eq!(parts(&"w".repeat(70), "").1, ["w".repeat(70)]);
    }

    #[test]
    fn a_search_is_bounded() {
        assert_eq!(matching(Some(&"x".repeat(257)), None).unwrap_err().field.as_deref(), Some("keywords"));
        let many: String = (0..40).map(|number| format!("w{number} ")).collect();
        let (tokens, phrases) = parts(&many, "");
        assert_eq!(tokens.len(), MAX_TOKENS);
        assert_eq!(phrases.len(), 40 - MAX_TOKENS);
    }
}
