use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use reel_id::UserId;
use serde::Deserialize;

use super::auth::{Payload, SessionNode};
use super::documents::Document;
use super::endpoint::{Access, Endpoint, Method, Operation, Takes, no_data};
use super::input::Input;
use super::objects::{Node as _, TimeFormat, UserNode, given, read};
use super::parameter::{Data, file, id, text};
use crate::http::{Failure, Reply, UploadKind};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/user/register",
        access: Access::Open,
        takes: Takes::Form,
        operation: register,
        reply: no_data,
        summary: "Opens an account.",
        parameters: &[text("username"), text("password")],
        data: Data::None,
    },
    Endpoint {
        method: Method::Post,
        path: "/user/login",
        access: Access::HandsOutTokens,
        takes: Takes::Form,
        operation: log_in,
        reply: logged_in,
        summary: "Logs in; the tokens are in the answer's headers.",
        parameters: &[text("username"), text("password"), text("code").optional()],
        data: Data::User,
    },
    Endpoint {
        method: Method::Get,
        path: "/user/info",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: info,
        reply: found_user,
        summary: "A person; without user_id the caller.",
        parameters: &[id("user_id").optional()],
        data: Data::User,
    },
    Endpoint {
        method: Method::Put,
        path: "/user/avatar/upload",
        access: Access::Person,
        takes: Takes::File { kind: UploadKind::Image, check: |_| Ok(()) },
        operation: update_avatar,
        reply: updated_user,
        summary: "Replaces the caller's avatar.",
        parameters: &[file("data")],
        data: Data::User,
    },
];

fn register(input: &Input) -> Result<Operation, Failure> {
    Ok(Operation::of(Document::Register)
        .with("username", input.present("username")?)
        .with("password", input.present("password")?))
}

fn log_in(input: &Input) -> Result<Operation, Failure> {
    Ok(Operation::of(Document::LogIn)
        .with("username", input.present("username")?)
        .with("password", input.present("password")?)
        .with("code", input.optional("code")))
}

fn logged_in(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct LogIn {
        session: Option<SessionNode>,
        user: Option<UserNode>,
    }
    let login = read::<Payload<LogIn>>(data)?.given()?;
    let session = given(login.session, "LogInPayload.session")?;
    let user = given(login.user, "LogInPayload.user")?.into_object(times)?;
    Ok(Reply::data(&user)?.with_tokens(session.into()))
}

fn info(input: &Input) -> Result<Operation, Failure> {
    let id = match input.optional_id::<UserId>("user_id")? {
        Some(id) => id,
        None => input.viewer()?.user_id,
    };
    Ok(Operation::of(Document::UserInfo).with("id", id.to_string()))
}

fn found_user(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Found {
        user: Option<UserNode>,
    }
    let user = read::<Found>(data)?.user.ok_or(ErrorCode::UserNotFound)?;
    Reply::data(&user.into_object(times)?)
}

fn update_avatar(input: &Input) -> Result<Operation, Failure> {
    Ok(Operation::of(Document::UpdateAvatar).with("uploadId", input.upload_id()?.to_string()))
}

fn updated_user(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Updated {
        user: Option<UserNode>,
    }
    let user = given(read::<Payload<Updated>>(data)?.given()?.user, "UpdateAvatarPayload.user")?;
    Reply::data(&user.into_object(times)?)
}
