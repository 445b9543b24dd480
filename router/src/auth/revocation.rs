//! Which logins have ended. Access tokens are checked without a store, so each router keeps the short list of logins
//! that ended less than a token's lifetime ago and asks the user domain for news a few times a second. The user domain's
//! answers overlap, so that a login whose transaction committed late does not slip through.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reel_id::{Clock, SessionId};
use reel_rpc::Channel;
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::user::{EndedSession, EndedSessionsRequest, EndedSessionsResponse};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::RevocationSettings;

/// How long an entry outlives the last token of its login.
const MARGIN_MS: i64 = 60_000;
/// The longest pause between two questions while the user domain does not answer.
const MAX_BACK_OFF: Duration = Duration::from_secs(2);
const NEVER: i64 = i64::MIN;

/// The logins that have ended, in memory.
#[derive(Debug)]
pub struct EndedSessions {
    /// When each entry may be forgotten, in milliseconds since the Unix epoch.
    forget_at_ms: RwLock<HashMap<SessionId, i64>>,
    refreshed_at_ms: AtomicI64,
}

impl Default for EndedSessions {
    fn default() -> Self {
        Self { forget_at_ms: RwLock::default(), refreshed_at_ms: AtomicI64::new(NEVER) }
    }
}

impl EndedSessions {
    /// Whether this login has ended.
    pub fn contains(&self, session: SessionId) -> bool {
        self.forget_at_ms.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// Whether the list has been read at all.
    pub fn is_known(&self) -> bool {
        self.refreshed_at_ms.load(Ordering::Acquire) != NEVER
    }

    /// How old the list is, in milliseconds. `None` before the first answer.
    pub fn age_ms(&self, now_ms: i64) -> Option<i64> {
        match self.refreshed_at_ms.load(Ordering::Acquire) {
            NEVER => None,
            at => Some((now_ms - at).max(0)),
        }
    }

    /// Remembers an answer. Says whether it brought anything new.
    fn learn(&self, sessions: &[EndedSession], now_ms: i64, keep_ms: i64) -> bool {
        let mut forget_at_ms = self.forget_at_ms.write().unwrap_or_else(PoisonError::into_inner);
        forget_at_ms.retain(|_, at| *at > now_ms);
        let known = forget_at_ms.len();
        for ended in sessions {
            // A repeated answer does not lengthen the stay: no token of that login is newer than its end.
            forget_at_ms.entry(SessionId::from(ended.session_id)).or_insert(now_ms + keep_ms);
        }
        let has_news = forget_at_ms.len() > known;
        drop(forget_at_ms);
        self.refreshed_at_ms.store(now_ms, Ordering::Release);
        has_news
    }
}

/// Asks the user domain for ended logins until it is stopped.
#[derive(Debug)]
pub struct RevocationWatch {
    users: UserServiceClient<Channel>,
    ended: Arc<EndedSessions>,
    clock: Arc<dyn Clock>,
    settings: RevocationSettings,
    access_ttl_ms: i64,
}

/// The running background task.
#[derive(Debug)]
pub struct RevocationTask {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl RevocationTask {
    /// Stops asking, and returns when the task has ended.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the watch over ended logins broke");
        }
    }
}

impl RevocationWatch {
    /// A watch that fills `ended`. `access_ttl` is how long access tokens live.
    pub fn new(
        users: Channel,
        ended: Arc<EndedSessions>,
        clock: Arc<dyn Clock>,
        settings: RevocationSettings,
        access_ttl: Duration,
    ) -> Self {
        let access_ttl_ms = i64::try_from(access_ttl.as_millis()).unwrap_or(i64::MAX / 4);
        Self { users: UserServiceClient::new(users), ended, clock, settings, access_ttl_ms }
    }

    /// Starts asking in the background.
    pub fn spawn(self) -> RevocationTask {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            stopped.run_until_cancelled(self.run()).await;
        });
        RevocationTask { stop, task }
    }

    async fn run(mut self) {
        let mut since_ms = self.clock.now_ms() - self.access_ttl_ms - MARGIN_MS;
        let mut failures = 0_u32;
        loop {
            match self.users.ended_sessions(EndedSessionsRequest { since_ms }).await {
                Ok(response) => {
                    report_recovery(failures);
                    failures = 0;
                    let EndedSessionsResponse { sessions, next_since_ms } = response.into_inner();
                    // It goes back after the last of several pages.
                    since_ms = next_since_ms;
                    if self.ended.learn(&sessions, self.clock.now_ms(), self.access_ttl_ms + MARGIN_MS) {
                        // There may be a further page; an answer without news ends the round.
                        continue;
                    }
                }
                Err(status) => {
                    failures += 1;
                    report_failure(failures, &status);
                }
            }
            tokio::time::sleep(self.pause(failures)).await;
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        let poll = self.settings.poll_ms.duration();
        // Nobody who bears a token is served before the first answer, so it is not waited for longer than for news, and
        // never for long.
        if !self.ended.is_known() {
            poll.min(MAX_BACK_OFF)
        } else if failures == 0 {
            poll
        } else {
            (poll * 2_u32.saturating_pow(failures.min(8))).min(MAX_BACK_OFF.max(poll))
        }
    }
}

/// The first failure in a row, and then every thirtieth (about once a minute).
fn report_failure(failures: u32, status: &tonic::Status) {
    if failures % 30 == 1 {
        tracing::warn!(
            failures,
            rpc.code = ?status.code(),
            error = status.message(),
            "cannot ask which logins have ended; the list is getting old"
        );
    }
}

fn report_recovery(failures: u32) {
    if failures > 0 {
        tracing::info!(failures, "the list of ended logins is up to date again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn ended(id: i64) -> EndedSession {
        EndedSession { session_id: id }
    }

    #[test]
    fn an_ended_login_is_known_until_its_last_token_has_expired() {
        let sessions = EndedSessions::default();
        assert!(sessions.learn(&[ended(1)], 0, HOUR));
        assert!(!sessions.learn(&[ended(1)], 1, HOUR), "what is known is no news");
        assert!(sessions.contains(SessionId::from(1)));
        assert!(!sessions.contains(SessionId::from(2)));
        sessions.learn(&[ended(1), ended(2)], HOUR - 1, HOUR);
        assert!(sessions.contains(SessionId::from(1)));
        sessions.learn(&[], HOUR, HOUR);
        assert!(!sessions.contains(SessionId::from(1)), "a repeated answer must not keep it for ever");
        assert!(sessions.contains(SessionId::from(2)));
    }

    #[test]
    fn the_age_counts_from_the_last_answer() {
        let sessions = EndedSessions::default();
        assert_eq!((sessions.age_ms(5), sessions.is_known()), (None, false));
        sessions.learn(&[], 100, HOUR);
        assert_eq!((sessions.age_ms(350), sessions.is_known()), (Some(250), true));
    }
}
