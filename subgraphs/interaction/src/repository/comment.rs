use std::collections::HashMap;

use chrono::{DateTime, Utc};
use reel_id::{CommentId, Snowflake, VideoId};
use reel_store::{Result, push_in_list};
use reel_subgraph::Page;
use sqlx::{MySqlConnection, MySqlPool, QueryBuilder};

use super::lists::{self, List};
use crate::domain::Comment;

const COLUMNS: &str = "id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, updated_at";
const THREADS: List = List { columns: COLUMNS, of_parent: "FROM comment WHERE parent_id = 0 AND video_id =" };
const REPLIES: List = List { columns: COLUMNS, of_parent: "FROM comment WHERE parent_id =" };

/// The `parent_id` of a top-level comment.
const NO_PARENT: Snowflake = 0;

/// The comment with this id.
pub(crate) async fn find(pool: &MySqlPool, id: CommentId) -> Result<Option<Comment>> {
    let row: Option<CommentRow> = sqlx::query_as(
        "SELECT id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, updated_at \
         FROM comment WHERE id = ?",
    )
    .bind(id.raw())
    .fetch_optional(pool)
    .await?;
    Ok(row.map(Comment::from))
}

/// The comments with these ids, as far as they exist.
pub(crate) async fn find_many(pool: &MySqlPool, ids: &[CommentId]) -> Result<HashMap<CommentId, Comment>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM comment WHERE id IN ");
    push_in_list(&mut query, &raw(ids));
    let rows: Vec<CommentRow> = query.build_query_as().fetch_all(pool).await?;
    Ok(rows.into_iter().map(Comment::from).map(|comment| (comment.id, comment)).collect())
}

/// For each video a page of its top-level comments, newest first, each with one row more if there is one.
pub(crate) async fn list_threads(pool: &MySqlPool, lists: &[(VideoId, Page)]) -> Result<Vec<Vec<Comment>>> {
    list(pool, &THREADS, lists.iter().map(|(video, page)| (video.raw(), *page)).collect()).await
}

/// For each comment a page of its replies, newest first, each with one row more if there is one.
pub(crate) async fn list_replies(pool: &MySqlPool, lists: &[(CommentId, Page)]) -> Result<Vec<Vec<Comment>>> {
    list(pool, &REPLIES, lists.iter().map(|(parent, page)| (parent.raw(), *page)).collect()).await
}

async fn list(pool: &MySqlPool, kind: &List, lists: Vec<(Snowflake, Page)>) -> Result<Vec<Vec<Comment>>> {
    let fetched: Vec<Vec<CommentRow>> = lists::fetch(pool, kind, &lists).await?;
    Ok(fetched.into_iter().map(|rows| rows.into_iter().map(Comment::from).collect()).collect())
}

/// Adds a comment.
pub(crate) async fn insert(connection: &mut MySqlConnection, comment: &Comment) -> Result<()> {
    sqlx::query(
        "INSERT INTO comment (id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, \
         updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(comment.id.raw())
    .bind(comment.video_id.raw())
    .bind(comment.parent_id.map_or(NO_PARENT, CommentId::raw))
    .bind(comment.author_id.raw())
    .bind(&comment.content)
    .bind(comment.like_count)
    .bind(comment.reply_count)
    .bind(comment.created_at)
    .bind(comment.updated_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// The comment with this id, which nobody else can like, answer or delete until the transaction ends.
pub(crate) async fn lock(connection: &mut MySqlConnection, id: CommentId) -> Result<Option<Comment>> {
    let row: Option<CommentRow> = sqlx::query_as(
        "SELECT id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, updated_at \
         FROM comment WHERE id = ? FOR UPDATE",
    )
    .bind(id.raw())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Comment::from))
}

/// Up to `limit` of the replies to these comments, locked. The comments themselves must be gone: then nobody adds one, and
/// all that were added before are seen.
pub(crate) async fn lock_replies(
    connection: &mut MySqlConnection,
    parents: &[CommentId],
    limit: usize,
) -> Result<Vec<CommentId>> {
    // Without the index the server may walk the whole table and wait for locks that have nothing to do with this.
    let mut query = QueryBuilder::new("SELECT id FROM comment FORCE INDEX (by_parent) WHERE parent_id IN ");
    push_in_list(&mut query, &raw(parents));
    query.push(" LIMIT ").push(limit).push(" FOR UPDATE");
    let ids: Vec<Snowflake> = query.build_query_scalar().fetch_all(connection).await?;
    Ok(ids.into_iter().map(CommentId::from).collect())
}

/// Adds to a comment's count of likes.
pub(crate) async fn add_likes(connection: &mut MySqlConnection, id: CommentId, change: i64) -> Result<()> {
    sqlx::query("UPDATE comment SET like_count = like_count + ? WHERE id = ?")
        .bind(change)
        .bind(id.raw())
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds to a comment's count of replies, and so locks it. Answers whether the comment exists.
pub(crate) async fn add_replies(connection: &mut MySqlConnection, id: CommentId, change: i64) -> Result<bool> {
    let done = sqlx::query("UPDATE comment SET reply_count = reply_count + ? WHERE id = ?")
        .bind(change)
        .bind(id.raw())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes these comments, which the transaction has locked.
pub(crate) async fn delete(connection: &mut MySqlConnection, ids: &[CommentId]) -> Result<()> {
    let mut query = QueryBuilder::new("DELETE FROM comment WHERE id IN ");
    push_in_list(&mut query, &raw(ids));
    query.build().execute(connection).await?;
    Ok(())
}

fn raw(ids: &[CommentId]) -> Vec<Snowflake> {
    ids.iter().map(|id| id.raw()).collect()
}

#[derive(sqlx::FromRow)]
struct CommentRow {
    id: Snowflake,
    video_id: Snowflake,
    parent_id: Snowflake,
    author_id: Snowflake,
    content: String,
    like_count: i64,
    reply_count: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<CommentRow> for Comment {
    fn from(row: CommentRow) -> Self {
        Self {
            id: row.id.into(),
            video_id: row.video_id.into(),
            parent_id: (row.parent_id != NO_PARENT).then(|| row.parent_id.into()),
            author_id: row.author_id.into(),
            content: row.content,
            like_count: row.like_count,
            reply_count: row.reply_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
