//! What the other domains and the router ask for (`schema/proto/user.proto`).

use std::sync::Arc;

use chrono::DateTime;
use reel_error::{Error, Result};
use reel_id::{SessionId, UserId};
use reel_rpc::user::peek_session_response;
use reel_rpc::user::renew_session_response::Outcome;
use reel_rpc::user::user_service_server::UserService;
use reel_rpc::user::{
    EndedSession, EndedSessionsRequest, EndedSessionsResponse, FindUsersRequest, FindUsersResponse, PeekSessionRequest,
    PeekSessionResponse, RenewSessionRequest, RenewSessionResponse, Tokens, User,
};
use reel_rpc::{refuse, upload};
use tonic::{Request, Response, Status, Streaming};

use crate::domain;
use crate::service::{Accounts, Avatars, Sessions};

/// The most ids of one request.
const MAX_IDS: usize = 500;

/// The user domain's gRPC service.
#[derive(Clone)]
pub struct UserRpc {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) avatars: Arc<Avatars>,
}

#[tonic::async_trait]
impl UserService for UserRpc {
    async fn find_users(&self, request: Request<FindUsersRequest>) -> Result<Response<FindUsersResponse>, Status> {
        let ids = request.into_inner().ids;
        if ids.len() > MAX_IDS {
            return Err(Status::invalid_argument(format!("at most {MAX_IDS} ids")));
        }
        let ids: Vec<UserId> = ids.into_iter().map(UserId::from).collect();
        let found = self.accounts.find_many(&ids).await.map_err(|error| refuse(&error))?;
        let users = found.into_values().map(|user| User { id: user.id.raw(), username: user.username }).collect();
        Ok(Response::new(FindUsersResponse { users }))
    }

    async fn renew_session(
        &self,
        request: Request<RenewSessionRequest>,
    ) -> Result<Response<RenewSessionResponse>, Status> {
        let RenewSessionRequest { refresh_token, session_id } = request.into_inner();
        let renewed = self.sessions.renew(&refresh_token, Some(SessionId::from(session_id))).await;
        let outcome = match renewed {
            Ok(tokens) => Outcome::Tokens(to_message(&tokens)),
            Err(Error::Client(error)) => Outcome::Refused(error.code.name().to_owned()),
            Err(error) => return Err(refuse(&error)),
        };
        Ok(Response::new(RenewSessionResponse { outcome: Some(outcome) }))
    }

    async fn peek_session(
        &self,
        request: Request<PeekSessionRequest>,
    ) -> Result<Response<PeekSessionResponse>, Status> {
        let PeekSessionRequest { refresh_token, session_id } = request.into_inner();
        let outcome = match self.sessions.peek(&refresh_token, SessionId::from(session_id)).await {
            Ok(renewable) => peek_session_response::Outcome::Renewable(renewable),
            Err(Error::Client(error)) => peek_session_response::Outcome::Refused(error.code.name().to_owned()),
            Err(error) => return Err(refuse(&error)),
        };
        Ok(Response::new(PeekSessionResponse { outcome: Some(outcome) }))
    }

    async fn ended_sessions(
        &self,
        request: Request<EndedSessionsRequest>,
    ) -> Result<Response<EndedSessionsResponse>, Status> {
        let since = DateTime::from_timestamp_millis(request.into_inner().since_ms)
            .ok_or_else(|| Status::invalid_argument("since_ms is not a time"))?;
        let page = self.sessions.ended_since(since).await.map_err(|error| refuse(&error))?;
        let sessions = page.sessions.into_iter().map(|session| EndedSession { session_id: session.id.raw() });
        let next_since_ms = page.next_since.timestamp_millis();
        Ok(Response::new(EndedSessionsResponse { sessions: sessions.collect(), next_since_ms }))
    }

    async fn upload_image(
        &self,
        request: Request<Streaming<upload::UploadRequest>>,
    ) -> Result<Response<upload::UploadResponse>, Status> {
        let (owner, content) = upload::receive(request).await?;
        upload::answer(self.avatars.upload(owner, content).await)
    }

    async fn discard_upload(
        &self,
        request: Request<upload::DiscardUploadRequest>,
    ) -> Result<Response<upload::DiscardUploadResponse>, Status> {
        let (owner, id) = upload::discard(request)?;
        self.avatars.discard(owner, id).await.map_err(|error| refuse(&error))?;
        Ok(Response::new(upload::DiscardUploadResponse {}))
    }
}

fn to_message(tokens: &domain::Tokens) -> Tokens {
    Tokens {
        access_token: tokens.access.token.clone(),
        refresh_token: tokens.refresh.encode(),
        user_id: tokens.viewer.user_id.raw(),
        session_id: tokens.viewer.session_id.raw(),
    }
}
