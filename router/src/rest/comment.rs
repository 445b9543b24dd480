use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use reel_id::{CommentId, VideoId};
use serde::Deserialize;

use super::documents::Document;
use super::endpoint::{Access, Endpoint, Method, Operation, Takes, no_data};
use super::input::{Input, invalid};
use super::objects::{CommentNode, Connection, TimeFormat, given, read};
use super::parameter::{Data, PAGE_NUM, PAGE_SIZE, id, text};
use crate::http::{Failure, Reply};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/comment/publish",
        access: Access::Person,
        takes: Takes::Form,
        operation: publish,
        reply: no_data,
        summary: "Comments on a video, or replies to a comment.",
        parameters: &[id("video_id").optional(), id("comment_id").optional(), text("content")],
        data: Data::None,
    },
    Endpoint {
        method: Method::Get,
        path: "/comment/list",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: list,
        reply: listed,
        summary: "The comments on a video, or the replies to a comment.",
        parameters: &[
            id("video_id").optional(),
            id("comment_id").optional(),
            PAGE_NUM.optional(),
            PAGE_SIZE.optional(),
        ],
        data: Data::Comments,
    },
    Endpoint {
        method: Method::Delete,
        path: "/comment/delete",
        access: Access::Person,
        takes: Takes::FormOrQuery,
        operation: delete,
        reply: no_data,
        summary: "Deletes a comment of the caller.",
        parameters: &[id("comment_id"), id("video_id").optional()],
        data: Data::None,
    },
];

struct Target {
    video: Option<VideoId>,
    comment: Option<CommentId>,
}

fn target(input: &Input) -> Result<Target, Failure> {
    Ok(Target { video: input.optional_id("video_id")?, comment: input.optional_id("comment_id")? })
}

fn neither() -> Failure {
    invalid("video_id 和 comment_id 至少需要提供一个", "Give video_id or comment_id.")
}

fn publish(input: &Input) -> Result<Operation, Failure> {
    let target = target(input)?;
    if target.video.is_none() && target.comment.is_none() {
        return Err(neither());
    }
    Ok(Operation::of(Document::PublishComment)
        .with("videoId", target.video.map(|id| id.to_string()))
        .with("parentId", target.comment.map(|id| id.to_string()))
        .with("content", input.present("content")?))
}

fn list(input: &Input) -> Result<Operation, Failure> {
    let operation = match target(input)? {
        Target { comment: Some(comment), .. } => {
            Operation::of(Document::CommentReplies).with("commentId", comment.to_string())
        }
        Target { video: Some(video), .. } => Operation::of(Document::VideoComments).with("videoId", video.to_string()),
        Target { video: None, comment: None } => return Err(neither()),
    };
    Ok(input.page()?.of_list(operation))
}

/// Reads the data of either document: what was asked for is the root that is there, null or not.
fn listed(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Data {
        Video(Option<Commented>),
        Comment(Option<Commented>),
    }
    #[derive(Deserialize)]
    struct Commented {
        #[serde(alias = "replies")]
        comments: Option<Connection<CommentNode>>,
    }
    let commented = match read::<Data>(data)? {
        Data::Video(video) => video.ok_or(ErrorCode::VideoNotFound)?,
        Data::Comment(comment) => comment.ok_or(ErrorCode::CommentNotFound)?,
    };
    Reply::data(&given(commented.comments, "comments")?.into_items(times)?)
}

fn delete(input: &Input) -> Result<Operation, Failure> {
    let target = target(input)?;
    let comment = target.comment.ok_or_else(|| {
        invalid(
            "缺少参数 comment_id：请指明要删除的评论",
            "The parameter comment_id is missing: say which comment to delete.",
        )
    })?;
    Ok(Operation::of(Document::DeleteComment)
        .with("commentId", comment.to_string())
        .with("videoId", target.video.map(|id| id.to_string())))
}
