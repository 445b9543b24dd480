use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use reel_id::{CommentId, UserId, VideoId};
use serde::Deserialize;

use super::documents::Document;
use super::endpoint::{Access, Endpoint, Method, Operation, Takes, no_data};
use super::input::{Input, invalid};
use super::objects::{Connection, TimeFormat, VideoNode, given, read};
use super::parameter::{Data, PAGE_NUM, PAGE_SIZE, choice, id};
use crate::http::{Failure, Reply};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/like/action",
        access: Access::Person,
        takes: Takes::Form,
        operation: act,
        reply: no_data,
        summary: "Likes a video or a comment, or takes it back.",
        parameters: &[id("video_id").optional(), id("comment_id").optional(), choice("action_type", &["1", "2"])],
        data: Data::None,
    },
    Endpoint {
        method: Method::Get,
        path: "/like/list",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: list,
        reply: listed,
        summary: "The videos that a person likes, last liked first; without user_id the caller's.",
        parameters: &[id("user_id").optional(), PAGE_NUM.optional(), PAGE_SIZE.optional()],
        data: Data::Videos,
    },
];

fn act(input: &Input) -> Result<Operation, Failure> {
    let like = input.choice("action_type", &[("1", true), ("2", false)])?;
    let video = input.optional_id::<VideoId>("video_id")?;
    let comment = input.optional_id::<CommentId>("comment_id")?;
    match (video, comment) {
        (Some(video), None) => {
            let document = if like { Document::LikeVideo } else { Document::UnlikeVideo };
            Ok(Operation::of(document).with("videoId", video.to_string()))
        }
        (None, Some(comment)) => {
            let document = if like { Document::LikeComment } else { Document::UnlikeComment };
            Ok(Operation::of(document).with("commentId", comment.to_string()))
        }
        _ => Err(invalid(
            "video_id 和 comment_id 必须且只能提供一个",
            "Give either video_id or comment_id, and not both.",
        )),
    }
}

fn list(input: &Input) -> Result<Operation, Failure> {
    let user = match input.optional_id::<UserId>("user_id")? {
        Some(user) => user,
        None => input.viewer()?.user_id,
    };
    Ok(input.page()?.of_list(Operation::of(Document::LikedVideos).with("userId", user.to_string())))
}

fn listed(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Data {
        user: Option<Fan>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Fan {
        liked_videos: Option<Connection<VideoNode>>,
    }
    let fan = read::<Data>(data)?.user.ok_or(ErrorCode::UserNotFound)?;
    Reply::data(&given(fan.liked_videos, "User.likedVideos")?.into_items(times)?)
}
