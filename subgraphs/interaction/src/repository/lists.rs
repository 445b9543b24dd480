use std::cmp::Reverse;

use reel_id::Snowflake;
use reel_store::Result;
use reel_subgraph::Page;
use sqlx::mysql::MySqlRow;
use sqlx::{FromRow, MySql, MySqlPool, QueryBuilder, Row};

/// An id that no row has: lists of it are empty.
const NOBODY: Snowflake = -1;

/// A kind of list: the rows that belong to one parent, newest first.
pub(super) struct List {
    /// The columns to read; `id`, by which the list is sorted, among them.
    pub(super) columns: &'static str,
    /// Where the rows are and which of them count, up to the parent's id: `FROM comment WHERE parent_id =`.
    pub(super) of_parent: &'static str,
}

/// Reads a page of each of these lists with one statement, each with one row more than its page if there is one. The
/// answers are in the order of `lists`.
pub(super) async fn fetch<T>(pool: &MySqlPool, list: &List, lists: &[(Snowflake, Page)]) -> Result<Vec<Vec<T>>>
where
    T: for<'r> FromRow<'r, MySqlRow>,
{
    let mut answers: Vec<Vec<(Snowflake, T)>> = lists.iter().map(|_| Vec::new()).collect();
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    for row in statement(list, lists).build().fetch_all(pool).await? {
        let part = usize::try_from(row.try_get::<i64, _>("part")?).unwrap_or(usize::MAX);
        if let Some(answer) = answers.get_mut(part) {
            answer.push((row.try_get("id")?, T::from_row(&row)?));
        }
    }
    Ok(answers.into_iter().map(newest_first).collect())
}

/// Filled up with empty lists to a power of two, so that few different statements have to be prepared.
fn statement(list: &List, lists: &[(Snowflake, Page)]) -> QueryBuilder<MySql> {
    let mut query = QueryBuilder::new("");
    let filling = lists.last().map(|(_, page)| (NOBODY, *page));
    let filled = lists.iter().copied().chain(filling.into_iter().cycle());
    for (part, (parent, page)) in filled.take(lists.len().next_power_of_two()).enumerate() {
        let separator = if part == 0 { "" } else { " UNION ALL " };
        query.push(separator).push("(SELECT ").push(part).push(" AS part, ").push(list.columns);
        query.push(" ").push(list.of_parent).push(" ").push_bind(parent);
        query.push(" AND id < ").push_bind(page.before_id()).push(" ORDER BY id DESC LIMIT ").push_bind(page.limit());
        query.push(" OFFSET ").push_bind(page.offset()).push(")");
    }
    query
}

/// SQL promises no order for the rows of a union.
fn newest_first<T>(mut rows: Vec<(Snowflake, T)>) -> Vec<T> {
    rows.sort_by_key(|(id, _)| Reverse(*id));
    rows.into_iter().map(|(_, row)| row).collect()
}
