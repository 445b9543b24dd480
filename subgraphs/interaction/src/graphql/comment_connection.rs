use async_graphql::{Context, Object, Result, SimpleObject};
use reel_id::VideoId;
use reel_subgraph::paging::key_cursor;
use reel_subgraph::{GraphqlResult as _, PageInfo, Rows};

use super::comment::Comment;
use super::convert::{count, service};
use crate::domain;

pub(crate) struct CommentConnection {
    rows: Rows<domain::Comment>,
    total: Total,
}

/// Where the full count of a list is found.
pub(super) enum Total {
    /// Of this video's top-level comments: read when somebody wants to know.
    Threads(VideoId),
    /// Of replies: known with the comment that they answer.
    Replies(i64),
}

/// A comment's place in a list.
#[derive(SimpleObject)]
pub(crate) struct CommentEdge {
    /// The cursor of this place.
    cursor: String,
    /// The comment.
    node: Option<Comment>,
}

impl CommentConnection {
    pub(super) fn new(rows: Rows<domain::Comment>, total: Total) -> Self {
        Self { rows, total }
    }
}

/// A page of a list of comments.
#[Object]
impl CommentConnection {
    /// The comments of the page, newest first.
    async fn edges(&self) -> Vec<CommentEdge> {
        let edge = |comment: &domain::Comment| CommentEdge {
            cursor: key_cursor(comment.id.raw()),
            node: Some(Comment(comment.clone())),
        };
        self.rows.items.iter().map(edge).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        self.rows.page_info(|comment| key_cursor(comment.id.raw()))
    }

    /// How many comments the whole list has.
    async fn total_count(&self, context: &Context<'_>) -> Option<Result<i32>> {
        match self.total {
            Total::Replies(total) => Some(Ok(count(total))),
            Total::Threads(video) => {
                Some(service(context).video_stats(video).await.map(|stats| count(stats.threads)).graphql())
            }
        }
    }
}
