//! What the domain talks about.

use std::ops::Range;

use chrono::{DateTime, Duration, Utc};
use reel_id::{Snowflake, UploadId, UserId, VideoId, first_id_at};

use crate::search::Matching;

/// The most characters of a title.
pub(crate) const MAX_TITLE: usize = 128;
/// The most characters of a description.
pub(crate) const MAX_DESCRIPTION: usize = 2_000;

/// A published video.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Video {
    #[sqlx(try_from = "i64")]
    pub(crate) id: VideoId,
    #[sqlx(try_from = "i64")]
    pub(crate) author_id: UserId,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) video_key: String,
    pub(crate) cover_key: String,
    pub(crate) visit_count: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A stored file that nobody has published yet.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Upload {
    #[sqlx(try_from = "i64")]
    pub(crate) id: UploadId,
    #[sqlx(try_from = "i64")]
    pub(crate) owner_id: UserId,
    pub(crate) video_key: String,
    pub(crate) cover_key: String,
}

/// What a person wants to publish, as they sent it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) upload_id: String,
    pub(crate) title: String,
    pub(crate) description: String,
}

/// What a person searches for, as they sent it. All that is given holds together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) keywords: Option<String>,
    pub(crate) published_from: Option<DateTime<Utc>>,
    pub(crate) published_to: Option<DateTime<Utc>>,
    pub(crate) author_username: Option<String>,
}

/// Which videos a list holds, in the terms of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Criteria {
    /// When they were published. Ids are moments, so this is a range of ids.
    pub(crate) ids: Range<Snowflake>,
    /// What their texts hold.
    pub(crate) matching: Matching,
}

impl Criteria {
    /// Videos of any text, published from the first moment to the second, both included.
    pub(crate) fn published(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>) -> Self {
        let end = to.map_or(Snowflake::MAX, |to| first_id_at(millisecond_after(to)));
        Self { ids: from.map_or(0, first_id_at)..end, matching: Matching::Anything }
    }

    /// Videos published after a moment.
    pub(crate) fn published_after(moment: Option<DateTime<Utc>>) -> Self {
        Self::published(moment.map(millisecond_after), None)
    }
}

/// The first moment that a row's time, which has milliseconds, can have after this one.
fn millisecond_after(time: DateTime<Utc>) -> DateTime<Utc> {
    let whole = DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time);
    whole.checked_add_signed(Duration::milliseconds(1)).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn both_ends_of_a_time_range_belong_to_it() {
        let ids = Criteria::published(Some(at("2026-01-01T08:00:00.005Z")), Some(at("2026-01-01T08:00:00.005Z"))).ids;
        let first = first_id_at(at("2026-01-01T08:00:00.005Z"));
        assert_eq!(ids, first..first_id_at(at("2026-01-01T08:00:00.006Z")));
        let finer =
            Criteria::published(Some(at("2026-01-01T08:00:00.0049Z")), Some(at("2026-01-01T08:00:00.0051Z"))).ids;
        assert_eq!(finer, ids);
    }

    #[test]
    fn after_a_moment_excludes_its_millisecond() {
        let ids = Criteria::published_after(Some(at("2026-01-01T08:00:00.005Z"))).ids;
        assert_eq!(ids.start, first_id_at(at("2026-01-01T08:00:00.006Z")));
        assert_eq!(Criteria::published_after(None).ids, 0..Snowflake::MAX);
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        let all = Criteria::published(Some(DateTime::<Utc>::MIN_UTC), Some(DateTime::<Utc>::MAX_UTC)).ids;
        assert!(all.start == 0 && all.end > first_id_at(at("2080-01-01T00:00:00Z")));
        assert!(Criteria::published_after(Some(DateTime::<Utc>::MAX_UTC)).ids.start > all.start);
    }
}
