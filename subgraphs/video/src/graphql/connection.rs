use async_graphql::{Context, Object, Result, SimpleObject};
use reel_id::{Cursor, UserId};
use reel_subgraph::paging::key_cursor;
use reel_subgraph::{GraphqlResult as _, PageInfo, Rows};

use super::video::Video;
use super::{int, loader, service};
use crate::domain;
use crate::loaders::CountOf;
use crate::service::CountedList;

/// How the length of the whole list is found, if somebody asks.
#[derive(Debug, Clone)]
pub(super) enum Length {
    OfList(CountedList),
    OfAuthor(UserId),
}

/// One page of a list of videos, each with its cursor.
#[derive(Debug)]
pub(crate) struct VideoConnection {
    rows: Rows<(String, domain::Video)>,
    length: Length,
}

impl VideoConnection {
    /// Of a list that is sorted by id.
    pub(super) fn by_key(rows: Rows<domain::Video>, length: Length) -> Self {
        Self { rows: rows.map(|video| (key_cursor(video.id.raw()), video)), length }
    }

    /// Of a list whose order changes: cursors are positions, and the first row has this one.
    pub(super) fn by_position(rows: Rows<domain::Video>, first: u32, length: Length) -> Self {
        let mut after = first;
        let rows = rows.map(|video| {
            after += 1;
            (Cursor::Offset(after).encode(), video)
        });
        Self { rows, length }
    }

    async fn length(&self, context: &Context<'_>) -> Result<i32> {
        let length = match &self.length {
            Length::OfList(list) => service(context)?.count(list).await.graphql()?,
            Length::OfAuthor(author) => {
                loader(context)?.load_one(CountOf(*author)).await.graphql()?.unwrap_or_default()
            }
        };
        Ok(int(length))
    }
}

/// One page of a list of videos.
#[Object]
impl VideoConnection {
    /// The rows of the page, in the order of the list.
    async fn edges(&self) -> Vec<VideoEdge> {
        let edge = |(cursor, video): &(String, domain::Video)| VideoEdge {
            cursor: cursor.clone(),
            node: Some(Video(video.clone())),
        };
        self.rows.items.iter().map(edge).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info(|(cursor, _)| cursor.clone())
    }

    /// The exact length of the whole list.
    async fn total_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(self.length(context).await)
    }
}

/// A video in a list.
#[derive(Debug, SimpleObject)]
pub(crate) struct VideoEdge {
    /// To pass as `after` for the rows that follow this one.
    cursor: String,
    /// The video.
    node: Option<Video>,
}
