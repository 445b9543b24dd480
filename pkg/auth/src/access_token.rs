use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use reel_id::{Clock, SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::{AuthSettings, PublicKey, SigningKey, Viewer};

/// The `typ` header of access tokens (RFC 9068), so that no other kind of JWT passes for one.
const TOKEN_TYPE: &str = "at+jwt";
/// How far a clock of ours may be ahead of or behind another, in seconds.
const LEEWAY_S: i64 = 5;
/// Our own tokens are about 400 bytes; anything much longer is not one.
const MAX_TOKEN_BYTES: usize = 2_048;

/// The claims of an access token (RFC 7519, RFC 9068). Times are seconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    jti: String,
    iat: i64,
    exp: i64,
}

/// A new access token.
#[derive(Debug, Clone)]
pub struct SignedToken {
    /// The JWT in compact form.
    pub token: String,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// Signs access tokens. Only the user domain has one.
#[derive(Debug)]
pub struct TokenSigner {
    key: EncodingKey,
    header: Header,
    issuer: String,
    audience: String,
    ttl: TimeDelta,
    clock: Arc<dyn Clock>,
}

/// The token could not be signed; the key is broken.
#[derive(Debug, thiserror::Error)]
#[error("an access token cannot be signed: {0}")]
pub struct SignError(String);

impl TokenSigner {
    /// A signer with this key.
    ///
    /// # Errors
    /// When the key cannot be encoded for the JWT library.
    pub fn new(key: &SigningKey, settings: &AuthSettings, clock: Arc<dyn Clock>) -> Result<Self, SignError> {
        let der = key.0.to_pkcs8_der().map_err(|error| SignError(error.to_string()))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.into());
        header.kid = Some(key.public_key().key_id());
        Ok(Self {
            key: EncodingKey::from_ed_der(der.as_bytes()),
            header,
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            ttl: TimeDelta::from_std(settings.access_ttl_s.duration()).unwrap_or(TimeDelta::MAX),
            clock,
        })
    }

    /// An access token for this login. `token_id` becomes its `jti`.
    ///
    /// # Errors
    /// When signing fails.
    pub fn sign(&self, viewer: Viewer, token_id: i64) -> Result<SignedToken, SignError> {
        let issued_at = self.clock.now();
        let expires_at = issued_at + self.ttl;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: viewer.user_id,
            sid: viewer.session_id,
            jti: token_id.to_string(),
            iat: issued_at.timestamp(),
            exp: expires_at.timestamp(),
        };
        let token =
            jsonwebtoken::encode(&self.header, &claims, &self.key).map_err(|error| SignError(error.to_string()))?;
        Ok(SignedToken { token, expires_at })
    }
}

/// Whether a genuine token is still within its lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// It may be used.
    Current,
    /// Its signature and claims are ours, but its time is over. It may be renewed.
    Expired,
}

/// A token whose signature, type, issuer and audience are ours.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedToken {
    /// Whom it speaks for.
    pub viewer: Viewer,
    /// Whether its time is over.
    pub state: TokenState,
}

/// Checks access tokens with the public keys.
#[derive(Debug)]
pub struct TokenVerifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    clock: Arc<dyn Clock>,
}

impl TokenVerifier {
    /// A verifier that accepts tokens signed for any of these keys.
    pub fn new(keys: &[PublicKey], settings: &AuthSettings, clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is checked against the clock that was handed in, because an expired token is an answer, not an error.
        validation.validate_exp = false;
        let keys = keys.iter().map(|key| (key.key_id(), DecodingKey::from_ed_der(&key.0))).collect();
        Self { keys, validation, clock }
    }

    /// Checks a token. `None` when it is not a genuine token of ours.
    pub fn verify(&self, token: &str) -> Option<VerifiedToken> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let is_access_token = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TOKEN_TYPE));
        if !is_access_token {
            return None;
        }
        let key = self.keys.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok()?.claims;
        self.read(&claims)
    }

    fn read(&self, claims: &Claims) -> Option<VerifiedToken> {
        let now = self.clock.now().timestamp();
        if claims.iat > now + LEEWAY_S {
            return None;
        }
        let state = if claims.exp <= now { TokenState::Expired } else { TokenState::Current };
        Some(VerifiedToken { viewer: Viewer { user_id: claims.sub, session_id: claims.sid }, state })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp(self.0, 0).unwrap()
        }
    }

    const NOON: i64 = 1_790_000_000;

    fn viewer() -> Viewer {
        Viewer { user_id: UserId::from(7), session_id: SessionId::from(9) }
    }

    fn signed(key: &SigningKey, settings: &AuthSettings) -> String {
        TokenSigner::new(key, settings, Arc::new(At(NOON))).unwrap().sign(viewer(), 1).unwrap().token
    }

    fn verify_at(time: i64, key: &SigningKey, token: &str) -> Option<VerifiedToken> {
        TokenVerifier::new(&[key.public_key()], &AuthSettings::default(), Arc::new(At(time))).verify(token)
    }

    #[test]
    fn a_token_is_current_until_its_last_second_and_then_expired() {
        let key = SigningKey::generate();
        let token = signed(&key, &AuthSettings::default());
        let state = |time| verify_at(time, &key, &token).unwrap().state;
        assert_eq!(verify_at(NOON, &key, &token).unwrap().viewer, viewer());
        assert_eq!(state(NOON + 899), TokenState::Current);
        assert_eq!(state(NOON + 900), TokenState::Expired);
    }

    #[test]
    fn tokens_of_another_key_issuer_audience_or_time_are_refused() {
        let (key, other) = (SigningKey::generate(), SigningKey::generate());
        assert!(verify_at(NOON, &key, &signed(&other, &AuthSettings::default())).is_none());
        let issuer = AuthSettings { issuer: "someone".into(), ..AuthSettings::default() };
        assert!(verify_at(NOON, &key, &signed(&key, &issuer)).is_none());
        let audience = AuthSettings { audience: "elsewhere".into(), ..AuthSettings::default() };
        assert!(verify_at(NOON, &key, &signed(&key, &audience)).is_none());
        assert!(verify_at(NOON - 60, &key, &signed(&key, &AuthSettings::default())).is_none());
    }

    #[test]
    fn a_changed_token_or_another_kind_of_token_is_refused() {
        let key = SigningKey::generate();
        let token = signed(&key, &AuthSettings::default());
        let parts: Vec<&str> = token.split('.').collect();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        let forged = URL_SAFE_NO_PAD.encode(payload.replace("\"sub\":\"7\"", "\"sub\":\"8\""));
        assert!(verify_at(NOON, &key, &[parts[0], &forged, parts[2]].join(".")).is_none());
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
        assert!(verify_at(NOON, &key, &[&unsigned, parts[1], ""].join(".")).is_none());
        for text in ["", ".", "..", "a.b.c", &"x".repeat(5_000)] {
            assert!(verify_at(NOON, &key, text).is_none());
        }
    }
}
