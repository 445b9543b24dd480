//! The popular query by hand: one axum handler that reads the same sorted set, runs the same SQL with the same
//! parallelism, and writes the same JSON. What the router costs beyond it is the price of the graph.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use reel_auth::TokenVerifier;
use reel_store::{Redis, StoreError, push_in_list};
use serde::Serialize;
use sqlx::{MySql, MySqlPool, QueryBuilder};

use crate::content::Databases;

/// How many videos the page has.
pub(crate) const PAGE: usize = 10;

/// What the handler reads from.
pub(crate) struct Baseline {
    pub(crate) databases: Databases,
    pub(crate) redis: Redis,
    pub(crate) verifier: TokenVerifier,
    pub(crate) files_url: String,
}

/// The handler behind its route.
pub(crate) fn routes(baseline: Baseline) -> Router {
    Router::new().route("/baseline", post(popular)).with_state(Arc::new(baseline))
}

#[derive(Serialize)]
struct Answer {
    data: Data,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    popular_videos: Connection<VideoEdge>,
}

#[derive(Serialize)]
struct Connection<E> {
    edges: Vec<E>,
}

#[derive(Serialize)]
struct VideoEdge {
    node: VideoNode,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VideoNode {
    id: String,
    title: String,
    cover_url: String,
    visit_count: i64,
    author: Author,
    like_count: i64,
    viewer_has_liked: bool,
    comments: Connection<CommentEdge>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Author {
    username: String,
    viewer_is_following: bool,
}

#[derive(Serialize)]
struct CommentEdge {
    node: CommentNode,
}

#[derive(Serialize)]
struct CommentNode {
    content: String,
    author: CommentAuthor,
}

#[derive(Serialize)]
struct CommentAuthor {
    username: String,
}

#[derive(sqlx::FromRow)]
struct VideoRow {
    id: i64,
    author_id: i64,
    title: String,
    cover_key: String,
    visit_count: i64,
}

async fn popular(State(baseline): State<Arc<Baseline>>, headers: HeaderMap) -> Result<Json<Answer>, StatusCode> {
    let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let viewer = baseline.verifier.verify(token).ok_or(StatusCode::UNAUTHORIZED)?.viewer.user_id.raw();
    let nodes = baseline.page(viewer).await.map_err(|error| {
        tracing::error!(%error, "the baseline failed");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    let edges = nodes.into_iter().map(|node| VideoEdge { node }).collect();
    Ok(Json(Answer { data: Data { popular_videos: Connection { edges } } }))
}

impl Baseline {
    async fn page(&self, viewer: i64) -> Result<Vec<VideoNode>, StoreError> {
        let ids = self.popular_ids().await?;
        let videos = self.videos(&ids).await?;
        let mut authors: Vec<i64> = videos.values().map(|video| video.author_id).collect();
        authors.sort_unstable();
        authors.dedup();
        let (names, followed, likes, liked, comments) = tokio::try_join!(
            names(&self.databases.user, &authors),
            self.followed(viewer, &authors),
            self.like_counts(&ids),
            self.liked(viewer, &ids),
            self.first_comments(&ids),
        )?;
        let mut commenters: Vec<i64> = comments.values().map(|(author, _)| *author).collect();
        commenters.sort_unstable();
        commenters.dedup();
        let commenter_names = names_of(&self.databases.user, &commenters).await?;
        let node = |id: &i64| {
            let video = videos.get(id)?;
            let comment = comments.get(id).map(|(author, content)| CommentEdge {
                node: CommentNode {
                    content: content.clone(),
                    author: CommentAuthor { username: commenter_names.get(author).cloned().unwrap_or_default() },
                },
            });
            Some(VideoNode {
                id: id.to_string(),
                title: video.title.clone(),
                cover_url: format!("{}/{}", self.files_url, video.cover_key),
                visit_count: video.visit_count,
                author: Author {
                    username: names.get(&video.author_id).cloned().unwrap_or_default(),
                    viewer_is_following: followed.contains(&video.author_id),
                },
                like_count: likes.get(id).copied().unwrap_or_default(),
                viewer_has_liked: liked.contains(id),
                comments: Connection { edges: comment.into_iter().collect() },
            })
        };
        Ok(ids.iter().filter_map(node).collect())
    }

    async fn popular_ids(&self) -> Result<Vec<i64>, StoreError> {
        let key = self.redis.scoped("video").key("popular");
        let mut both = redis::pipe();
        both.atomic();
        both.cmd("ZREVRANGE").arg(&key).arg(0).arg(0);
        both.cmd("ZREVRANGE").arg(&key).arg(1).arg(PAGE + 1);
        let (_, members): (Vec<String>, Vec<String>) = both.query_async(&mut self.redis.connection()).await?;
        Ok(members.iter().take(PAGE).filter_map(|member| member.parse().ok()).collect())
    }

    async fn videos(&self, ids: &[i64]) -> Result<HashMap<i64, VideoRow>, StoreError> {
        let columns = "id, author_id, title, description, video_key, cover_key, visit_count, created_at, updated_at";
        let mut query = QueryBuilder::<MySql>::new(format!("SELECT {columns} FROM video WHERE id IN "));
        push_in_list(&mut query, ids);
        let rows: Vec<VideoRow> = query.build_query_as().fetch_all(&self.databases.video).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }

    async fn followed(&self, viewer: i64, authors: &[i64]) -> Result<Vec<i64>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new("SELECT followee_id FROM follow WHERE follower_id = ");
        query.push_bind(viewer).push(" AND followee_id IN ");
        push_in_list(&mut query, authors);
        Ok(query.build_query_scalar().fetch_all(&self.databases.social).await?)
    }

    async fn like_counts(&self, ids: &[i64]) -> Result<HashMap<i64, i64>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new(
            "SELECT video_id, like_count, comment_count, thread_count FROM video_stats WHERE video_id IN ",
        );
        push_in_list(&mut query, ids);
        let rows: Vec<(i64, i64, i64, i64)> = query.build_query_as().fetch_all(&self.databases.interaction).await?;
        Ok(rows.into_iter().map(|(id, likes, ..)| (id, likes)).collect())
    }

    async fn liked(&self, viewer: i64, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let mut query = QueryBuilder::<MySql>::new("SELECT video_id FROM video_like WHERE user_id = ");
        query.push_bind(viewer).push(" AND video_id IN ");
        push_in_list(&mut query, ids);
        Ok(query.build_query_scalar().fetch_all(&self.databases.interaction).await?)
    }

    /// The newest top-level comment of each video, as its author and its text.
    async fn first_comments(&self, ids: &[i64]) -> Result<HashMap<i64, (i64, String)>, StoreError> {
        let columns = "id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, updated_at";
        let mut query = QueryBuilder::<MySql>::new("");
        for (number, id) in ids.iter().enumerate() {
            let select = format!("(SELECT {columns} FROM comment WHERE parent_id = 0 AND video_id = ");
            query.push(if number == 0 { "" } else { " UNION ALL " }).push(select).push_bind(*id);
            query.push(" ORDER BY id DESC LIMIT 1)");
        }
        let rows: Vec<CommentRow> = query.build_query_as().fetch_all(&self.databases.interaction).await?;
        Ok(rows.into_iter().map(|row| (row.video_id, (row.author_id, row.content))).collect())
    }
}

#[derive(sqlx::FromRow)]
struct CommentRow {
    video_id: i64,
    author_id: i64,
    content: String,
}

async fn names(pool: &MySqlPool, ids: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
    let mut query =
        QueryBuilder::<MySql>::new("SELECT id, username, avatar_key, created_at, updated_at FROM account WHERE id IN ");
    push_in_list(&mut query, ids);
    let rows: Vec<NameRow> = query.build_query_as().fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.username)).collect())
}

/// Nobody has commented on an empty page.
async fn names_of(pool: &MySqlPool, ids: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
    if ids.is_empty() { Ok(HashMap::new()) } else { names(pool, ids).await }
}

#[derive(sqlx::FromRow)]
struct NameRow {
    id: i64,
    username: String,
}
