use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use reel_id::{UserId, VideoId};
use reel_subgraph::paging::key_cursor;
use reel_subgraph::{GraphqlResult as _, PageInfo, Rows};

use super::convert::{count, service};
use super::video::Video;
use crate::domain::Like;

pub(crate) struct LikedVideoConnection {
    user: UserId,
    rows: Rows<Like<VideoId>>,
}

/// A video's place among those that a person likes.
#[derive(SimpleObject)]
pub(crate) struct LikedVideoEdge {
    /// The cursor of this place.
    cursor: String,
    /// When the person liked it.
    liked_at: DateTime<Utc>,
    /// The video.
    node: Option<Video>,
}

impl LikedVideoConnection {
    pub(super) fn new(user: UserId, rows: Rows<Like<VideoId>>) -> Self {
        Self { user, rows }
    }
}

/// A page of the videos that a person likes.
#[Object]
impl LikedVideoConnection {
    /// The videos of the page, last liked first.
    async fn edges(&self) -> Vec<LikedVideoEdge> {
        let edge = |like: &Like<VideoId>| LikedVideoEdge {
            cursor: key_cursor(like.id),
            liked_at: like.liked_at,
            node: Some(Video { id: like.target }),
        };
        self.rows.items.iter().map(edge).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info(|like| key_cursor(like.id))
    }

    /// How many videos the person likes.
    async fn total_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        Some(service(context).liked_video_count(self.user).await.map(count).graphql())
    }
}
