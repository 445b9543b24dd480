//! Documents that requests may name by their hash (`router.documents.*`).

use std::path::PathBuf;

use reel_config::Seconds;
use serde::Deserialize;

/// Documents that requests may name by their hash (`router.documents.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DocumentSettings {
    /// The trusted documents: a JSON file with one object, from the SHA-256 of each document (64 hexadecimal digits) to
    /// its text. The limits on documents do not hold for them.
    pub manifest: Option<PathBuf>,
    /// Whether all other documents are refused.
    pub only_trusted: bool,
    /// Whether a client may send a document once and only its hash from then on.
    pub automatic: bool,
    /// How much of such documents is remembered, in bytes.
    pub automatic_bytes: u64,
    /// How long one that nobody asks for is remembered, in seconds.
    pub automatic_idle_s: Seconds,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            manifest: None,
            only_trusted: false,
            automatic: true,
            automatic_bytes: 16 * 1024 * 1024,
            automatic_idle_s: Seconds(86_400),
        }
    }
}
