use std::collections::HashMap;

use reel_id::{Snowflake, VideoId};
use reel_store::{Result, push_in_list};
use sqlx::{MySqlConnection, MySqlPool, QueryBuilder};

use crate::domain::VideoStats;

/// The counts of these videos. A video that nobody has liked or commented on yet is missing.
pub(crate) async fn find_many(pool: &MySqlPool, ids: &[VideoId]) -> Result<HashMap<VideoId, VideoStats>> {
    let mut query = QueryBuilder::new(
        "SELECT video_id, like_count, comment_count, thread_count FROM video_stats WHERE video_id IN ",
    );
    let ids: Vec<Snowflake> = ids.iter().map(|id| id.raw()).collect();
    push_in_list(&mut query, &ids);
    let rows: Vec<(Snowflake, i64, i64, i64)> = query.build_query_as().fetch_all(pool).await?;
    Ok(rows
        .into_iter()
        .map(|(id, likes, comments, threads)| (id.into(), VideoStats { likes, comments, threads }))
        .collect())
}

/// Adds to a video's counts. The row stays locked until the transaction ends, so this is its last statement.
pub(crate) async fn add(connection: &mut MySqlConnection, id: VideoId, change: VideoStats) -> Result<()> {
    sqlx::query(
        "INSERT INTO video_stats (video_id, like_count, comment_count, thread_count) VALUES (?, ?, ?, ?) \
         ON DUPLICATE KEY UPDATE like_count = like_count + ?, comment_count = comment_count + ?, \
         thread_count = thread_count + ?",
    )
    .bind(id.raw())
    .bind(change.likes)
    .bind(change.comments)
    .bind(change.threads)
    .bind(change.likes)
    .bind(change.comments)
    .bind(change.threads)
    .execute(connection)
    .await?;
    Ok(())
}
