//! The content that is measured, written straight into the tables: publishing thousands of videos is not what is timed.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{MySql, MySqlPool, QueryBuilder};

/// How many people there are.
pub(crate) const PEOPLE: i64 = 500;
/// How many videos there are.
pub(crate) const VIDEOS: i64 = 2_000;
/// Comments of each video; likes of each video.
const REACTIONS: i64 = 20;
const ROWS_PER_INSERT: usize = 1_000;

/// The databases, by domain.
pub(crate) struct Databases {
    pub(crate) user: MySqlPool,
    pub(crate) video: MySqlPool,
    pub(crate) interaction: MySqlPool,
    pub(crate) social: MySqlPool,
}

/// The id of the `number`-th row of its kind; kinds do not share a range, so a mix-up shows.
fn id(kind: i64, number: i64) -> i64 {
    kind * 1_000_000_000 + number + 1
}

/// The id of a person.
pub(crate) fn person(number: i64) -> i64 {
    id(100_000_000, number)
}

/// Who asks: somebody who is not among those that [`fill`] lets like and comment.
pub(crate) fn viewer() -> i64 {
    person(PEOPLE - 1)
}

/// The id of a video.
pub(crate) fn video(number: i64) -> i64 {
    id(200_000_000, number)
}

fn moment(number: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(number)
}

/// Fills empty tables. `viewer` follows every third person and likes every fifth video.
pub(crate) async fn fill(databases: &Databases, viewer: i64) -> Result<()> {
    people(&databases.user).await?;
    videos(&databases.video).await?;
    reactions(&databases.interaction, viewer).await?;
    follows(&databases.social, viewer).await
}

async fn people(pool: &MySqlPool) -> Result<()> {
    let insert = "INSERT INTO account (id, username, username_key, password_hash, avatar_key, created_at, updated_at) ";
    insert_all(pool, insert, 0..PEOPLE, |mut row, number| {
        let name = format!("person{number}");
        row.push_bind(person(number)).push_bind(name.clone()).push_bind(name);
        row.push_bind("-").push_bind(None::<String>).push_bind(moment(number)).push_bind(moment(number));
    })
    .await
}

async fn videos(pool: &MySqlPool) -> Result<()> {
    let insert = "INSERT INTO video \
        (id, author_id, title, description, video_key, cover_key, visit_count, created_at, updated_at) ";
    insert_all(pool, insert, 0..VIDEOS, |mut row, number| {
        let id = video(number);
        row.push_bind(id).push_bind(person(number % PEOPLE)).push_bind(format!("Video number {number}"));
        row.push_bind("What happens in it, told in one sentence.");
        row.push_bind(format!("videos/{id}.mp4")).push_bind(format!("covers/{id}.jpg"));
        row.push_bind(number * 7 % 10_007).push_bind(moment(number)).push_bind(moment(number));
    })
    .await
}

async fn reactions(pool: &MySqlPool, viewer: i64) -> Result<()> {
    let comments = "INSERT INTO comment \
        (id, video_id, parent_id, author_id, content, like_count, reply_count, created_at, updated_at) ";
    insert_all(pool, comments, 0..VIDEOS * REACTIONS, |mut row, number| {
        row.push_bind(id(300_000_000, number)).push_bind(video(number / REACTIONS)).push_bind(0_i64);
        row.push_bind(person(number % PEOPLE)).push_bind("What somebody says about it.");
        row.push_bind(0_i64).push_bind(0_i64).push_bind(moment(number)).push_bind(moment(number));
    })
    .await?;
    let likes = "INSERT INTO video_like (id, video_id, user_id, created_at) ";
    insert_all(pool, likes, 0..VIDEOS * REACTIONS, |mut row, number| {
        row.push_bind(id(400_000_000, number)).push_bind(video(number / REACTIONS));
        row.push_bind(person(number % REACTIONS)).push_bind(moment(number));
    })
    .await?;
    insert_all(pool, likes, 0..VIDEOS / 5, |mut row, number| {
        row.push_bind(id(500_000_000, number)).push_bind(video(number * 5)).push_bind(viewer).push_bind(moment(number));
    })
    .await?;
    let stats = "INSERT INTO video_stats (video_id, like_count, comment_count, thread_count) ";
    insert_all(pool, stats, 0..VIDEOS, |mut row, number| {
        let of_viewer = i64::from(number % 5 == 0);
        row.push_bind(video(number)).push_bind(REACTIONS + of_viewer).push_bind(REACTIONS).push_bind(REACTIONS);
    })
    .await
}

async fn follows(pool: &MySqlPool, viewer: i64) -> Result<()> {
    let insert = "INSERT INTO follow (id, follower_id, followee_id, created_at) ";
    insert_all(pool, insert, 0..PEOPLE / 3, |mut row, number| {
        row.push_bind(id(600_000_000, number))
            .push_bind(viewer)
            .push_bind(person(number * 3))
            .push_bind(moment(number));
    })
    .await
}

async fn insert_all(
    pool: &MySqlPool,
    insert: &'static str,
    numbers: std::ops::Range<i64>,
    mut row: impl FnMut(sqlx::query_builder::Separated<'_, MySql, &'static str>, i64),
) -> Result<()> {
    let numbers: Vec<i64> = numbers.collect();
    for chunk in numbers.chunks(ROWS_PER_INSERT) {
        let mut query = QueryBuilder::<MySql>::new(insert);
        query.push_values(chunk, |separated, number| row(separated, *number));
        query.build().execute(pool).await?;
    }
    Ok(())
}
