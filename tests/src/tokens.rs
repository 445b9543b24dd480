use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reel_auth::{AuthSettings, SigningKey, TokenSigner, TokenVerifier, Viewer};
use reel_id::{Clock, SystemClock};

/// Makes access tokens with the product's own key: what a client holds a while after it logged in.
#[derive(Debug)]
pub struct TokenForge {
    verifier: TokenVerifier,
    yesterday: TokenSigner,
    stranger: TokenSigner,
}

#[derive(Debug)]
struct Yesterday;

impl Clock for Yesterday {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() - TimeDelta::days(1)
    }
}

impl TokenForge {
    pub(crate) fn new(key: &SigningKey) -> Self {
        let settings = AuthSettings::default();
        let signer = |key: &SigningKey, clock: Arc<dyn Clock>| {
            TokenSigner::new(key, &settings, clock).expect("a new key can sign")
        };
        Self {
            verifier: TokenVerifier::new(&[key.public_key()], &settings, Arc::new(SystemClock)),
            yesterday: signer(key, Arc::new(Yesterday)),
            stranger: signer(&SigningKey::generate(), Arc::new(SystemClock)),
        }
    }

    /// The token of the same login as it was a day ago, expired by now.
    ///
    /// # Panics
    /// When `token` is not one of the product's.
    pub fn expired(&self, token: &str) -> String {
        self.yesterday.sign(self.viewer(token), 1).expect("a new key can sign").token
    }

    /// A token for the same login, signed by somebody else.
    ///
    /// # Panics
    /// When `token` is not one of the product's.
    pub fn forged(&self, token: &str) -> String {
        self.stranger.sign(self.viewer(token), 1).expect("a new key can sign").token
    }

    fn viewer(&self, token: &str) -> Viewer {
        self.verifier.verify(token).expect("a token of the product").viewer
    }
}
