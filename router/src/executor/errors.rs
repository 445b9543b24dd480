//! The errors of one answer, and how subgraphs' errors become the client's.

use async_graphql_value::Name;
use reel_error::{ErrorCode, Language};

use crate::error::GraphqlError;
use crate::path::PathSegment;
use crate::transport::{SubgraphError, TransportError};

/// How many errors one answer lists. The rest says nothing new.
const MOST_ERRORS: usize = 100;

/// The errors of one answer.
#[derive(Debug, Default)]
pub(crate) struct ErrorLog {
    errors: Vec<GraphqlError>,
    /// How many there were, also those that are not listed.
    seen: usize,
    /// Whether one of them is at more places than are listed.
    cut_short: bool,
}

impl ErrorLog {
    pub(crate) fn add(&mut self, error: GraphqlError) {
        self.seen += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error);
        }
    }

    /// Adds one that has to be listed, however many there are.
    pub(crate) fn add_first(&mut self, error: GraphqlError) {
        self.seen += 1;
        self.errors.truncate(MOST_ERRORS - 1);
        self.errors.insert(0, error);
    }

    pub(crate) fn add_at(&mut self, code: ErrorCode, message: &str, path: Vec<PathSegment>) {
        self.add(GraphqlError::new(code, message).at(path));
    }

    /// Whether an error already explains a null at `path`: it is there, above it or below it. List positions do not
    /// count, because subgraphs do not always give them and because errors of many entities are cut short.
    pub(crate) fn covers(&self, path: &[PathSegment]) -> bool {
        let keys = |path: &[PathSegment]| -> Vec<PathSegment> {
            path.iter().filter(|segment| matches!(segment, PathSegment::Key(_))).cloned().collect()
        };
        let wanted = keys(path);
        self.errors.iter().any(|error| {
            let found = keys(&error.path);
            !found.is_empty() && found.iter().zip(&wanted).all(|(a, b)| a == b)
        })
    }

    /// Those that are listed.
    pub(crate) fn listed(&self) -> &[GraphqlError] {
        &self.errors
    }

    /// Whether there were more than are listed.
    pub(crate) fn has_more(&self) -> bool {
        self.seen > self.errors.len()
    }

    /// Something failed at more places than are listed.
    pub(crate) fn cut_short(&mut self) {
        self.cut_short = true;
    }

    pub(crate) fn is_cut_short(&self) -> bool {
        self.cut_short
    }

    /// Changes the paths of errors, and drops those for which the answer is false.
    pub(crate) fn retain_mut(&mut self, mut keep: impl FnMut(&mut Vec<PathSegment>) -> bool) {
        self.errors.retain_mut(|error| keep(&mut error.path));
    }

    /// Gives keys that begin so the client's names: the rest.
    pub(crate) fn show_keys(&mut self, begin: &str) {
        for segment in self.errors.iter_mut().flat_map(|error| &mut error.path) {
            if let PathSegment::Key(key) = segment
                && let Some(shown) = key.strip_prefix(begin)
            {
                *key = Name::new(shown);
            }
        }
    }

    /// How many errors there were so far.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    pub(crate) fn into_errors(self) -> Vec<GraphqlError> {
        self.errors
    }
}

/// What a client may know of a subgraph's error. A code of our table comes with a text made for clients; anything else
/// may tell about our insides and is masked.
pub(crate) fn visible(error: &SubgraphError) -> GraphqlError {
    match error.code.as_deref().and_then(ErrorCode::from_name) {
        Some(code) => {
            let message = if error.message.is_empty() { code.message(Language::English) } else { &error.message };
            GraphqlError { field: error.field.clone(), ..GraphqlError::new(code, message) }
        }
        None => GraphqlError::generic(ErrorCode::Internal),
    }
}

/// The code for a subgraph that gave no answer.
pub(crate) fn transport_code(error: &TransportError) -> ErrorCode {
    match error {
        TransportError::Timeout => ErrorCode::Timeout,
        TransportError::Busy => ErrorCode::Overloaded,
        TransportError::Unavailable(_)
        | TransportError::LeftAlone
        | TransportError::Tls(_)
        | TransportError::BadAnswer(_)
        | TransportError::TooLarge { .. } => ErrorCode::ServiceUnavailable,
        TransportError::TooMuch { .. } | TransportError::TooManyValues { .. } => ErrorCode::AnswerLimit,
    }
}
