//! Search by an index of our own: texts are folded and cut into tokens, an ordinary table maps tokens to videos.
//!
//! - [`fold`] makes texts comparable; what is neither letter nor digit nor written without spaces separates words.
//! - [`tokens`] cuts folded text: words where words are written apart, one and two characters elsewhere.
//! - [`Matching`] is a search in these terms. The index finds candidates by all of its tokens; where tokens cannot say
//!   that they stand side by side, the candidates' folded texts are compared.
//!
//! Words match as a whole, Chinese and its like anywhere. Keywords of nothing but punctuation match nothing.

mod fold;
mod matching;
mod tokens;

pub(crate) use fold::{fold, fold_name};
pub(crate) use matching::{Column, Kind, Matching, Token, matching};
pub(crate) use tokens::{content_tokens, name_tokens};
