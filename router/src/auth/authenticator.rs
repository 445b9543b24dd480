use std::sync::Arc;

use http::HeaderMap;
use reel_auth::{TokenState, TokenVerifier, VerifiedToken, Viewer};
use reel_error::ErrorCode;
use reel_id::{SessionId, UserId};
use reel_rpc::Channel;
use reel_rpc::user::RenewSessionRequest;
use reel_rpc::user::renew_session_response::Outcome;
use reel_rpc::user::user_service_client::UserServiceClient;

use super::{Authentication, Caller, Credentials, EndedSessions, TokenPair};

/// Turns the token headers of a request into a caller.
#[derive(Debug, Clone)]
pub struct Authenticator(Option<Checks>);

#[derive(Debug, Clone)]
struct Checks {
    verifier: Arc<TokenVerifier>,
    ended: Arc<EndedSessions>,
    users: UserServiceClient<Channel>,
}

impl Authenticator {
    /// An authenticator that checks tokens with `verifier`, refuses the logins in `ended`, and renews through `users`.
    pub fn new(verifier: Arc<TokenVerifier>, ended: Arc<EndedSessions>, users: Channel) -> Self {
        Self(Some(Checks { verifier, ended, users: UserServiceClient::new(users) }))
    }

    /// An authenticator of a graph without a user domain: it looks at no token, and everyone is anonymous.
    pub fn nobody() -> Self {
        Self(None)
    }

    /// Who sends these headers.
    pub(crate) async fn authenticate(&self, headers: &HeaderMap) -> Authentication {
        match &self.0 {
            Some(checks) => checks.authenticate(headers).await,
            None => Authentication::plain(Caller::Anonymous),
        }
    }
}

impl Checks {
    async fn authenticate(&self, headers: &HeaderMap) -> Authentication {
        let credentials = Credentials::read(headers);
        let Some(access) = credentials.access.as_deref() else {
            return Authentication::plain(Caller::Anonymous);
        };
        let Some(token) = self.verifier.verify(access) else {
            return Authentication::plain(Caller::Refused(ErrorCode::TokenInvalid));
        };
        if !self.ended.is_known() {
            return Authentication::plain(Caller::Refused(ErrorCode::ServiceUnavailable));
        }
        if self.ended.contains(token.viewer.session_id) {
            return Authentication::plain(Caller::Refused(ErrorCode::SessionEnded));
        }
        match (token.state, credentials.refresh.as_deref()) {
            (TokenState::Current, _) => Authentication::plain(Caller::Known(token.viewer)),
            (TokenState::Expired, None) => Authentication::plain(Caller::Refused(ErrorCode::TokenExpired)),
            (TokenState::Expired, Some(refresh)) => self.renew(token, refresh).await,
        }
    }

    async fn renew(&self, token: VerifiedToken, refresh: &str) -> Authentication {
        match self.ask_for_renewal(token.viewer.session_id, refresh).await {
            Ok((viewer, pair)) => Authentication { caller: Caller::Known(viewer), renewed: Some(pair) },
            Err(code) => Authentication::plain(Caller::Refused(code)),
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
