//! Signed calls between our own processes.
//!
//! The router and the domains sign what they ask of each other with the key that they share, so that an internal port
//! that leaks is not a hole: a call without a valid signature is refused before anything reads it. The signature binds
//! the viewer to one audience (`video/graphql`), one content (the body, or for a streaming gRPC call the method's path) and a
//! short time. It is HMAC-SHA256 (RFC 2104) over every field of the envelope:
//!
//! `v1.<audience>.<user id or ->.<session id or ->.<milliseconds>.<SHA-256 of the content>.<MAC>`

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reel_id::Clock;
use sha2::{Digest as _, Sha256, Sha512};

use crate::{InternalKey, Viewer};

/// The header (HTTP) or metadata key (gRPC) that carries the envelope.
pub const HEADER: &str = "x-reel-call";

/// How old a call may be, and how far the caller's clock may be ahead, in milliseconds.
const MAX_AGE_MS: i64 = 30_000;

/// Signs calls to other parts of the system.
#[derive(Clone)]
pub struct CallSigner {
    mac: Hmac<Sha256>,
    clock: Arc<dyn Clock>,
}

/// Checks the calls that arrive at one audience.
#[derive(Clone)]
pub struct CallVerifier {
    mac: Hmac<Sha256>,
    audience: String,
    clock: Arc<dyn Clock>,
}

/// A call whose envelope is a fresh signature of ours, and whose content has still to be compared.
#[derive(Debug)]
#[must_use = "the content is not checked yet"]
pub struct OpenedCall {
    viewer: Option<Viewer>,
    digest: String,
}

/// A call that was refused. The text is for the log; callers learn only that the call is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no envelope, or it is not of this form.
    #[error("the call is not signed")]
    Malformed,
    /// It was meant for another part of the system, or for other content.
    #[error("the call was signed for something else")]
    Mismatch,
    /// It is too old, or the clocks differ too much.
    #[error("the call was signed more than 30 s ago, or the clocks differ")]
    Stale,
    /// The signature is not ours.
    #[error("the signature is wrong: do both sides have the same auth.internal_key?")]
    BadSignature,
}

fn keyed(key: &InternalKey) -> Hmac<Sha256> {
    // HMAC-SHA256 wants one block of 64 bytes; hashing a key of any length down to it cannot fail (RFC 2104 section 2).
    let key: [u8; 64] = Sha512::digest(&key.0).into();
    Hmac::new(&key.into())
}

impl CallSigner {
    /// A signer with the shared key.
    pub fn new(key: &InternalKey, clock: Arc<dyn Clock>) -> Self {
        Self { mac: keyed(key), clock }
    }

    /// The envelope for a call to `audience` with this content.
    pub fn sign(&self, audience: &str, viewer: Option<&Viewer>, content: &[u8]) -> String {
        let (user, session) = match viewer {
            Some(viewer) => (viewer.user_id.to_string(), viewer.session_id.to_string()),
            None => ("-".into(), "-".into()),
        };
        let content = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
        let fields = format!("v1.{audience}.{user}.{session}.{}.{content}", self.clock.now_ms());
        let mac = self.mac.clone().chain_update(fields.as_bytes()).finalize().into_bytes();
        format!("{fields}.{}", URL_SAFE_NO_PAD.encode(mac))
    }
}

impl fmt::Debug for CallSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CallSigner")
    }
}

impl CallVerifier {
    /// A verifier for calls to `audience`.
    pub fn new(key: &InternalKey, audience: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { mac: keyed(key), audience: audience.into(), clock }
    }

    /// Checks an envelope against the content that came with it, and answers on whose behalf the call is made.
    ///
    /// # Errors
    /// When the envelope is not a fresh signature of ours for this audience and content.
    pub fn verify(&self, envelope: &str, content: &[u8]) -> Result<Option<Viewer>, CallError> {
        self.open(envelope)?.verify(content)
    }

    /// Checks all that an envelope says before its content is there, so that only what we signed is read at all.
    ///
    /// # Errors
    /// When the envelope is not a fresh signature of ours for this audience.
    pub fn open(&self, envelope: &str) -> Result<OpenedCall, CallError> {
        let (fields, mac) = envelope.rsplit_once('.').ok_or(CallError::Malformed)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| CallError::Malformed)?;
        self.mac.clone().chain_update(fields.as_bytes()).verify_slice(&mac).map_err(|_| CallError::BadSignature)?;
        let parts: Vec<&str> = fields.split('.').collect();
        let [_version, audience, user, session, signed_at_ms, digest] = parts[..] else {
            return Err(CallError::Malformed);
        };
        let age_ms = self.clock.now_ms() - signed_at_ms.parse::<i64>().map_err(|_| CallError::Malformed)?;
        if age_ms.abs() > MAX_AGE_MS {
            return Err(CallError::Stale);
        }
        if audience != self.audience {
            return Err(CallError::Mismatch);
        }
        Ok(OpenedCall { viewer: viewer(user, session)?, digest: digest.to_owned() })
    }
}

impl OpenedCall {
    /// Checks the content, and answers on whose behalf the call is made.
    ///
    /// # Errors
    /// When it is not the content that was signed.
    pub fn verify(self, content: &[u8]) -> Result<Option<Viewer>, CallError> {
        if self.digest != URL_SAFE_NO_PAD.encode(Sha256::digest(content)) {
            return Err(CallError::Mismatch);
        }
        Ok(self.viewer)
    }
}

impl fmt::Debug for CallVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CallVerifier({})", self.audience)
    }
}

fn viewer(user: &str, session: &str) -> Result<Option<Viewer>, CallError> {
    if user == "-" {
        return Ok(None);
    }
    let user_id = user.parse().map_err(|_| CallError::Malformed)?;
    let session_id = session.parse().map_err(|_| CallError::Malformed)?;
    Ok(Some(Viewer { user_id, session_id }))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use reel_id::{SessionId, UserId};

    use super::*;

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp_millis(self.0).unwrap()
        }
    }

    const NOW: i64 = 1_790_000_000_000;

    fn verifier(key: &InternalKey, audience: &str, now: i64) -> CallVerifier {
        CallVerifier::new(key, audience, Arc::new(At(now)))
    }

    #[test]
    fn a_signed_call_names_its_viewer_or_nobody() {
        let key = InternalKey::generate();
        let signer = CallSigner::new(&key, Arc::new(At(NOW)));
        let viewer = Viewer { user_id: UserId::from(5), session_id: SessionId::from(6) };
        let check = |envelope: String| verifier(&key, "video/graphql", NOW + 10).verify(&envelope, b"{}");
        assert_eq!(check(signer.sign("video/graphql", Some(&viewer), b"{}")), Ok(Some(viewer)));
        assert_eq!(check(signer.sign("video/graphql", None, b"{}")), Ok(None));
    }

    #[test]
    fn a_call_for_another_audience_content_time_or_key_is_refused() {
        let key = InternalKey::generate();
        let envelope = CallSigner::new(&key, Arc::new(At(NOW))).sign("video/graphql", None, b"{}");
        let verify = |audience, now, content: &[u8]| verifier(&key, audience, now).verify(&envelope, content);
        assert_eq!(verify("user/graphql", NOW, b"{}"), Err(CallError::Mismatch));
        assert_eq!(verify("video/graphql", NOW, b"[]"), Err(CallError::Mismatch));
        assert_eq!(verify("video/graphql", NOW + 30_001, b"{}"), Err(CallError::Stale));
        assert_eq!(verify("video/graphql", NOW - 30_001, b"{}"), Err(CallError::Stale));
        let other = verifier(&InternalKey::generate(), "video/graphql", NOW);
        assert_eq!(other.verify(&envelope, b"{}"), Err(CallError::BadSignature));
    }

    #[test]
    fn every_changed_character_breaks_the_signature() {
        let key = InternalKey::generate();
        let viewer = Viewer { user_id: UserId::from(5), session_id: SessionId::from(6) };
        let envelope = CallSigner::new(&key, Arc::new(At(NOW))).sign("video/graphql", Some(&viewer), b"{}");
        let verifier = verifier(&key, "video/graphql", NOW);
        for position in 0..envelope.len() - 1 {
            let mut changed = envelope.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            assert!(verifier.verify(&String::from_utf8(changed).unwrap(), b"{}").is_err(), "at {position}");
        }
        for text in ["", ".", "v1", "v1......"] {
            assert!(verifier.verify(text, b"{}").is_err());
        }
    }
}
