use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use reel_id::{Snowflake, UserId, VideoId};
use reel_store::{Result, push_in_list};
use reel_subgraph::Page;
use sqlx::{MySqlConnection, MySqlPool, QueryBuilder};

use super::lists::{self, List};
use super::pairs::{self, Likes};
use crate::domain::Like;

const LIKED_BY: List =
    List { columns: "id, video_id, user_id, created_at", of_parent: "FROM video_like WHERE user_id =" };
const LIKES: Likes =
    Likes { of_user: "SELECT user_id, video_id FROM video_like WHERE user_id =", of_targets: "AND video_id IN" };

/// Adds a like. Answers whether it was new.
pub(crate) async fn insert(connection: &mut MySqlConnection, like: &Like<VideoId>) -> Result<bool> {
    let done = sqlx::query("INSERT IGNORE INTO video_like (id, video_id, user_id, created_at) VALUES (?, ?, ?, ?)")
        .bind(like.id)
        .bind(like.target.raw())
        .bind(like.user_id.raw())
        .bind(like.liked_at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes a like back. Answers whether there was one.
pub(crate) async fn delete(connection: &mut MySqlConnection, video: VideoId, user: UserId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM video_like WHERE video_id = ? AND user_id = ?")
        .bind(video.raw())
        .bind(user.raw())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// For each person a page of the videos they like, last liked first, each with one row more if there is one.
pub(crate) async fn list(pool: &MySqlPool, lists: &[(UserId, Page)]) -> Result<Vec<Vec<Like<VideoId>>>> {
    let lists: Vec<_> = lists.iter().map(|(user, page)| (user.raw(), *page)).collect();
    let fetched: Vec<Vec<LikeRow>> = lists::fetch(pool, &LIKED_BY, &lists).await?;
    Ok(fetched.into_iter().map(|rows| rows.into_iter().map(Like::from).collect()).collect())
}

/// How many videos each of these people likes. Who likes none is missing.
pub(crate) async fn count_by_user(pool: &MySqlPool, users: &[UserId]) -> Result<HashMap<UserId, i64>> {
    let mut query = QueryBuilder::new("SELECT user_id, COUNT(*) FROM video_like WHERE user_id IN ");
    let users: Vec<Snowflake> = users.iter().map(|user| user.raw()).collect();
    push_in_list(&mut query, &users);
    query.push(" GROUP BY user_id");
    let rows: Vec<(Snowflake, i64)> = query.build_query_as().fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(user, count)| (user.into(), count)).collect())
}

/// Which of these people like which of these videos.
pub(crate) async fn find_pairs(
    pool: &MySqlPool,
    pairs: impl Iterator<Item = (UserId, VideoId)>,
) -> Result<HashSet<(UserId, VideoId)>> {
    pairs::find(pool, &LIKES, pairs.map(|(user, video)| (user, video.raw()))).await
}

#[derive(sqlx::FromRow)]
struct LikeRow {
    id: Snowflake,
    video_id: Snowflake,
    user_id: Snowflake,
    created_at: DateTime<Utc>,
}

impl From<LikeRow> for Like<VideoId> {
    fn from(row: LikeRow) -> Self {
        Self { id: row.id, target: row.video_id.into(), user_id: row.user_id.into(), liked_at: row.created_at }
    }
}
