//! Documents that requests name by their hash: those of the manifest, which are trusted, and those that a client has
//! sent before ("automatic persisted queries").

use std::sync::Arc;

use http::StatusCode;
use moka::sync::Cache;

use super::answer::Refusal;
use crate::config::RouterSettings;
use crate::documents::{DocumentHash, SharedDocuments, TrustedDocument, TrustedDocuments, TrustedOperation};
use crate::meters::{AutomaticMeter, OperationMeter};

/// What a request says about its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) text: Option<String>,
    pub(super) hash: Option<DocumentHash>,
}

/// A document that may be executed.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Of the manifest.
    Trusted(Arc<TrustedDocument>),
    /// A client's.
    Sent(String),
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
    meter: AutomaticMeter,
    /// What measures operations of clients' documents.
    others: Option<Arc<OperationMeter>>,
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
            meter: AutomaticMeter::new(),
            others: OperationMeter::of_clients(),
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
        let found = match sent.get(&hash) {
            Some(text) => Some(text.to_string()),
            None => self.shared(hash, sent).await,
        };
        let meter = if found.is_some() { &self.meter.hits } else { &self.meter.misses };
        meter.increment(1);
        found.map(Found::Sent).ok_or_else(not_found)
    }

    /// A document that another router was sent; from now on it is known here, too.
    async fn shared(&self, hash: DocumentHash, sent: &Cache<DocumentHash, Arc<str>>) -> Option<String> {
        let text = self.shared.as_ref()?.find(hash, self.longest.1).await.filter(|text| self.is_kept(text))?;
        sent.insert(hash, text.as_str().into());
        Some(text)
    }

    /// What measures this operation of a document, if anything is measured.
    pub(super) fn meter(&self, found: &Found, operation_name: Option<&str>) -> Option<Arc<OperationMeter>> {
        let others = self.others.as_ref()?;
        let trusted = match found {
            Found::Trusted(document) => document.operation(operation_name).and_then(TrustedOperation::meter),
            Found::Sent(_) => None,
        };
        Some(Arc::clone(trusted.unwrap_or(others)))
    }

    fn by_text(&self, text: String, hash: Option<DocumentHash>) -> Result<Found, Refusal> {
        match hash.and_then(|hash| self.trusted(hash)) {
            Some(found) => Ok(found),
            None if self.only_trusted => Err(only_trusted()),
            None => Ok(Found::Sent(text)),
        }
    }

    fn trusted(&self, hash: DocumentHash) -> Option<Found> {
        self.trusted.get(hash).map(Found::Trusted)
    }

    fn remember(&self, hash: DocumentHash, found: &Found) {
        let (Some(sent), Found::Sent(text)) = (&self.sent, found) else { return };
        if !self.is_kept(text) {
            return;
        }
        self.meter.stored.increment(1);
        sent.insert(hash, text.as_str().into());
        if let Some(shared) = &self.shared {
            shared.remember(hash, text);
        }
    }

    fn is_kept(&self, text: &str) -> bool {
        text.len() as u64 <= self.longest.1 && text.chars().count() <= self.longest.0
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
