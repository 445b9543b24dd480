//! The keys of an issuer, and whether one of them has signed a token.

use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::config::TokenAlgorithm;

/// More keys than any issuer has.
const MOST_KEYS: usize = 100;
/// How many keys a token is tried with that does not say which.
const MOST_TRIED: usize = 4;
/// Shorter RSA keys are not safe (RFC 7518, section 3.3), in bytes.
const SHORTEST_RSA: usize = 256;

/// How many tokens are remembered whose signature was right, and how long one that nobody brings again.
const MOST_CHECKED: u64 = 10_000;
const CHECKED_IDLE: Duration = Duration::from_secs(600);

type Hash = [u8; 32];

/// The keys of an issuer that a token of the allowed algorithms can be checked with.
#[derive(Debug)]
pub(super) struct Keys {
    keys: Vec<Key>,
    text: Hash,
    /// Tokens that one of these keys has signed. Other keys come with a memory of their own. Only the issuer can fill it, and
    /// what a token says is checked each time.
    checked: Cache<Hash, ()>,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// What this key may sign with; never an algorithm of another kind of key.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// A token as far as its signature is concerned.
#[derive(Debug)]
pub(super) struct Signed<'t> {
    algorithm: Algorithm,
    key_id: Option<String>,
    token: &'t str,
    message: &'t str,
    signature: &'t str,
}

#[derive(Deserialize)]
struct Written {
    keys: Vec<Value>,
}

impl Keys {
    /// Reads a JWK set. Keys of kinds that we do not know, or that are for something else, are passed over (RFC 7517,
    /// section 5).
    pub(super) fn read(text: &[u8], allowed: &[TokenAlgorithm]) -> Result<Self, &'static str> {
        let written: Written = serde_json::from_slice(text).map_err(|_| "it is not a JWK set")?;
        let allowed: Vec<Algorithm> = allowed.iter().map(|algorithm| (*algorithm).into()).collect();
        let keys = written.keys.into_iter().take(MOST_KEYS);
        let keys: Vec<Key> = keys.filter_map(|key| Key::read(serde_json::from_value(key).ok()?, &allowed)).collect();
        if keys.is_empty() { Err("it has no key for the allowed algorithms") } else { Ok(Self::of(keys, hash(text))) }
    }

    /// No keys, before there are any.
    pub(super) fn none() -> Self {
        Self::of(Vec::new(), Hash::default())
    }

    fn of(keys: Vec<Key>, text: Hash) -> Self {
        let checked = Cache::builder().max_capacity(MOST_CHECKED).time_to_idle(CHECKED_IDLE).build();
        Self { keys, text, checked }
    }

    /// Whether both were read from the same text.
    pub(super) fn are(&self, other: &Self) -> bool {
        self.text == other.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether the key that the token names is there. A token that names none is tried with all that may have signed it.
    pub(super) fn know(&self, signed: &Signed<'_>) -> bool {
        signed.key_id.is_none() || self.keys.iter().any(|key| key.id == signed.key_id)
    }

    /// Whether one of the keys has signed this.
    pub(super) fn verify(&self, signed: &Signed<'_>) -> bool {
        let token = hash(signed.token.as_bytes());
        if self.checked.get(&token).is_some() {
            return true;
        }
        let is_genuine = self.have_signed(signed);
        if is_genuine {
            self.checked.insert(token, ());
        }
        is_genuine
    }

    fn have_signed(&self, signed: &Signed<'_>) -> bool {
        let may_have = |key: &&Key| {
            key.algorithms.contains(&signed.algorithm) && (signed.key_id.is_none() || key.id == signed.key_id)
        };
        self.keys.iter().filter(may_have).take(MOST_TRIED).any(|key| key.has_signed(signed))
    }
}

impl Key {
    fn read(written: Jwk, allowed: &[Algorithm]) -> Option<Self> {
        if written.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        let key = DecodingKey::from_jwk(&written).ok()?;
        let mut algorithms: Vec<Algorithm> = fitting(&written.algorithm, &key).to_vec();
        algorithms.retain(|algorithm| allowed.contains(algorithm));
        if let Some(only) = written.common.key_algorithm {
            algorithms.retain(|algorithm| only == (*algorithm).into());
        }
        (!algorithms.is_empty()).then_some(Self { id: written.common.key_id, algorithms, key })
    }

    fn has_signed(&self, signed: &Signed<'_>) -> bool {
        jsonwebtoken::crypto::verify(signed.signature, signed.message.as_bytes(), &self.key, signed.algorithm)
            .unwrap_or(false)
    }
}

/// The algorithms of a kind of key. A secret that is shared is none of an issuer's.
fn fitting(parameters: &AlgorithmParameters, key: &DecodingKey) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::RSA(_) if is_long(key) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => &[EdDSA],
        _ => &[],
    }
}

fn is_long(key: &DecodingKey) -> bool {
    match key.kind() {
        jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } => {
            n.iter().skip_while(|byte| **byte == 0).count() >= SHORTEST_RSA
        }
        jsonwebtoken::DecodingKeyKind::SecretOrDer(_) => false,
    }
}

fn hash(text: &[u8]) -> Hash {
    Sha256::digest(text).into()
}

impl<'t> Signed<'t> {
    /// Reads a token. `None` when it is none, or has an extension that has to be understood (RFC 7515, section 4.1.11).
    pub(super) fn read(token: &'t str) -> Option<Self> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let (message, signature) = token.rsplit_once('.')?;
        let is_plain = header.crit.is_none() && header.enc.is_none() && message.matches('.').count() == 1;
        is_plain.then_some(Self { algorithm: header.alg, key_id: header.kid, token, message, signature })
    }
}

impl From<TokenAlgorithm> for Algorithm {
    fn from(algorithm: TokenAlgorithm) -> Self {
        match algorithm {
            TokenAlgorithm::RS256 => Self::RS256,
            TokenAlgorithm::RS384 => Self::RS384,
            TokenAlgorithm::RS512 => Self::RS512,
            TokenAlgorithm::PS256 => Self::PS256,
            TokenAlgorithm::PS384 => Self::PS384,
            TokenAlgorithm::PS512 => Self::PS512,
            TokenAlgorithm::ES256 => Self::ES256,
            TokenAlgorithm::ES384 => Self::ES384,
            TokenAlgorithm::EdDSA => Self::EdDSA,
        }
    }
}
