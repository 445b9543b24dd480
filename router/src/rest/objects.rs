//! The documented objects, and the data of the graph that they are made from.

use async_graphql_value::ConstValue;
use chrono::{DateTime, FixedOffset, Utc};
use reel_error::ErrorCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::http::Failure;

/// How times are written.
#[derive(Debug, Clone)]
pub(super) struct TimeFormat {
    offset: FixedOffset,
    /// The `deleted_at` of everything that is not deleted.
    never: String,
}

impl TimeFormat {
    /// Times in a zone that is this far from UTC; less than a day.
    pub(super) fn new(offset_minutes: i32) -> Option<Self> {
        let offset = FixedOffset::east_opt(offset_minutes.checked_mul(60)?)?;
        let never = write(DateTime::UNIX_EPOCH, offset);
        Some(Self { offset, never })
    }

    fn write(&self, time: DateTime<Utc>) -> String {
        write(time, self.offset)
    }
}

fn write(time: DateTime<Utc>, offset: FixedOffset) -> String {
    time.with_timezone(&offset).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The documented User.
#[derive(Debug, Serialize)]
pub(super) struct User {
    id: String,
    username: String,
    avatar_url: String,
    created_at: String,
    updated_at: String,
    deleted_at: String,
}

/// The documented Video.
#[derive(Debug, Serialize)]
pub(super) struct Video {
    id: String,
    user_id: String,
    video_url: String,
    cover_url: String,
    title: String,
    description: String,
    visit_count: i64,
    like_count: i64,
    comment_count: i64,
    created_at: String,
    updated_at: String,
    deleted_at: String,
}

/// The documented Comment.
#[derive(Debug, Serialize)]
pub(super) struct Comment {
    id: String,
    user_id: String,
    video_id: String,
    parent_id: String,
    like_count: i64,
    child_count: i64,
    content: String,
    created_at: String,
    updated_at: String,
    deleted_at: String,
}

/// The documented Social.
#[derive(Debug, Serialize)]
pub(super) struct Social {
    id: String,
    username: String,
    avatar_url: String,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Items<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
}

/// A node of the graph that becomes a documented object.
pub(super) trait Node: DeserializeOwned {
    /// The object.
    type Object: Serialize;

    /// Turns the node into the object. Fails when the answer lacks something that the object must have.
    fn into_object(self, times: &TimeFormat) -> Result<Self::Object, Failure>;
}

/// A reference to another object.
#[derive(Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserNode {
    id: String,
    username: String,
    avatar_url: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Node for UserNode {
    type Object = User;

    fn into_object(self, times: &TimeFormat) -> Result<User, Failure> {
        Ok(User {
            id: self.id,
            username: self.username,
            avatar_url: self.avatar_url.unwrap_or_default(),
            created_at: times.write(self.created_at),
            updated_at: times.write(self.updated_at),
            deleted_at: times.never.clone(),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoNode {
    id: String,
    author: Option<Reference>,
    title: String,
    description: String,
    play_url: String,
    cover_url: String,
    visit_count: i64,
    like_count: Option<i64>,
    comment_count: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Node for VideoNode {
    type Object = Video;

    fn into_object(self, times: &TimeFormat) -> Result<Video, Failure> {
        Ok(Video {
            id: self.id,
            user_id: given(self.author, "Video.author")?.id,
            video_url: self.play_url,
            cover_url: self.cover_url,
            title: self.title,
            description: self.description,
            visit_count: self.visit_count,
            like_count: given(self.like_count, "Video.likeCount")?,
            comment_count: given(self.comment_count, "Video.commentCount")?,
            created_at: times.write(self.created_at),
            updated_at: times.write(self.updated_at),
            deleted_at: times.never.clone(),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommentNode {
    id: String,
    author: Option<Reference>,
    video: Option<Reference>,
    parent: Option<Reference>,
    content: String,
    like_count: i64,
    reply_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Node for CommentNode {
    type Object = Comment;

    fn into_object(self, times: &TimeFormat) -> Result<Comment, Failure> {
        Ok(Comment {
            id: self.id,
            user_id: given(self.author, "Comment.author")?.id,
            video_id: given(self.video, "Comment.video")?.id,
            parent_id: self.parent.map_or_else(|| "0".to_owned(), |parent| parent.id),
            like_count: self.like_count,
            child_count: self.reply_count,
            content: self.content,
            created_at: times.write(self.created_at),
            updated_at: times.write(self.updated_at),
            deleted_at: times.never.clone(),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SocialNode {
    id: String,
    username: String,
    avatar_url: Option<String>,
}

impl Node for SocialNode {
    type Object = Social;

    fn into_object(self, _times: &TimeFormat) -> Result<Social, Failure> {
        Ok(Social { id: self.id, username: self.username, avatar_url: self.avatar_url.unwrap_or_default() })
    }
}

/// A page of a connection.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<N> {
    edges: Vec<Edge<N>>,
    #[serde(default)]
    total_count: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Edge<N> {
    node: Option<N>,
}

impl<N: Node> Connection<N> {
    /// The page without the number of all rows. What has gone while the page was put together is left out.
    pub(super) fn into_items(self, times: &TimeFormat) -> Result<Items<N::Object>, Failure> {
        let nodes = self.edges.into_iter().filter_map(|edge| edge.node);
        let items = nodes.map(|node| node.into_object(times)).collect::<Result<_, _>>()?;
        Ok(Items { items, total: None })
    }

    /// The page with the number of all rows.
    pub(super) fn into_counted_items(self, times: &TimeFormat) -> Result<Items<N::Object>, Failure> {
        let total = given(self.total_count, "totalCount")?;
        Ok(Items { total: Some(total), ..self.into_items(times)? })
    }
}

/// Reads the data of an operation.
pub(super) fn read<T: DeserializeOwned>(data: ConstValue) -> Result<T, Failure> {
    async_graphql_value::from_value(data).map_err(|error| {
        tracing::error!(%error, "the graph's data does not have the form that its document asks for");
        Failure::new(ErrorCode::Internal)
    })
}

/// Something that the graph may leave null only together with an error, which would have been reported before.
pub(super) fn given<T>(value: Option<T>, field: &'static str) -> Result<T, Failure> {
    value.ok_or_else(|| {
        tracing::error!(field, "the graph left a field null without an error");
        Failure::new(ErrorCode::Internal)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written<N: Node>(node: serde_json::Value) -> String {
        let node: N = read(ConstValue::from_json(node).unwrap()).unwrap();
        serde_json::to_string(&node.into_object(&TimeFormat::new(480).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_user_is_written_as_documented() {
        let user = json!({"id": "7", "username": "ana", "avatarUrl": null,
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T16:30:05.999Z"});
        assert_eq!(
            written::<UserNode>(user),
            r#"{"id":"7","username":"ana","avatar_url":"","created_at":"2026-01-01 08:00:00","updated_at":"2026-01-02 00:30:05","deleted_at":"1970-01-01 08:00:00"}"#
        );
    }

    #[test]
    fn a_video_is_written_as_documented() {
        let video = json!({"id": "7", "author": {"id": "8"}, "title": "t", "description": "", "playUrl": "p",
            "coverUrl": "c", "visitCount": 0, "likeCount": 1, "commentCount": 2,
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"});
        assert_eq!(
            written::<VideoNode>(video),
            r#"{"id":"7","user_id":"8","video_url":"p","cover_url":"c","title":"t","description":"","visit_count":0,"like_count":1,"comment_count":2,"created_at":"2026-01-01 08:00:00","updated_at":"2026-01-01 08:00:00","deleted_at":"1970-01-01 08:00:00"}"#
        );
    }

    #[test]
    fn a_comment_is_written_as_documented() {
        let comment = json!({"id": "7", "author": {"id": "8"}, "video": {"id": "9"}, "parent": null, "content": "hi",
            "likeCount": 0, "replyCount": 0, "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"});
        assert_eq!(
            written::<CommentNode>(comment),
            r#"{"id":"7","user_id":"8","video_id":"9","parent_id":"0","like_count":0,"child_count":0,"content":"hi","created_at":"2026-01-01 08:00:00","updated_at":"2026-01-01 08:00:00","deleted_at":"1970-01-01 08:00:00"}"#
        );
    }

    #[test]
    fn a_list_has_its_items_even_when_empty_and_its_total_only_where_documented() {
        let list = |data| read::<Connection<SocialNode>>(ConstValue::from_json(data).unwrap()).unwrap();
        let times = TimeFormat::new(480).unwrap();
        let text = |items: Items<Social>| serde_json::to_string(&items).unwrap();
        let empty = list(json!({"edges": []})).into_items(&times).unwrap();
        assert_eq!(text(empty), r#"{"items":[]}"#);
        let edges = json!({"edges": [{"node": {"id": "1", "username": "a", "avatarUrl": "u"}}, {"node": null}], "totalCount": 16});
        let counted = list(edges).into_counted_items(&times).unwrap();
        assert_eq!(text(counted), r#"{"items":[{"id":"1","username":"a","avatar_url":"u"}],"total":16}"#);
        assert!(list(json!({"edges": []})).into_counted_items(&times).is_err());
    }
}
