use async_graphql_parser::{Error as ParserError, Pos};

use crate::DocumentBounds;

/// Why a document is refused. The texts quote nothing but the document itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// More characters than allowed.
    #[error("The document is longer than {limit} characters; send a shorter one or split it.")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// More tokens than allowed.
    #[error("The document has more than {limit} tokens; select less or split it.")]
    TooManyTokens {
        /// The bound.
        limit: usize,
    },
    /// More brackets or selection sets inside each other than allowed.
    #[error("The document nests more than {limit} levels; make it flatter.")]
    NestedTooDeeply {
        /// The bound.
        limit: usize,
    },
    /// The document is not GraphQL.
    #[error("Syntax error at {position}: {message}.")]
    Syntax {
        /// What was expected.
        message: String,
        /// Where, in lines and columns from 1.
        position: Pos,
    },
    /// A fragment that contains itself.
    #[error("The fragment `{name}` spreads itself, directly or through others; break the cycle.")]
    FragmentCycle {
        /// One fragment of the cycle.
        name: String,
    },
    /// Fields inside each other beyond the bound.
    #[error(
        "The operation is {found} fields deep and the limit is {limit}; ask for less depth, or in several operations."
    )]
    TooDeep {
        /// The depth of the document.
        found: usize,
        /// The bound.
        limit: usize,
    },
    /// Lists of an introspection inside each other, which multiplies its answer.
    #[error("Introspection lists may be nested at most {limit} deep; use the standard introspection query.")]
    IntrospectionTooDeep {
        /// The bound.
        limit: usize,
    },
    /// More aliases than allowed.
    #[error("The operation has {found} aliases and the limit is {limit}; use fewer, or several operations.")]
    TooManyAliases {
        /// How many there are once fragments are expanded.
        found: usize,
        /// The bound.
        limit: usize,
    },
    /// More root fields than allowed.
    #[error("The operation has {found} root fields and the limit is {limit}; split it into several operations.")]
    TooManyRootFields {
        /// How many there are once fragments are expanded.
        found: usize,
        /// The bound.
        limit: usize,
    },
    /// More directives than allowed.
    #[error("The operation has {found} directives and the limit is {limit}; use fewer.")]
    TooManyDirectives {
        /// How many there are once fragments are expanded.
        found: usize,
        /// The bound.
        limit: usize,
    },
    /// More selections than allowed.
    #[error(
        "With its fragments expanded the document selects more than {limit} fields; select less or spread fewer fragments."
    )]
    TooManySelections {
        /// The bound.
        limit: usize,
    },
}

impl DocumentError {
    /// The name for `extensions.code`, one of the project's table of error codes.
    pub fn code_name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "DOCUMENT_TOO_LARGE",
            Self::TooManyTokens { .. } => "TOKEN_LIMIT_EXCEEDED",
            Self::NestedTooDeeply { .. } | Self::TooDeep { .. } | Self::IntrospectionTooDeep { .. } => {
                "DEPTH_LIMIT_EXCEEDED"
            }
            Self::Syntax { .. } => "GRAPHQL_PARSE_FAILED",
            Self::FragmentCycle { .. } => "GRAPHQL_VALIDATION_FAILED",
            Self::TooManyAliases { .. } => "ALIAS_LIMIT_EXCEEDED",
            Self::TooManyRootFields { .. } => "ROOT_FIELD_LIMIT_EXCEEDED",
            Self::TooManyDirectives { .. } => "DIRECTIVE_LIMIT_EXCEEDED",
            Self::TooManySelections { .. } => "SELECTION_LIMIT_EXCEEDED",
        }
    }

    /// The place of a syntax error.
    pub fn position(&self) -> Option<Pos> {
        match self {
            Self::Syntax { position, .. } => Some(*position),
            _ => None,
        }
    }

    pub(crate) fn from_parser(error: &ParserError, bounds: &DocumentBounds) -> Self {
        if let ParserError::RecursionLimitExceeded = error {
            return Self::NestedTooDeeply { limit: bounds.nesting };
        }
        let position = error.positions().next().unwrap_or(Pos { line: 1, column: 1 });
        Self::Syntax { message: short(&error.to_string()), position }
    }
}

/// The parser draws the line of the document under its error; the last line alone says what was expected.
fn short(message: &str) -> String {
    let line = message.lines().last().unwrap_or_default().trim();
    line.strip_prefix("= ").unwrap_or(line).trim_end_matches('.').to_owned()
}
