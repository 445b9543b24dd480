use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use reel_id::{Snowflake, UserId};
use reel_store::{Result, push_in_list};
use sqlx::{MySqlPool, QueryBuilder};

/// The part of a statement that finds likes, up to the person's id, and from there to the ids of what may be liked.
pub(super) struct Likes {
    /// `SELECT user_id, video_id FROM video_like WHERE user_id =`
    pub(super) of_user: &'static str,
    /// `AND video_id IN`
    pub(super) of_targets: &'static str,
}

/// Which of these pairs of a person and what they may like exist, with one statement.
pub(super) async fn find<T>(
    pool: &MySqlPool,
    likes: &Likes,
    pairs: impl Iterator<Item = (UserId, Snowflake)>,
) -> Result<HashSet<(UserId, T)>>
where
    T: From<Snowflake> + Hash + Eq,
{
    let mut by_user: HashMap<UserId, Vec<Snowflake>> = HashMap::new();
    for (user, target) in pairs {
        by_user.entry(user).or_default().push(target);
    }
    if by_user.is_empty() {
        return Ok(HashSet::new());
    }
    // MariaDB plans a SELECT for each person fastest by far: `(a, b) IN ((…), …)` takes three times as long for 50 pairs,
    // and `(a = … AND b = …) OR …` grows with their square. In the order of sizes, few different statements arise.
    let mut by_size: Vec<_> = by_user.into_iter().collect();
    by_size.sort_by_key(|(_, targets)| targets.len());
    let mut query = QueryBuilder::new("");
    for (index, (user, targets)) in by_size.iter().enumerate() {
        query.push(if index == 0 { "" } else { " UNION ALL " });
        query.push(likes.of_user).push(" ").push_bind(user.raw()).push(" ").push(likes.of_targets).push(" ");
        push_in_list(&mut query, targets);
    }
    let found: Vec<(Snowflake, Snowflake)> = query.build_query_as().fetch_all(pool).await?;
    Ok(found.into_iter().map(|(user, target)| (user.into(), target.into())).collect())
}
