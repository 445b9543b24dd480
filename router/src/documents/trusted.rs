//! The documents of the manifest.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use async_graphql_value::Name;
use reel_document::DocumentBounds;

use super::DocumentHash;
use crate::config::DocumentSettings;
use crate::grants::Grants;
use crate::http::StartError;
use crate::meters::OperationMeter;
use crate::pipeline::{PlanKey, Trust};

/// The documents that are trusted now.
#[derive(Debug, Default)]
pub(crate) struct TrustedDocuments(ArcSwap<Manifest>);

/// The documents of a manifest by their hashes.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    documents: HashMap<DocumentHash, Arc<TrustedDocument>>,
    /// Of the text that it was read from.
    digest: Option<DocumentHash>,
}

/// A document of the operator's.
#[derive(Debug)]
pub(crate) struct TrustedDocument {
    pub(crate) text: Arc<str>,
    /// The names of its operations. There are none when it cannot be read; whoever asks for it will be told.
    operations: Vec<TrustedOperation>,
}

/// An operation of a document of the operator's.
#[derive(Debug)]
pub(crate) struct TrustedOperation {
    pub(crate) name: Option<String>,
    /// Made when it is asked for first: a manifest may list many that nobody uses.
    meter: OnceLock<Option<Arc<OperationMeter>>>,
}

impl TrustedDocuments {
    /// Reads the manifest, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or a hash is not that of its document, or only trusted documents may run and there are none.
    pub(crate) fn open(settings: &DocumentSettings) -> Result<Self, StartError> {
        match &settings.manifest {
            Some(path) => Self::open_file(path),
            None if settings.only_trusted => {
                Err(StartError::Manifest { reason: "router.documents.only_trusted needs it".to_owned() })
            }
            None => Ok(Self::default()),
        }
    }

    fn open_file(path: &Path) -> Result<Self, StartError> {
        let wrong = |reason: String| StartError::Manifest { reason: format!("{}: {reason}", path.display()) };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let manifest = Manifest::read(&text, &Manifest::default()).map_err(wrong)?;
        Ok(Self(ArcSwap::from_pointee(manifest)))
    }

    /// Reads another manifest; `None` when it is the one that holds now. What both list is not read again.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn read(&self, text: &str) -> Result<Option<Manifest>, String> {
        let before = self.0.load();
        if before.digest == Some(DocumentHash::of(text)) {
            return Ok(None);
        }
        Manifest::read(text, &before).map(Some)
    }

    /// Trusts the documents of this manifest and no others.
    pub(crate) fn replace(&self, manifest: Manifest) {
        self.0.store(Arc::new(manifest));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.load().documents.is_empty()
    }

    pub(crate) fn get(&self, hash: DocumentHash) -> Option<Arc<TrustedDocument>> {
        self.0.load().documents.get(&hash).cloned()
    }

    /// What to plan so that none of their operations is planned when it is first asked for.
    pub(crate) fn plans(&self) -> Vec<PlanKey> {
        self.0.load().plans_of(|_| true)
    }
}

impl Manifest {
    fn read(text: &str, before: &Self) -> Result<Self, String> {
        let written: HashMap<String, String> = serde_json::from_str(text)
            .map_err(|error| format!("not a JSON object from hashes to documents: {error}"))?;
        let mut documents = HashMap::with_capacity(written.len());
        for (hash, document) in written {
            let actual = DocumentHash::of(&document);
            if hash.parse() != Ok(actual) {
                return Err(format!("{hash:?} should be {actual}, the SHA-256 of its document"));
            }
            let known = before.documents.get(&actual).cloned();
            documents.insert(actual, known.unwrap_or_else(|| Arc::new(TrustedDocument::new(document))));
        }
        Ok(Self { documents, digest: Some(DocumentHash::of(text)) })
    }

    /// How many documents there are.
    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// The plans of some of the documents.
    pub(crate) fn plans_of(&self, is_wanted: impl Fn(DocumentHash) -> bool) -> Vec<PlanKey> {
        let wanted = self.documents.iter().filter(|(hash, _)| is_wanted(**hash));
        let operations = wanted.flat_map(|(_, document)| {
            document.operations.iter().map(|operation| (&*document.text, operation.name.as_deref()))
        });
        let plans = operations.flat_map(|(text, operation)| {
            [Grants::anonymous(), Grants::login()].map(|grants| PlanKey::new(text, operation, grants, Trust::Trusted))
        });
        plans.collect()
    }
}

impl TrustedDocument {
    fn new(text: String) -> Self {
        let checked = reel_document::check(&text, &DocumentBounds::subgraph());
        let operations = checked.map(|checked| {
            checked.document.operations.iter().map(|(name, _)| TrustedOperation::new(name)).collect::<Vec<_>>()
        });
        Self { text: text.into(), operations: operations.unwrap_or_default() }
    }

    /// The name of its operation, if it has only one: naming it or not is the same, and shares a plan.
    pub(crate) fn only_operation(&self) -> Option<&str> {
        match self.operations.as_slice() {
            [TrustedOperation { name, .. }] => name.as_deref(),
            _ => None,
        }
    }

    /// The operation that a request with this name asks for.
    pub(crate) fn operation(&self, name: Option<&str>) -> Option<&TrustedOperation> {
        match (name, self.operations.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (Some(name), operations) => operations.iter().find(|operation| operation.name.as_deref() == Some(name)),
        }
    }
}

impl TrustedOperation {
    fn new(name: Option<&Name>) -> Self {
        Self { name: name.map(ToString::to_string), meter: OnceLock::new() }
    }

    /// What measures it, if anything is measured.
    pub(crate) fn meter(&self) -> Option<&Arc<OperationMeter>> {
        self.meter.get_or_init(|| OperationMeter::of(self.name.as_deref())).as_ref()
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
            let manifest = text.map(|text| {
                std::fs::write(&file, text).unwrap();
                file.clone()
            });
            let settings = DocumentSettings { only_trusted: true, manifest, ..DocumentSettings::default() };
            TrustedDocuments::open(&settings).map(|documents| documents.0.load().len())
        };
        let good = format!(r#"{{"{}":"{{a}}"}}"#, DocumentHash::of("{a}"));
        assert_eq!(open(Some(&good)).unwrap(), 1);
        for bad in [Some(good.replace("{a}", "{b}")), Some("[]".into()), Some(r#"{"x":"{a}"}"#.into()), None] {
            let error = open(bad.as_deref()).unwrap_err().to_string();
            assert!(error.starts_with("router.documents.manifest: "), "{error}");
        }
    }

    #[test]
    fn naming_the_only_operation_of_a_document_or_not_shares_a_plan() {
        let only = |text: &str| TrustedDocument::new(text.to_owned()).only_operation().map(str::to_owned);
        assert_eq!(only("query A { a }").as_deref(), Some("A"));
        for other in ["{ a }", "query A { a } query B { b }", "query {"] {
            assert_eq!(only(other), None, "{other}");
        }
    }
}
