use reel_id::{CommentId, Snowflake};
use reel_store::{Result, push_in_list};
use sqlx::{MySql, MySqlConnection, MySqlPool, QueryBuilder};

use crate::domain::DeletedTree;

/// A tree of which something may be left, the one that was deleted first after that of `after`.
pub(crate) async fn find_tree(pool: &MySqlPool, after: CommentId) -> Result<Option<DeletedTree>> {
    let row: Option<(Snowflake, Snowflake)> =
        sqlx::query_as("SELECT root_id, video_id FROM deleted_comment WHERE root_id > ? ORDER BY root_id LIMIT 1")
            .bind(after.raw())
            .fetch_optional(pool)
            .await?;
    Ok(row.map(|(root, video)| DeletedTree { root_id: root.into(), video_id: video.into() }))
}

/// Remembers comments of a tree that the transaction deletes.
pub(crate) async fn insert(connection: &mut MySqlConnection, tree: &DeletedTree, ids: &[CommentId]) -> Result<()> {
    let mut query = QueryBuilder::<MySql>::new("INSERT INTO deleted_comment (root_id, id, video_id) ");
    query.push_values(ids, |mut row, id| {
        row.push_bind(tree.root_id.raw()).push_bind(id.raw()).push_bind(tree.video_id.raw());
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// Up to `limit` deleted comments of a tree. Whoever else works on the same tree waits until the transaction ends.
pub(crate) async fn lock(connection: &mut MySqlConnection, root: CommentId, limit: usize) -> Result<Vec<CommentId>> {
    let mut query = QueryBuilder::<MySql>::new("SELECT id FROM deleted_comment WHERE root_id = ");
    query.push_bind(root.raw()).push(" ORDER BY id LIMIT ").push(limit).push(" FOR UPDATE");
    let ids: Vec<Snowflake> = query.build_query_scalar().fetch_all(connection).await?;
    Ok(ids.into_iter().map(CommentId::from).collect())
}

/// Forgets comments of which nothing is left.
pub(crate) async fn delete(connection: &mut MySqlConnection, root: CommentId, ids: &[CommentId]) -> Result<()> {
    let mut query = QueryBuilder::<MySql>::new("DELETE FROM deleted_comment WHERE root_id = ");
    query.push_bind(root.raw()).push(" AND id IN ");
    let ids: Vec<Snowflake> = ids.iter().map(|id| id.raw()).collect();
    push_in_list(&mut query, &ids);
    query.build().execute(connection).await?;
    Ok(())
}
