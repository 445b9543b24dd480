use std::collections::HashMap;

use reel_id::{UserId, VideoId};
use reel_store::{Result, push_in_list};
use reel_subgraph::Page;
use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::Repository;
use crate::domain::Video;

/// The columns of [`Video`].
pub(super) const COLUMNS: &str =
    "id, author_id, title, description, video_key, cover_key, visit_count, created_at, updated_at";

/// A row of one of several lists that were read at once.
#[derive(sqlx::FromRow)]
struct Listed {
    slot: i64,
    #[sqlx(flatten)]
    video: Video,
}

impl Repository {
    pub(crate) async fn find_many(&self, ids: &[VideoId]) -> Result<HashMap<VideoId, Video>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut query = QueryBuilder::<MySql>::new("SELECT ");
        query.push(COLUMNS).push(" FROM video WHERE id IN ");
        push_in_list(&mut query, &raw(ids));
        let videos: Vec<Video> = query.build_query_as().fetch_all(&self.pool).await?;
        Ok(videos.into_iter().map(|video| (video.id, video)).collect())
    }

    /// Who made which of these videos; those that do not exist are left out.
    pub(crate) async fn find_authors(&self, ids: &[VideoId]) -> Result<Vec<(i64, i64)>> {
        let mut query = QueryBuilder::<MySql>::new("SELECT id, author_id FROM video WHERE id IN ");
        push_in_list(&mut query, &raw(ids));
        Ok(query.build_query_as().fetch_all(&self.pool).await?)
    }

    /// Pages of the videos of several authors, newest first, in one statement; each one row longer than its page.
    pub(crate) async fn list_by_authors(&self, keys: &[(UserId, Page)]) -> Result<HashMap<(UserId, Page), Vec<Video>>> {
        let mut query = QueryBuilder::<MySql>::new("");
        for (slot, (author, page)) in keys.iter().enumerate() {
            query.push(if slot == 0 { "(" } else { " UNION ALL (" });
            query
                .push(format!("SELECT {slot} AS slot, {COLUMNS} FROM video WHERE author_id = "))
                .push_bind(author.raw());
            query.push(" AND id < ").push_bind(page.before_id());
            query.push(" ORDER BY id DESC LIMIT ").push_bind(page.limit());
            query.push(" OFFSET ").push_bind(page.offset()).push(")");
        }
        let rows: Vec<Listed> = query.build_query_as().fetch_all(&self.pool).await?;
        let mut pages: HashMap<_, Vec<Video>> = keys.iter().map(|key| (*key, Vec::new())).collect();
        for row in rows {
            let key = usize::try_from(row.slot).ok().and_then(|slot| keys.get(slot));
            if let Some(page) = key.and_then(|key| pages.get_mut(key)) {
                page.push(row.video);
            }
        }
        // The parts of a union have no order among them, and the servers do not promise that each keeps its own.
        for page in pages.values_mut() {
            page.sort_by_key(|video| std::cmp::Reverse(video.id));
        }
        Ok(pages)
    }

    pub(crate) async fn count_by_authors(&self, authors: &[UserId]) -> Result<HashMap<UserId, i64>> {
        let mut query = QueryBuilder::<MySql>::new("SELECT author_id, COUNT(*) FROM video WHERE author_id IN ");
        push_in_list(&mut query, &authors.iter().map(|id| id.raw()).collect::<Vec<_>>());
        query.push(" GROUP BY author_id");
        let counts: Vec<(i64, i64)> = query.build_query_as().fetch_all(&self.pool).await?;
        Ok(counts.into_iter().map(|(author, count)| (UserId::from(author), count)).collect())
    }

    /// The most visited videos, among equals the newest first.
    pub(crate) async fn list_most_visited(&self, offset: u32, limit: u32) -> Result<Vec<Video>> {
        let mut query = QueryBuilder::<MySql>::new("SELECT ");
        query.push(COLUMNS).push(" FROM video ORDER BY visit_count DESC, id DESC LIMIT ").push_bind(limit);
        query.push(" OFFSET ").push_bind(offset);
        Ok(query.build_query_as().fetch_all(&self.pool).await?)
    }

    /// The ids and counts of the most visited videos, from the index alone.
    pub(crate) async fn list_visit_counts(&self, limit: u32) -> Result<Vec<(i64, i64)>> {
        let query = sqlx::query_as("SELECT id, visit_count FROM video ORDER BY visit_count DESC, id DESC LIMIT ?");
        Ok(query.bind(limit).fetch_all(&self.pool).await?)
    }

    pub(crate) async fn count(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM video").fetch_one(&self.pool).await?)
    }

    /// Counts one visit and returns the video as it then is.
    pub(crate) async fn visit(connection: &mut MySqlConnection, id: VideoId) -> Result<Option<Video>> {
        let counted = sqlx::query("UPDATE video SET visit_count = visit_count + 1 WHERE id = ?").bind(id.raw());
        if counted.execute(&mut *connection).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let mut query = QueryBuilder::<MySql>::new("SELECT ");
        query.push(COLUMNS).push(" FROM video WHERE id = ").push_bind(id.raw());
        Ok(query.build_query_as().fetch_optional(connection).await?)
    }

    pub(crate) async fn insert(connection: &mut MySqlConnection, video: &Video) -> Result<()> {
        sqlx::query(
            "INSERT INTO video (id, author_id, title, description, video_key, cover_key, visit_count, created_at, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(video.id.raw())
        .bind(video.author_id.raw())
        .bind(&video.title)
        .bind(&video.description)
        .bind(&video.video_key)
        .bind(&video.cover_key)
        .bind(video.visit_count)
        .bind(video.created_at)
        .bind(video.updated_at)
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn raw(ids: &[VideoId]) -> Vec<i64> {
    ids.iter().map(|id| id.raw()).collect()
}
