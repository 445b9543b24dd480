//! Compressed answers to clients (`router.compression.*`).

use serde::Deserialize;

/// Compressed answers to clients (`router.compression.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompressionSettings {
    /// Whether an answer is compressed for clients that ask for it by `Accept-Encoding`: zstd, br or gzip.
    pub enabled: bool,
    /// The smallest answer that is, in bytes.
    pub from_bytes: u64,
}

/// When a subgraph may compress its answers (`router.subgraph_calls.all.compression`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerCompression {
    /// When it is called over `https://`: it is far away, and bytes cost more than the work.
    #[default]
    Https,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Default for CompressionSettings {
    fn default() -> Self {
        Self { enabled: true, from_bytes: 1_024 }
    }
}
