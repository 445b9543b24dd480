use async_graphql_value::ConstValue;
use reel_error::ErrorCode;
use reel_id::{UserId, VideoId};
use serde::Deserialize;

use super::auth::Payload;
use super::documents::Document;
use super::endpoint::{Access, Endpoint, Method, Operation, Takes, no_data};
use super::input::Input;
use super::objects::{Connection, Node as _, TimeFormat, VideoNode, given, read};
use super::parameter::{Data, PAGE_NUM, PAGE_SIZE, file, id, milliseconds, text};
use crate::http::{Failure, Reply, UploadKind};

/// The feed is not paged; this is how many videos a phone gets at once.
const FEED_SIZE: u32 = 30;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/video/publish",
        access: Access::Person,
        takes: Takes::File { kind: UploadKind::Video, check: titled },
        operation: publish,
        reply: no_data,
        summary: "Publishes a video.",
        parameters: &[file("data"), text("title"), text("description").optional()],
        data: Data::None,
    },
    Endpoint {
        method: Method::Get,
        path: "/video/list",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: list,
        reply: listed,
        summary: "The videos of a person, newest first.",
        parameters: &[id("user_id"), PAGE_NUM, PAGE_SIZE],
        data: Data::CountedVideos,
    },
    Endpoint {
        method: Method::Get,
        path: "/video/popular",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: popular,
        reply: popular_listed,
        summary: "The most visited videos.",
        parameters: &[PAGE_NUM.optional(), PAGE_SIZE.optional()],
        data: Data::Videos,
    },
    Endpoint {
        method: Method::Post,
        path: "/video/search",
        access: Access::PublicRead,
        takes: Takes::Form,
        operation: search,
        reply: found,
        summary: "Searches in titles and descriptions; all conditions hold together.",
        parameters: &[
            text("keywords"),
            PAGE_NUM,
            PAGE_SIZE,
            milliseconds("from_date").optional(),
            milliseconds("to_date").optional(),
            text("username").optional(),
        ],
        data: Data::CountedVideos,
    },
    Endpoint {
        method: Method::Get,
        path: "/video/feed",
        access: Access::Open,
        takes: Takes::Query,
        operation: feed,
        reply: fed,
        summary: "The newest videos.",
        parameters: &[milliseconds("latest_time").optional()],
        data: Data::Videos,
    },
    Endpoint {
        method: Method::Get,
        path: "/video/visit",
        access: Access::PublicRead,
        takes: Takes::Query,
        operation: visit,
        reply: visited,
        summary: "Counts one visit of a video.",
        parameters: &[id("video_id")],
        data: Data::Video,
    },
];

/// The most characters of a title and of a description; the video domain has the last word.
const MAX_TITLE: usize = 128;
const MAX_DESCRIPTION: usize = 2_000;

/// Texts that cannot be published are refused before the film is sent, when they come first.
fn titled(input: &Input) -> Result<(), Failure> {
    let title = input.text("title").map(str::trim);
    let description = input.text("description").unwrap_or_default();
    if title.is_some_and(str::is_empty) {
        return Err(ErrorCode::BlankTitle.into());
    }
    if title.is_some_and(|title| title.chars().count() > MAX_TITLE) {
        return Err(ErrorCode::TitleTooLong.into());
    }
    if description.chars().count() > MAX_DESCRIPTION {
        return Err(ErrorCode::DescriptionTooLong.into());
    }
    Ok(())
}

fn publish(input: &Input) -> Result<Operation, Failure> {
    Ok(Operation::of(Document::PublishVideo)
        .with("title", input.present("title")?)
        .with("description", input.text("description").unwrap_or_default())
        .with("uploadId", input.upload_id()?.to_string()))
}

fn list(input: &Input) -> Result<Operation, Failure> {
    let user = input.id::<UserId>("user_id")?;
    let operation = Operation::of(Document::VideoList).with("userId", user.to_string());
    Ok(input.required_page()?.of_list(operation))
}

fn listed(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Data {
        user: Option<Author>,
    }
    #[derive(Deserialize)]
    struct Author {
        videos: Option<Connection<VideoNode>>,
    }
    let author = read::<Data>(data)?.user.ok_or(ErrorCode::UserNotFound)?;
    Reply::data(&given(author.videos, "User.videos")?.into_counted_items(times)?)
}

fn popular(input: &Input) -> Result<Operation, Failure> {
    Ok(input.page()?.of_list(Operation::of(Document::PopularVideos)))
}

fn popular_listed(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Data {
        popular_videos: Option<Connection<VideoNode>>,
    }
    Reply::data(&given(read::<Data>(data)?.popular_videos, "popularVideos")?.into_items(times)?)
}

fn search(input: &Input) -> Result<Operation, Failure> {
    let keywords = Some(input.present("keywords")?).filter(|keywords| !keywords.trim().is_empty());
    let filter = Operation::of(Document::SearchVideos)
        .with("keywords", keywords)
        .with("publishedFrom", input.unix_ms("from_date")?)
        .with("publishedTo", input.unix_ms("to_date")?)
        .with("authorUsername", input.optional("username"));
    Ok(input.required_page()?.of_list(filter))
}

fn found(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Data {
        videos: Option<Connection<VideoNode>>,
    }
    Reply::data(&given(read::<Data>(data)?.videos, "videos")?.into_counted_items(times)?)
}

fn feed(input: &Input) -> Result<Operation, Failure> {
    let published_after = input.any_unix_ms("latest_time")?;
    Ok(Operation::of(Document::Feed).with("publishedAfter", published_after).with("first", FEED_SIZE))
}

fn fed(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Data {
        feed: Option<Connection<VideoNode>>,
    }
    Reply::data(&given(read::<Data>(data)?.feed, "feed")?.into_items(times)?)
}

fn visit(input: &Input) -> Result<Operation, Failure> {
    let video = input.id::<VideoId>("video_id")?;
    Ok(Operation::of(Document::VisitVideo).with("videoId", video.to_string()))
}

fn visited(data: ConstValue, times: &TimeFormat) -> Result<Reply, Failure> {
    #[derive(Deserialize)]
    struct Visit {
        video: Option<VideoNode>,
    }
    let visit = read::<Payload<Visit>>(data)?.given()?;
    Reply::data(&given(visit.video, "VisitVideoPayload.video")?.into_object(times)?)
}
