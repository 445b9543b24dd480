use std::collections::HashSet;

use reel_id::{CommentId, Snowflake, UserId};
use reel_store::{Result, push_in_list};
use sqlx::{MySqlConnection, MySqlPool, QueryBuilder};

use super::pairs::{self, Likes};
use crate::domain::Like;

const LIKES: Likes =
    Likes { of_user: "SELECT user_id, comment_id FROM comment_like WHERE user_id =", of_targets: "AND comment_id IN" };

/// Adds a like to a comment that the transaction has locked. Answers whether it was new.
pub(crate) async fn insert(connection: &mut MySqlConnection, like: &Like<CommentId>) -> Result<bool> {
    let done = sqlx::query("INSERT IGNORE INTO comment_like (id, comment_id, user_id, created_at) VALUES (?, ?, ?, ?)")
        .bind(like.id)
        .bind(like.target.raw())
        .bind(like.user_id.raw())
        .bind(like.liked_at)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes a like of a comment back that the transaction has locked. Answers whether there was one.
pub(crate) async fn delete(connection: &mut MySqlConnection, comment: CommentId, user: UserId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM comment_like WHERE comment_id = ? AND user_id = ?")
        .bind(comment.raw())
        .bind(user.raw())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes up to `limit` likes of these comments, which are gone themselves. Answers how many.
pub(crate) async fn delete_of(connection: &mut MySqlConnection, comments: &[CommentId], limit: usize) -> Result<usize> {
    let comments: Vec<Snowflake> = comments.iter().map(|id| id.raw()).collect();
    let mut query = QueryBuilder::new("DELETE FROM comment_like WHERE comment_id IN ");
    push_in_list(&mut query, &comments);
    query.push(" LIMIT ").push(limit);
    let deleted = query.build().execute(connection).await?.rows_affected();
    Ok(usize::try_from(deleted).unwrap_or(usize::MAX))
}

/// Which of these people like which of these comments.
pub(crate) async fn find_pairs(
    pool: &MySqlPool,
    pairs: impl Iterator<Item = (UserId, CommentId)>,
) -> Result<HashSet<(UserId, CommentId)>> {
    pairs::find(pool, &LIKES, pairs.map(|(user, comment)| (user, comment.raw()))).await
}
