use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use reel_id::UserId;
use serde::Deserialize;

use super::documents::Document;
use super::endpoint::{Access, Endpoint, Method, Operation, Takes, no_data};
use super::input::Input;
use super::objects::{Connection, SocialNode, TimeFormat, given, read};
use super::parameter::{Data, PAGE_NUM, PAGE_SIZE, choice, id};
use crate::http::{Failure, Reply};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/relation/action",
        access: Access::Person,
        takes: Takes::Form,
        operation: act,
        reply: no_data,
        summary: "Follows a person (0), or no longer (1).",
        parameters: &[id("to_user_id"), choice("action_type", &["0", "1"])],
        data: Data::None,
    },
    Endpoint {
        method: Method::Get,
        path: "/following/list",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: |input| of_user(input, Document::Following),
        reply: listed,
        summary: "Whom a person follows.",
        parameters: &[id("user_id"), PAGE_NUM.optional(), PAGE_SIZE.optional()],
        data: Data::People,
    },
    Endpoint {
        method: Method::Get,
        path: "/follower/list",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: |input| of_user(input, Document::Followers),
        reply: listed,
        summary: "Who follows a person.",
        parameters: &[id("user_id"), PAGE_NUM.optional(), PAGE_SIZE.optional()],
        data: Data::People,
    },
    Endpoint {
        method: Method::Get,
        path: "/friends/list",
        access: Access::Person,
        takes: Takes::Query,
        operation: friends,
        reply: listed,
        summary: "Who follows the caller and is followed back.",
        parameters: &[PAGE_NUM.optional(), PAGE_SIZE.optional()],
        data: Data::People,
    },
];

fn act(input: &Input) -> Result<Operation, Failure> {
    let user = input.id::<UserId>("to_user_id")?;
    let document = input.choice("action_type", &[("0", Document::FollowUser), ("1", Document::UnfollowUser)])?;
    Ok(Operation::of(document).with("userId", user.to_string()))
}

fn of_user(input: &Input, document: Document) -> Result<Operation, Failure> {
    let user = input.id::<UserId>("user_id")?;
    Ok(input.page()?.of_list(Operation::of(document).with("userId", user.to_string())))
}

fn friends(input: &Input) -> Result<Operation, Failure> {
    let user = input.viewer()?.user_id;
    Ok(input.page()?.of_list(Operation::of(Document::Friends).with("userId", user.to_string())))
}

/// Reads the data of any of the three documents: a person with one list.
fn listed(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Data {
        user: Option<Person>,
    }
    #[derive(Deserialize)]
    struct Person {
        #[serde(alias = "followers", alias = "friends")]
        following: Option<Connection<SocialNode>>,
    }
    let person = read::<Data>(data)?.user.ok_or(ErrorCode::UserNotFound)?;
    Reply::data(&given(person.following, "the list")?.into_counted_items(times)?)
}
