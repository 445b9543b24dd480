use std::sync::Arc;

use http::HeaderMap;
use reel_auth::TokenVerifier;
use reel_error::ErrorCode;
use reel_rpc::Channel;

use super::own::{OwnLogins, Renewal};
use super::{Authentication, Caller, Credentials, EndedSessions, Issuers};

/// Turns the token headers of a request into a caller. Each token is checked by whoever its `iss` claim says has issued it.
#[derive(Debug, Clone, Default)]
pub struct Authenticator {
    /// The tokens of our own user domain; `None` in front of somebody else's graph.
    own: Option<OwnLogins>,
    /// The tokens of others.
    issuers: Issuers,
}

impl Authenticator {
    /// An authenticator of a graph without a user domain and without issuers: it looks at no token, and everyone is
    /// anonymous.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// The same that also believes our own logins: it checks their tokens with `verifier`, refuses those in `ended`, and
    /// renews through `users`.
    #[must_use]
    pub fn with_logins(self, verifier: Arc<TokenVerifier>, ended: Arc<EndedSessions>, users: Channel) -> Self {
        Self { own: Some(OwnLogins::new(verifier, ended, users)), ..self }
    }

    /// The same that also believes these issuers.
    #[must_use]
    pub fn with_issuers(self, issuers: Issuers) -> Self {
        Self { issuers, ..self }
    }

    /// Who sends these headers.
    pub(crate) async fn authenticate(&self, headers: &HeaderMap) -> Authentication {
        self.look(headers, Renewal::Now).await
    }

    /// Who sends these headers with a file. A file takes minutes, and it may never arrive: an expired token is only found
    /// renewable here, and is renewed by [`complete`](Self::complete).
    pub(crate) async fn authenticate_sender(&self, headers: &HeaderMap) -> Authentication {
        self.look(headers, Renewal::Later).await
    }

    /// Looks again once the file is in, and makes the renewal that was put off, if there is one. An error means that the
    /// caller may not go on.
    pub(crate) async fn complete(&self, authentication: &mut Authentication) -> Result<(), ErrorCode> {
        match (&self.own, &authentication.caller) {
            (Some(own), Caller::Known(viewer)) => own.complete(*viewer, authentication).await,
            _ => Ok(()),
        }
    }

    /// Forgets renewed tokens whose login has ended since, as the operation itself may have done.
    pub(crate) async fn forget_ended(&self, authentication: &mut Authentication) {
        if let (Some(own), Caller::Known(viewer), Some(renewed)) =
            (&self.own, &authentication.caller, &authentication.renewed)
            && own.has_ended(*viewer, renewed).await
        {
            authentication.renewed = None;
        }
    }

    async fn look(&self, headers: &HeaderMap, renewal: Renewal) -> Authentication {
        if self.own.is_none() && self.issuers.is_empty() {
            return Authentication::plain(Caller::Anonymous);
        }
        let credentials = Credentials::read(headers);
        let Some(access) = credentials.access.as_deref() else {
            return Authentication::plain(Caller::Anonymous);
        };
        if let Some(verdict) = self.issuers.verify(access).await {
            return Authentication::plain(verdict.map_or_else(Caller::Refused, Caller::Foreign));
        }
        match &self.own {
            Some(own) => own.authenticate(access, credentials.refresh.as_deref(), renewal).await,
            None => Authentication::plain(Caller::Refused(ErrorCode::TokenInvalid)),
        }
    }
}
