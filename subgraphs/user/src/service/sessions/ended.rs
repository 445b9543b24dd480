use chrono::{DateTime, TimeDelta, Utc};
use reel_error::Result;

use super::Sessions;
use crate::domain::EndedSession;

/// A login that ended is told again for this long: a transaction takes its time before it commits, later than others
/// that took theirs after it, and the clocks of several processes differ. It is longer than any such transaction, whose
/// few statements may each run into their timeout.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);
/// Access tokens signed just before their login ended live a little longer than the login's end and their lifetime say.
pub(super) const MARGIN: TimeDelta = TimeDelta::seconds(60);
/// The most logins of one answer.
const PAGE: u32 = 10_000;

/// The logins that ended since some time.
pub(crate) struct EndedPage {
    /// The earliest first.
    pub(crate) sessions: Vec<EndedSession>,
    /// From when to ask the next time. Some logins will be told again, none is left out. After a full page this is later
    /// than after the last page, which goes back far enough for transactions that commit late.
    pub(crate) next_since: DateTime<Utc>,
}

impl Sessions {
    /// The logins that ended at or after `since` and whose access tokens may still be current. When there are very many,
    /// the rest comes with the next page.
    pub(crate) async fn ended_since(&self, since: DateTime<Utc>) -> Result<EndedPage> {
        let now = self.now();
        let oldest = now - self.lifetimes.access - MARGIN;
        let sessions = self.repository.list_ended(since.max(oldest), PAGE).await?;
        let next_since = match sessions.last() {
            Some(last) if sessions.len() == PAGE as usize => last.ended_at,
            _ => now - OVERLAP,
        };
        Ok(EndedPage { sessions, next_since })
    }
}
