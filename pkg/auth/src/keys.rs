use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A key setting that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// No value.
    #[error("{0} is not set: `reelgraph keys` makes a set of keys")]
    Missing(&'static str),
    /// Not Base64, or of the wrong length.
    #[error("{name} must be {expected} in Base64: `reelgraph keys` makes a set of keys")]
    Malformed {
        /// The setting's name.
        name: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
}

fn decode_32(name: &'static str, text: &str) -> Result<[u8; 32], KeyError> {
    let malformed = KeyError::Malformed { name, expected: "32 bytes" };
    let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed { name, expected: "32 bytes" })?;
    bytes.try_into().map_err(|_| malformed)
}

/// The Ed25519 key that signs access tokens (RFC 8032).
#[derive(Clone)]
pub struct SigningKey(pub(crate) ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key from the operating system's randomness.
    #[expect(clippy::disallowed_methods, reason = "a key wants the system's randomness, never a handed-in source")]
    pub fn generate() -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&rand::random()))
    }

    /// Reads `auth.signing_key`.
    ///
    /// # Errors
    /// When it is missing or not 32 bytes in Base64.
    pub fn from_setting(setting: Option<&SecretString>) -> Result<Self, KeyError> {
        let text = setting.ok_or(KeyError::Missing("auth.signing_key"))?;
        let seed = decode_32("auth.signing_key", text.expose_secret())?;
        Ok(Self(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// The text for `auth.signing_key`. It is secret.
    pub fn to_setting(&self) -> SecretString {
        STANDARD.encode(self.0.to_bytes()).into()
    }

    /// The key that checks what this one signs.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.public_key().key_id())
    }
}

/// The Ed25519 key that access tokens are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(pub(crate) [u8; 32]);

impl PublicKey {
    /// Reads one entry of `auth.public_keys`.
    ///
    /// # Errors
    /// When it is not a valid key of 32 bytes in Base64.
    pub fn from_setting(text: &str) -> Result<Self, KeyError> {
        let bytes = decode_32("auth.public_keys", text)?;
        ed25519_dalek::VerifyingKey::from_bytes(&bytes).map(|_| Self(bytes)).map_err(|_| KeyError::Malformed {
            name: "auth.public_keys",
            expected: "an Ed25519 public key of 32 bytes",
        })
    }

    /// The text for `auth.public_keys`.
    pub fn to_setting(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// The `kid` in the header of tokens: 16 hexadecimal digits derived from the key.
    pub fn key_id(&self) -> String {
        Sha256::digest(self.0).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The secret that our own processes share to sign their calls to each other.
#[derive(Clone)]
pub struct InternalKey(pub(crate) Vec<u8>);

impl InternalKey {
    /// A new key of 32 bytes from the operating system's randomness.
    #[expect(clippy::disallowed_methods, reason = "a key wants the system's randomness, never a handed-in source")]
    pub fn generate() -> Self {
        Self(rand::random::<[u8; 32]>().to_vec())
    }

    /// Reads `auth.internal_key`.
    ///
    /// # Errors
    /// When it is missing, not Base64, or shorter than 32 bytes.
    pub fn from_setting(setting: Option<&SecretString>) -> Result<Self, KeyError> {
        let name = "auth.internal_key";
        let text = setting.ok_or(KeyError::Missing(name))?;
        match STANDARD.decode(text.expose_secret().trim()) {
            Ok(bytes) if bytes.len() >= 32 => Ok(Self(bytes)),
            _ => Err(KeyError::Malformed { name, expected: "at least 32 bytes" }),
        }
    }

    /// The text for `auth.internal_key`. It is secret.
    pub fn to_setting(&self) -> SecretString {
        STANDARD.encode(&self.0).into()
    }
}

impl fmt::Debug for InternalKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("InternalKey(…)")
    }
}
