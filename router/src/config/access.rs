//! Whose tokens are believed besides our own, and what becomes of requests for what a caller may not have (`router.auth.*`).

use std::path::PathBuf;

use reel_config::{Millis, Seconds};
use serde::Deserialize;

use crate::pipeline::OnDenied;

/// Whose tokens are believed besides our own, and what becomes of requests for what a caller may not have
/// (`router.auth.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSettings {
    /// Whether fields that a caller may not have are null, or the request for them is refused.
    pub on_denied: OnDenied,
    /// How far the clock of an issuer may be ahead of or behind ours, in seconds; at most 30.
    #[serde(deserialize_with = "Seconds::or_zero")]
    pub leeway_s: Seconds,
    /// Whose access tokens are believed besides those of our own user domain.
    pub issuers: Vec<IssuerSettings>,
}

/// One issuer of access tokens (RFC 7519, RFC 9068).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The `iss` claim of its tokens, letter by letter.
    pub issuer: String,
    /// The `aud` claim has to name one of these.
    pub audiences: Vec<String>,
    /// Where its keys are.
    pub jwks: JwksSettings,
    /// How its tokens may be signed.
    #[serde(default = "usual_algorithms")]
    pub algorithms: Vec<TokenAlgorithm>,
    /// The claim with the scopes for `@requiresScopes`: a text with spaces or a list of texts. A name, or a JSON pointer
    /// (RFC 6901) that begins with `/`. Without one it is `scope`, or `scp` where there is no `scope`.
    #[serde(default)]
    pub scopes_claim: Option<String>,
    /// The claim with the policies for `@policy`, written likewise. Without one no policy is granted.
    #[serde(default)]
    pub policies_claim: Option<String>,
}

/// Where the keys of an issuer are (RFC 7517): in a file, or at an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwksSettings {
    /// A file.
    pub file: Option<PathBuf>,
    /// How often the file is looked at, in milliseconds.
    pub poll_ms: Millis,
    /// An `https://` or `http://` address. Redirects are not followed.
    pub url: Option<String>,
    /// Certificate authorities (PEM) that are trusted there besides the platform's.
    pub ca_file: Option<PathBuf>,
    /// How often the keys are fetched from there, in seconds.
    pub refresh_s: Seconds,
    /// How soon again, in seconds, after a fetch that failed or for a token that names an unknown key.
    pub pause_s: Seconds,
    /// How long one fetch may take, in milliseconds.
    pub timeout_ms: Millis,
}

/// How tokens may be signed (RFC 7518, RFC 8037). Only with keys of two halves: whoever checks tokens must not be able to
/// make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the names are those of the specifications")]
pub enum TokenAlgorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

fn usual_algorithms() -> Vec<TokenAlgorithm> {
    vec![TokenAlgorithm::RS256, TokenAlgorithm::ES256, TokenAlgorithm::EdDSA]
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self { on_denied: OnDenied::default(), leeway_s: Seconds(5), issuers: Vec::new() }
    }
}

impl Default for JwksSettings {
    fn default() -> Self {
        Self {
            file: None,
            poll_ms: Millis(1_000),
            url: None,
            ca_file: None,
            refresh_s: Seconds(300),
            pause_s: Seconds(10),
            timeout_ms: Millis(5_000),
        }
    }
}
