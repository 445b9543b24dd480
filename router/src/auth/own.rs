//! Our own logins: two tokens, of which the second renews the first, and a list of logins that have ended.

use std::sync::Arc;

use reel_auth::{TokenState, TokenVerifier, VerifiedToken, Viewer};
use reel_error::ErrorCode;
use reel_id::{SessionId, UserId};
use reel_rpc::Channel;
use reel_rpc::user::renew_session_response::Outcome;
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::user::{PeekSessionRequest, RenewSessionRequest, peek_session_response};

use super::{Authentication, Caller, EndedSessions, PendingRenewal, TokenPair};

/// Checks the tokens that our own user domain has signed.
#[derive(Debug, Clone)]
pub(super) struct OwnLogins {
    verifier: Arc<TokenVerifier>,
    ended: Arc<EndedSessions>,
    users: UserServiceClient<Channel>,
}

/// When an expired token is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    Now,
    Later,
}

impl OwnLogins {
    pub(super) fn new(verifier: Arc<TokenVerifier>, ended: Arc<EndedSessions>, users: Channel) -> Self {
        Self { verifier, ended, users: UserServiceClient::new(users) }
    }

    /// Who brings these tokens.
    pub(super) async fn authenticate(&self, access: &str, refresh: Option<&str>, renewal: Renewal) -> Authentication {
        let Some(token) = self.verifier.verify(access) else {
            return Authentication::plain(Caller::Refused(ErrorCode::TokenInvalid));
        };
        if !self.ended.is_known() {
            return Authentication::plain(Caller::Refused(ErrorCode::ServiceUnavailable));
        }
        if self.ended.contains(token.viewer.session_id) {
            return Authentication::plain(Caller::Refused(ErrorCode::SessionEnded));
        }
        match (token.state, refresh) {
            (TokenState::Current, _) => Authentication::plain(Caller::Known(token.viewer)),
            (TokenState::Expired, None) => Authentication::plain(Caller::Refused(ErrorCode::TokenExpired)),
            (TokenState::Expired, Some(refresh)) if renewal == Renewal::Later => self.put_off(token, refresh).await,
            (TokenState::Expired, Some(refresh)) => self.renew(token, refresh).await,
        }
    }

    /// Looks again at a login whose authentication is a while ago, and makes the renewal that was put off.
    pub(super) async fn complete(&self, viewer: Viewer, authentication: &mut Authentication) -> Result<(), ErrorCode> {
        if self.ended.contains(viewer.session_id) {
            return Err(ErrorCode::SessionEnded);
        }
        if let Some(pending) = authentication.pending.take() {
            authentication.renewed = self.renew_pending(&pending).await?;
        }
        Ok(())
    }

    /// Whether the login of these tokens has ended since.
    pub(super) async fn has_ended(&self, viewer: Viewer, tokens: &TokenPair) -> bool {
        self.peek(viewer.session_id, &tokens.refresh).await == Err(ErrorCode::SessionEnded)
    }

    async fn put_off(&self, token: VerifiedToken, refresh: &str) -> Authentication {
        let session = token.viewer.session_id;
        match self.peek(session, refresh).await {
            Ok(true) => Authentication {
                pending: Some(PendingRenewal { session, refresh: refresh.to_owned() }),
                ..Authentication::plain(Caller::Known(token.viewer))
            },
            // Spent long ago: what becomes of it is for the user domain to say.
            Ok(false) => self.renew(token, refresh).await,
            Err(code) => Authentication::plain(Caller::Refused(code)),
        }
    }

    async fn renew_pending(&self, pending: &PendingRenewal) -> Result<Option<TokenPair>, ErrorCode> {
        if self.peek(pending.session, &pending.refresh).await? {
            return Ok(Some(self.ask_for_renewal(pending.session, &pending.refresh).await?.1));
        }
        // Another request has spent it since, and its answer has brought the client the tokens after it.
        Ok(None)
    }

    async fn renew(&self, token: VerifiedToken, refresh: &str) -> Authentication {
        match self.ask_for_renewal(token.viewer.session_id, refresh).await {
            Ok((viewer, pair)) => {
                Authentication { renewed: Some(pair), ..Authentication::plain(Caller::Known(viewer)) }
            }
            Err(code) => Authentication::plain(Caller::Refused(code)),
        }
    }

    /// Whether this refresh token could be spent now; `false` when it was spent long ago.
    async fn peek(&self, session: SessionId, refresh: &str) -> Result<bool, ErrorCode> {
        let request = PeekSessionRequest { refresh_token: refresh.to_owned(), session_id: session.raw() };
        let response = self.users.clone().peek_session(request).await.map_err(|status| {
            let error = reel_rpc::call_error(status);
            tracing::error!(session.id = %session, %error, "a refresh token could not be looked at");
            error.code()
        })?;
        match response.into_inner().outcome {
            Some(peek_session_response::Outcome::Renewable(renewable)) => Ok(renewable),
            Some(peek_session_response::Outcome::Refused(name)) => Err(reel_rpc::refused_code(&name)),
            None => Err(ErrorCode::Internal),
        }
    }

    async fn ask_for_renewal(&self, session: SessionId, refresh: &str) -> Result<(Viewer, TokenPair), ErrorCode> {
        let request = RenewSessionRequest { refresh_token: refresh.to_owned(), session_id: session.raw() };
        let response = self.users.clone().renew_session(request).await.map_err(|status| {
            let error = reel_rpc::call_error(status);
            tracing::error!(session.id = %session, %error, "a session could not be renewed");
            error.code()
        })?;
        match response.into_inner().outcome {
            Some(Outcome::Tokens(tokens)) => Ok((
                Viewer { user_id: UserId::from(tokens.user_id), session_id: SessionId::from(tokens.session_id) },
                TokenPair { access: tokens.access_token, refresh: tokens.refresh_token },
            )),
            Some(Outcome::Refused(name)) => Err(reel_rpc::refused_code(&name)),
            None => Err(ErrorCode::Internal),
        }
    }
}
