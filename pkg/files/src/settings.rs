use std::path::PathBuf;

use reel_config::Secret;
use serde::Deserialize;

/// Where files are stored and under which address they are seen.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesSettings {
    /// The local directory, made if needed. Not used when `s3` is set.
    pub dir: PathBuf,
    /// A bucket instead of the directory.
    pub s3: Option<S3Settings>,
    /// What comes before a key in the addresses clients get: the router's `/files`, or a CDN in front of the bucket.
    pub public_url: String,
}

impl Default for FilesSettings {
    fn default() -> Self {
        Self { dir: PathBuf::from(".reelgraph/files"), s3: None, public_url: "http://127.0.0.1:4000/files".to_owned() }
    }
}

/// A bucket of S3 or of something that speaks its protocol.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Settings {
    /// The bucket. It must exist.
    pub bucket: String,
    /// The server's address; AWS's own when it is not set. `http://` is allowed here, for a server on one's own network.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The access key's id. Without it the machine's role is used.
    pub access_key: Option<Secret>,
    /// The access key's secret.
    pub secret_key: Option<Secret>,
}
