//! Documents that requests name by their hash: those of the manifest, which are trusted, and those that a client has
//! sent before ("automatic persisted queries").

use std::sync::Arc;

use http::StatusCode;
use moka::sync::Cache;

use super::answer::Refusal;
use crate::config::RouterSettings;
use crate::documents::{DocumentHash, SharedDocuments, TrustedDocuments};

/// What a request says about its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) text: Option<String>,
    pub(super) hash: Option<DocumentHash>,
}

/// A document that may be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) trusted: bool,
    /// The name of its operation, if it is trusted and has only one.
    pub(super) only_operation: Option<String>,
}

/// The documents that hashes stand for.
#[derive(Debug)]
pub(crate) struct KnownDocuments {
    trusted: Arc<TrustedDocuments>,
    only_trusted: bool,
    /// `None` when clients may not add to it.
    sent: Option<Cache<DocumentHash, Arc<str>>>,
    /// Where those are shared with other routers.
    shared: Option<SharedDocuments>,
    /// The longest document that is remembered, in characters and in bytes: what is longer is refused anyway, and what
    /// fills the whole cache would drive out everything else.
    longest: (usize, u64),
}

impl KnownDocuments {
    /// These trusted documents, and those that clients send or have sent to other routers.
    pub(crate) fn new(
        trusted: Arc<TrustedDocuments>,
        shared: Option<SharedDocuments>,
        settings: &RouterSettings,
    ) -> Self {
        let documents = &settings.documents;
        let sent = || {
            Cache::builder()
                .max_capacity(documents.automatic_bytes)
                .weigher(|_, text: &Arc<str>| u32::try_from(text.len()).unwrap_or(u32::MAX).saturating_add(64))
                .time_to_idle(documents.automatic_idle_s.duration())
                .build()
        };
        // No character takes more than four bytes.
        let characters = settings.limits.characters;
        let bytes = u64::try_from(characters).unwrap_or(u64::MAX).saturating_mul(4);
        Self {
            trusted,
            only_trusted: documents.only_trusted,
            sent: (documents.automatic && !documents.only_trusted).then(sent),
            shared,
            longest: (characters, bytes.min(documents.automatic_bytes / 2)),
        }
    }

    /// The document that a request asks to execute.
    pub(super) async fn find(&self, asked: Asked) -> Result<Found, Refusal> {
        match (asked.text, asked.hash) {
            (None, None) => Err(Refusal::malformed("query is missing.")),
            (None, Some(hash)) => self.by_hash(hash).await,
            (Some(text), None) if self.trusted.is_empty() => self.by_text(text, None),
            (Some(text), None) => {
                let hash = DocumentHash::of(&text);
                self.by_text(text, Some(hash))
            }
            (Some(text), Some(hash)) if hash == DocumentHash::of(&text) => {
                let found = self.by_text(text, Some(hash))?;
                self.remember(hash, &found);
                Ok(found)
            }
            (Some(_), Some(_)) => Err(Refusal::malformed("The hash is not the SHA-256 of query.")),
        }
    }

    async fn by_hash(&self, hash: DocumentHash) -> Result<Found, Refusal> {
        if let Some(found) = self.trusted(hash) {
            return Ok(found);
        }
        let Some(sent) = &self.sent else {
            return Err(if self.only_trusted { only_trusted() } else { not_supported() });
        };
        if let Some(text) = sent.get(&hash) {
            return Ok(Found::of_client(text.to_string()));
        }
        let shared = self.shared.as_ref().ok_or_else(not_found)?;
        let text = shared.find(hash, self.longest.1).await.filter(|text| self.is_kept(text)).ok_or_else(not_found)?;
        sent.insert(hash, text.as_str().into());
        Ok(Found::of_client(text))
    }

    fn by_text(&self, text: String, hash: Option<DocumentHash>) -> Result<Found, Refusal> {
        match hash.and_then(|hash| self.trusted(hash)) {
            Some(found) => Ok(found),
            None if self.only_trusted => Err(only_trusted()),
            None => Ok(Found::of_client(text)),
        }
    }

    fn trusted(&self, hash: DocumentHash) -> Option<Found> {
        let document = self.trusted.get(hash)?;
        let only_operation = document.only_operation().map(str::to_owned);
        Some(Found { text: document.text.to_string(), trusted: true, only_operation })
    }

    fn remember(&self, hash: DocumentHash, found: &Found) {
        let Some(sent) = &self.sent else { return };
        if found.trusted || !self.is_kept(&found.text) {
            return;
        }
        sent.insert(hash, found.text.as_str().into());
        if let Some(shared) = &self.shared {
            shared.remember(hash, &found.text);
        }
    }

    fn is_kept(&self, text: &str) -> bool {
        text.len() as u64 <= self.longest.1 && text.chars().count() <= self.longest.0
    }
}

impl Found {
    fn of_client(text: String) -> Self {
        Self { text, trusted: false, only_operation: None }
    }
}

/// The protocol of automatic persisted queries knows its errors by these texts and codes; clients then send the text.
fn not_found() -> Refusal {
    Refusal::named("PERSISTED_QUERY_NOT_FOUND", StatusCode::NOT_FOUND, "PersistedQueryNotFound")
}

fn not_supported() -> Refusal {
    Refusal::named("PERSISTED_QUERY_NOT_SUPPORTED", StatusCode::BAD_REQUEST, "PersistedQueryNotSupported")
}

fn only_trusted() -> Refusal {
    let message = "Only documents that were registered with this service may be executed.";
    Refusal::named("DOCUMENT_NOT_TRUSTED", StatusCode::FORBIDDEN, message)
}
