//! Documents that requests may name by their hash (`router.documents.*`).

use std::path::PathBuf;

use reel_config::{Millis, Seconds};
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
    /// Whether routers share them through Redis.
    pub redis: bool,
    /// How long Redis keeps one, in seconds.
    pub redis_ttl_s: Seconds,
    /// How long Redis may take to find one, in milliseconds; then it counts as unknown.
    pub redis_timeout_ms: Millis,
}

impl Default for DocumentSettings {
    fn default() -> Self {
        Self {
            manifest: None,
            only_trusted: false,
            automatic: true,
            automatic_bytes: 16 * 1024 * 1024,
            automatic_idle_s: Seconds(86_400),
            redis: false,
            redis_ttl_s: Seconds(86_400),
            redis_timeout_ms: Millis(50),
        }
    }
}
