use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const TOKEN_BYTES: usize = 32;
/// The length of a sealed successor.
pub(crate) const SEALED_BYTES: usize = TOKEN_BYTES;
/// 32 bytes in Base64 without padding.
const TEXT_LENGTH: usize = 43;
/// Binds the sealing key to this one purpose.
const SEAL_LABEL: &[u8] = b"reelgraph refresh successor v1";

/// What the database knows of a refresh token: its SHA-256. The token is 256 random bits, so a slow hash would add nothing.
pub(crate) type TokenHash = [u8; 32];

/// A refresh token: 256 random bits, in URL-safe Base64 outside. It is wiped from memory when dropped and has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken(Zeroizing<[u8; TOKEN_BYTES]>);

impl RefreshToken {
    /// A new token from the operating system's randomness.
    #[expect(clippy::disallowed_methods, reason = "a secret wants the system's randomness, never a handed-in source")]
    pub(crate) fn generate() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// Reads the text that a client holds. `None` when it is not a token of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LENGTH {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The text for the client.
    pub(crate) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    /// What the database stores.
    pub(crate) fn hash(&self) -> TokenHash {
        Sha256::digest(*self.0).into()
    }

    /// Seals the successor of this token with this token.
    ///
    /// A client whose answer was lost, or whose requests ran in parallel, presents the spent token again and must get
    /// the same successor, so something has to be kept; yet whoever reads the database must not learn a live token. The
    /// key stream is HMAC-SHA256 of a fixed label under the spent token, of which the database holds only the hash. A
    /// token has one successor, so a key stream is used once; and what comes out is believed only if its hash is stored.
    pub(crate) fn seal(&self, successor: &Self) -> [u8; SEALED_BYTES] {
        self.crypt(&successor.0)
    }

    /// Opens what [`seal`](Self::seal) sealed under this token.
    pub(crate) fn open(&self, sealed: &[u8; SEALED_BYTES]) -> Self {
        Self(Zeroizing::new(self.crypt(sealed)))
    }

    fn crypt(&self, text: &[u8; SEALED_BYTES]) -> [u8; SEALED_BYTES] {
        // HMAC-SHA256 fills a key that is shorter than its block of 64 bytes up with zeros (RFC 2104 section 2).
        let mut key = Zeroizing::new([0_u8; 64]);
        key[..TOKEN_BYTES].copy_from_slice(&*self.0);
        let stream = Hmac::<Sha256>::new((&*key).into()).chain_update(SEAL_LABEL).finalize().into_bytes();
        std::array::from_fn(|at| text[at] ^ stream[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_no_other_text_is_one() {
        let token = RefreshToken::generate();
        assert!(RefreshToken::parse(&token.encode()).is_some_and(|parsed| parsed == token));
        let padded = format!("{}=", token.encode());
        for text in ["", "abc", &padded, &"=".repeat(43), &"字".repeat(43), &"a".repeat(1_000_000)] {
            assert!(RefreshToken::parse(text).is_none());
        }
    }

    #[test]
    fn only_the_spent_token_opens_its_successor() {
        let (spent, successor, other) = (RefreshToken::generate(), RefreshToken::generate(), RefreshToken::generate());
        let sealed = spent.seal(&successor);
        assert!(spent.open(&sealed) == successor);
        assert!(other.open(&sealed) != successor);
        assert_ne!(sealed, *successor.0);
    }

    #[test]
    fn the_seal_is_hmac_sha256_of_its_label() {
        let spent = RefreshToken(Zeroizing::new([7; 32]));
        let sealed = spent.seal(&RefreshToken(Zeroizing::new([0; 32])));
        let expected = Hmac::<Sha256>::new_from_slice(&[7; 32])
            .map(|mac| mac.chain_update(SEAL_LABEL).finalize().into_bytes().to_vec());
        assert_eq!(expected.ok(), Some(sealed.to_vec()));
    }
}
