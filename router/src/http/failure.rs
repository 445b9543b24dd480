use http::StatusCode;
use reel_error::{ErrorCode, Language};

/// A failed REST request: a code of the published table and what a person may read about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    chinese: Option<String>,
    english: Option<String>,
    /// A status that the answer carries whatever the settings say.
    status: Option<StatusCode>,
}

impl Failure {
    /// A failure with the table's text.
    pub(crate) fn new(code: ErrorCode) -> Self {
        Self { code, chinese: None, english: None, status: None }
    }

    /// A failure that was found before a handler ran; it keeps its HTTP status.
    pub(crate) fn with_status(code: ErrorCode) -> Self {
        Self { status: StatusCode::from_u16(code.http_status()).ok(), ..Self::new(code) }
    }

    /// Says more precisely, in both languages, what is wrong. It may quote only what the client sent.
    pub(crate) fn detail(mut self, chinese: impl Into<String>, english: impl Into<String>) -> Self {
        self.chinese = Some(chinese.into());
        self.english = Some(english.into());
        self
    }

    /// Replaces the English text by the one that a service gave.
    pub(crate) fn english(mut self, text: impl Into<String>) -> Self {
        self.english = Some(text.into());
        self
    }

    /// The text for a person.
    pub(crate) fn message(&self, language: Language) -> &str {
        let detail = match language {
            Language::Chinese => &self.chinese,
            Language::English => &self.english,
        };
        detail.as_deref().unwrap_or_else(|| self.code.message(language))
    }

    /// The HTTP status of the answer. Failures of a handler are HTTP 200 unless the setting says otherwise.
    pub(crate) fn status(&self, failures_use_status: bool) -> StatusCode {
        let from_table = || StatusCode::from_u16(self.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.status {
            Some(status) => status,
            None if failures_use_status => from_table(),
            None => StatusCode::OK,
        }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}
