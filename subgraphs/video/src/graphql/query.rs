use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};
use reel_error::{ClientError, ErrorCode};
use reel_subgraph::GraphqlResult as _;

use super::connection::{Length, VideoConnection};
use super::user::User;
use super::video::Video;
use super::{loader, page, service};
use crate::domain::Filter;
use crate::service::{CountedList, video_id};

/// What to search for. All conditions that are given hold together.
#[derive(Debug, Default, InputObject)]
pub(crate) struct VideoFilter {
    /// Words, and parts of texts in scripts without spaces, that stand in the title or the description; all of them. Blanks
    /// separate them. Blank means no condition; nothing but punctuation matches nothing. At most 256 characters.
    keywords: Option<String>,
    /// Published then or later.
    published_from: Option<DateTime<Utc>>,
    /// Published then or earlier.
    published_to: Option<DateTime<Utc>>,
    /// A part of the author's name. Blank means no condition. At most 256 characters.
    author_username: Option<String>,
}

impl From<VideoFilter> for Filter {
    fn from(filter: VideoFilter) -> Self {
        Self {
            keywords: filter.keywords,
            published_from: filter.published_from,
            published_to: filter.published_to,
            author_username: filter.author_username,
        }
    }
}

/// What can be read.
pub(crate) struct Query;

/// What can be read.
#[Object]
impl Query {
    /// The video with this id; null when there is none.
    async fn video(&self, context: &Context<'_>, #[graphql(desc = "The video's id.")] id: ID) -> Option<Result<Video>> {
        find_video(context, &id).await.transpose()
    }

    /// Searches videos, newest first.
    async fn videos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to search for; everything without it.")] filter: Option<VideoFilter>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<VideoConnection>> {
        Some(search(context, filter.unwrap_or_default().into(), first, after.as_deref()).await)
    }

    /// The newest videos.
    async fn feed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those published after this moment.")] published_after: Option<DateTime<Utc>>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<VideoConnection>> {
        Some(feed(context, published_after, first, after.as_deref()).await)
    }

    /// The most visited videos, among equals the newest first. The list ends at its 10,000th row.
    async fn popular_videos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, 10 without it.")] first: Option<i32>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Option<Result<VideoConnection>> {
        Some(popular(context, first, after.as_deref()).await)
    }

    #[graphql(entity)]
    async fn find_video(&self, context: &Context<'_>, id: ID) -> Option<Result<Video>> {
        find_video(context, &id).await.transpose()
    }

    #[graphql(entity)]
    async fn find_user(&self, id: ID) -> Option<Result<User>> {
        Some(id.parse().map(User).map_err(|_| ClientError::new(ErrorCode::InvalidId).field("id")).graphql())
    }
}

async fn find_video(context: &Context<'_>, id: &ID) -> Result<Option<Video>> {
    let id = video_id(id, "id").graphql()?;
    Ok(loader(context)?.load_one(id).await.graphql()?.map(Video))
}

async fn search(
    context: &Context<'_>,
    filter: Filter,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<VideoConnection> {
    let page = page(first, after)?;
    let (rows, list) = service(context)?.search(&filter, page).await.graphql()?;
    Ok(VideoConnection::by_key(rows, Length::OfList(list)))
}

async fn feed(
    context: &Context<'_>,
    published_after: Option<DateTime<Utc>>,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<VideoConnection> {
    let page = page(first, after)?;
    let (rows, list) = service(context)?.feed(published_after, page).await.graphql()?;
    Ok(VideoConnection::by_key(rows, Length::OfList(list)))
}

async fn popular(context: &Context<'_>, first: Option<i32>, after: Option<&str>) -> Result<VideoConnection> {
    let page = page(first, after)?;
    let rows = service(context)?.popular(page).await.graphql()?;
    Ok(VideoConnection::by_position(rows, page.offset(), Length::OfList(CountedList::Everything)))
}
