use std::borrow::Cow;
use std::fmt;

use crate::{ErrorCode, Language};

/// The result of a service call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that the caller can act on. Its texts derive only from what the caller sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    /// What went wrong.
    pub code: ErrorCode,
    /// The input field it is about, for example `title`.
    pub field: Option<Cow<'static, str>>,
    /// A more precise English text than the table's, where one helps.
    pub detail: Option<String>,
}

impl ClientError {
    /// A failure with the table's text.
    pub fn new(code: ErrorCode) -> Self {
        Self { code, field: None, detail: None }
    }

    /// Names the input field that it is about.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(name.into());
        self
    }

    /// Replaces the table's English text by a more precise one. It may quote only what the caller sent.
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.detail = Some(text.into());
        self
    }

    /// The English text for GraphQL clients.
    pub fn message(&self) -> &str {
        self.detail.as_deref().unwrap_or_else(|| self.code.message(Language::English))
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.name(), self.message())
    }
}

impl std::error::Error for ClientError {}

/// A failed service call.
#[derive(Debug)]
pub enum Error {
    /// The caller has to act; safe to show.
    Client(ClientError),
    /// We have to act. The source is for the log only; clients see [`ErrorCode::Internal`]'s or
    /// [`ErrorCode::ServiceUnavailable`]'s generic text.
    Internal {
        /// The generic code that clients see.
        code: ErrorCode,
        /// What really happened.
        source: anyhow::Error,
    },
}

impl Error {
    /// A failure of our own with its cause.
    pub fn internal(source: impl Into<anyhow::Error>) -> Self {
        Self::Internal { code: ErrorCode::Internal, source: source.into() }
    }

    /// Another part of the system did not answer.
    pub fn unavailable(source: impl Into<anyhow::Error>) -> Self {
        Self::Internal { code: ErrorCode::ServiceUnavailable, source: source.into() }
    }

    /// The code that clients see.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Client(error) => error.code,
            Self::Internal { code, .. } => *code,
        }
    }

    /// The text that clients see.
    pub fn public_message(&self) -> &str {
        match self {
            Self::Client(error) => error.message(),
            Self::Internal { code, .. } => code.message(Language::English),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(formatter),
            Self::Internal { code, source } => write!(formatter, "{}: {source:#}", code.name()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Client(error) => Some(error),
            Self::Internal { source, .. } => Some(source.as_ref()),
        }
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::Client(ClientError::new(code))
    }
}

impl From<anyhow::Error> for Error {
    fn from(source: anyhow::Error) -> Self {
        Self::internal(source)
    }
}
