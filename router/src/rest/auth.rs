use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use serde::{Deserialize, Serialize};

use super::documents::Document;
use super::endpoint::{Access, Endpoint, Method, Operation, Takes};
use super::input::Input;
use super::objects::{TimeFormat, given, read};
use super::parameter::Data;
use crate::auth::TokenPair;
use crate::http::{Failure, Reply};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/auth/refresh",
        access: Access::HandsOutTokens,
        takes: Takes::Nothing,
        operation: refresh,
        reply: refreshed,
        summary: "Spends the refresh token of the header for a new pair.",
        parameters: &[],
        data: Data::Tokens,
    },
    Endpoint {
        method: Method::Post,
        path: "/auth/logout",
        access: Access::Person,
        takes: Takes::Nothing,
        operation: log_out,
        reply: logged_out,
        summary: "Ends this login.",
        parameters: &[],
        data: Data::None,
    },
];

/// The payload of a mutation, under the name that every document of a mutation gives it.
#[derive(Debug, Deserialize)]
pub(super) struct Payload<T> {
    payload: Option<T>,
}

impl<T> Payload<T> {
    /// The payload, which is null only together with an error.
    pub(super) fn given(self) -> Result<T, Failure> {
        given(self.payload, "payload")
    }
}

/// The tokens of a login.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionNode {
    access_token: String,
    refresh_token: String,
}

impl From<SessionNode> for TokenPair {
    fn from(session: SessionNode) -> Self {
        Self { access: session.access_token, refresh: session.refresh_token }
    }
}

fn refresh(input: &Input) -> Result<Operation, Failure> {
    let token = input.refresh_token.as_deref().ok_or_else(|| {
        Failure::new(ErrorCode::Unauthenticated)
            .detail("缺少请求头 Refresh-Token", "The header Refresh-Token is missing.")
    })?;
    Ok(Operation::of(Document::RenewSession).with("refreshToken", token))
}

fn refreshed(data: ConstValue, _times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Renewal {
        session: Option<SessionNode>,
    }
    #[derive(Serialize)]
    struct Tokens<'a> {
        access_token: &'a str,
        refresh_token: &'a str,
    }
    let renewal = read::<Payload<Renewal>>(data)?.given()?;
    let pair = TokenPair::from(given(renewal.session, "RenewSessionPayload.session")?);
    let reply = Reply::data(&Tokens { access_token: &pair.access, refresh_token: &pair.refresh })?;
    Ok(reply.with_tokens(pair))
}

fn log_out(_input: &Input) -> Result<Operation, Failure> {
    Ok(Operation::of(Document::LogOut))
}

fn logged_out(_data: ConstValue, _times: &TimeFormat) -> Result<Reply, Failure> {
    Ok(Reply::none().logged_out())
}
