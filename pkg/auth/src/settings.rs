use reel_config::Seconds;
use secrecy::SecretString;
use serde::Deserialize;

/// Keys and lifetimes of tokens (`auth.*`). No key has a default; `reelgraph keys` makes a set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSettings {
    /// The Ed25519 key that signs access tokens: 32 bytes in Base64. Only the user domain needs it.
    pub signing_key: Option<SecretString>,
    /// The Ed25519 keys that access tokens are checked with: 32 bytes in Base64 each. Put a new key here everywhere
    /// before it signs, and leave the old one until its last token has expired.
    pub public_keys: Vec<String>,
    /// The secret that our own processes sign their calls to each other with: at least 32 bytes in Base64.
    pub internal_key: Option<SecretString>,
    /// The `iss` claim of access tokens.
    pub issuer: String,
    /// The `aud` claim of access tokens.
    pub audience: String,
    /// How long an access token lives, in seconds.
    pub access_ttl_s: Seconds,
    /// How long a login lives at the most, in seconds.
    pub refresh_ttl_s: Seconds,
    /// How long a login lives without being renewed, in seconds.
    pub refresh_idle_s: Seconds,
    /// How long a spent refresh token still answers with the same successor, in seconds; 0 is not at all.
    #[serde(deserialize_with = "Seconds::or_zero")]
    pub refresh_grace_s: Seconds,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            signing_key: None,
            public_keys: Vec::new(),
            internal_key: None,
            issuer: "reelgraph".into(),
            audience: "reelgraph".into(),
            access_ttl_s: Seconds(900),
            refresh_ttl_s: Seconds(30 * 24 * 3_600),
            refresh_idle_s: Seconds(7 * 24 * 3_600),
            refresh_grace_s: Seconds(10),
        }
    }
}
