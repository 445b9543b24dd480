//! Documents that requests name by their hash: those of the manifest, which are trusted, and those that a client has
//! sent before ("automatic persisted queries").

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use http::StatusCode;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::answer::Refusal;
use crate::config::RouterSettings;
use crate::http::StartError;

/// The SHA-256 of a document's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DocumentHash([u8; 32]);

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
}

/// The documents that hashes stand for.
#[derive(Debug)]
pub(crate) struct KnownDocuments {
    trusted: HashMap<DocumentHash, Arc<str>>,
    only_trusted: bool,
    /// `None` when clients may not add to it.
    sent: Option<Cache<DocumentHash, Arc<str>>>,
    /// The longest document that is remembered, in characters and in bytes: what is longer is refused anyway, and what
    /// fills the whole cache would drive out everything else.
    longest: (usize, u64),
}

impl KnownDocuments {
    /// Reads the manifest, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or a hash is not that of its document, or only trusted documents may run and there are none.
    pub(crate) fn open(settings: &RouterSettings) -> Result<Self, StartError> {
        let documents = &settings.documents;
        let trusted = match &documents.manifest {
            Some(path) => read(path)?,
            None if documents.only_trusted => {
                let reason = "router.documents.only_trusted needs it".to_owned();
                return Err(StartError::Manifest { reason });
            }
            None => HashMap::new(),
        };
        let sent = || {
            Cache::builder()
                .max_capacity(documents.automatic_bytes)
                .weigher(|_, text: &Arc<str>| u32::try_from(text.len()).unwrap_or(u32::MAX).saturating_add(64))
                .time_to_idle(documents.automatic_idle_s.duration())
                .build()
        };
        Ok(Self {
            trusted,
            only_trusted: documents.only_trusted,
            sent: (documents.automatic && !documents.only_trusted).then(sent),
            longest: (settings.limits.characters, documents.automatic_bytes / 2),
        })
    }

    /// The document that a request asks to execute.
    pub(super) fn find(&self, asked: Asked) -> Result<Found, Refusal> {
        match (asked.text, asked.hash) {
            (None, None) => Err(Refusal::malformed("query is missing.")),
            (None, Some(hash)) => self.by_hash(hash),
            (Some(text), None) => {
                let is_trusted = !self.trusted.is_empty() && self.trusted.contains_key(&DocumentHash::of(&text));
                self.by_text(text, is_trusted)
            }
            (Some(text), Some(hash)) if hash == DocumentHash::of(&text) => {
                let found = self.by_text(text, self.trusted.contains_key(&hash))?;
                self.remember(hash, &found);
                Ok(found)
            }
            (Some(_), Some(_)) => Err(Refusal::malformed("The hash is not the SHA-256 of query.")),
        }
    }

    fn by_hash(&self, hash: DocumentHash) -> Result<Found, Refusal> {
        if let Some(text) = self.trusted.get(&hash) {
            return Ok(Found { text: text.to_string(), trusted: true });
        }
        let Some(sent) = &self.sent else {
            return Err(if self.only_trusted { only_trusted() } else { not_supported() });
        };
        let text = sent.get(&hash).ok_or_else(not_found)?;
        Ok(Found { text: text.to_string(), trusted: false })
    }

    fn by_text(&self, text: String, trusted: bool) -> Result<Found, Refusal> {
        if self.only_trusted && !trusted { Err(only_trusted()) } else { Ok(Found { text, trusted }) }
    }

    fn remember(&self, hash: DocumentHash, found: &Found) {
        if let Some(sent) = &self.sent
            && !found.trusted
            && found.text.chars().count() <= self.longest.0
            && found.text.len() as u64 <= self.longest.1
        {
            sent.insert(hash, found.text.as_str().into());
        }
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

fn read(path: &Path) -> Result<HashMap<DocumentHash, Arc<str>>, StartError> {
    let wrong = |reason: String| StartError::Manifest { reason: format!("{}: {reason}", path.display()) };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let written: HashMap<String, String> = serde_json::from_str(&text)
        .map_err(|error| wrong(format!("not a JSON object from hashes to documents: {error}")))?;
    let mut documents = HashMap::with_capacity(written.len());
    for (hash, document) in written {
        let actual = DocumentHash::of(&document);
        if hash.parse() != Ok(actual) {
            return Err(wrong(format!("{hash:?} should be {actual}, the SHA-256 of its document")));
        }
        documents.insert(actual, document.into());
    }
    Ok(documents)
}

impl DocumentHash {
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotAHash;

impl FromStr for DocumentHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAHash);
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| NotAHash)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for DocumentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DocumentHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_that_cannot_be_used_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifest.json");
        let open = |text: Option<&str>| {
            let mut settings = RouterSettings::default();
            settings.documents.only_trusted = true;
            settings.documents.manifest = text.map(|text| {
                std::fs::write(&file, text).unwrap();
                file.clone()
            });
            KnownDocuments::open(&settings).map(|documents| documents.trusted.len())
        };
        let good = format!(r#"{{"{}":"{{a}}"}}"#, DocumentHash::of("{a}"));
        assert_eq!(open(Some(&good)).unwrap(), 1);
        for bad in [Some(good.replace("{a}", "{b}")), Some("[]".into()), Some(r#"{"x":"{a}"}"#.into()), None] {
            let error = open(bad.as_deref()).unwrap_err().to_string();
            assert!(error.starts_with("router.documents.manifest: "), "{error}");
        }
    }

    #[test]
    fn a_hash_is_64_hexadecimal_digits_of_either_case() {
        let hash = DocumentHash::of("{a}");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse(), Ok(hash));
        for bad in ["", "abc", &"g".repeat(64), &"é".repeat(32), &"a".repeat(65)] {
            assert_eq!(bad.parse::<DocumentHash>(), Err(NotAHash), "{bad}");
        }
    }
}
