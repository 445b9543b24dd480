//! Logins: opening, renewing and ending them.

mod ended;
mod renew;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use reel_auth::{AuthSettings, TokenSigner, Viewer};
use reel_config::Seconds;
use reel_error::{Error, Result};
use reel_id::{Clock, IdGenerator, UserId};
use reel_store::{OpenTransaction, retry_transaction};
use sqlx::MySqlConnection;

use crate::domain::{RefreshToken, Tokens};
use crate::repository::{Repository, refresh_token, session};

/// Rows of logins are kept for at least this long after they are over.
const KEEP_OVER: TimeDelta = TimeDelta::days(1);

/// How long logins and their tokens live.
#[derive(Debug, Clone, Copy)]
struct Lifetimes {
    access: TimeDelta,
    absolute: TimeDelta,
    idle: TimeDelta,
    grace: TimeDelta,
}

/// Opens, renews and ends logins.
pub(crate) struct Sessions {
    repository: Repository,
    signer: TokenSigner,
    ids: Arc<IdGenerator>,
    clock: Arc<dyn Clock>,
    lifetimes: Lifetimes,
    max_logins: u32,
}

/// A login that a transaction has opened; its tokens are signed after the commit.
pub(crate) struct Opened {
    viewer: Viewer,
    refresh: RefreshToken,
    refresh_expires_at: DateTime<Utc>,
}

impl Sessions {
    pub(crate) fn new(
        repository: Repository,
        signer: TokenSigner,
        ids: Arc<IdGenerator>,
        clock: Arc<dyn Clock>,
        settings: &AuthSettings,
        max_logins: u32,
    ) -> Self {
        let seconds = |seconds: Seconds| TimeDelta::from_std(seconds.duration()).unwrap_or(TimeDelta::MAX);
        let lifetimes = Lifetimes {
            access: seconds(settings.access_ttl_s),
            absolute: seconds(settings.refresh_ttl_s),
            idle: seconds(settings.refresh_idle_s),
            grace: seconds(settings.refresh_grace_s),
        };
        Self { repository, signer, ids, clock, lifetimes, max_logins: max_logins.max(1) }
    }

    /// Opens a login inside a transaction that has locked the account; ends the oldest when there are too many.
    pub(crate) async fn open(&self, connection: &mut MySqlConnection, user_id: UserId) -> Result<Opened> {
        let now = self.now();
        session::end_oldest(connection, user_id, self.max_logins - 1, now).await?;
        let viewer = Viewer { user_id, session_id: self.ids.next() };
        let session_expires_at = now + self.lifetimes.absolute;
        session::insert(connection, viewer.session_id, user_id, now, session_expires_at).await?;
        let refresh = RefreshToken::generate();
        let refresh_expires_at = self.idle_end(now, session_expires_at);
        refresh_token::insert(connection, &refresh.hash(), viewer.session_id, now, refresh_expires_at).await?;
        Ok(Opened { viewer, refresh, refresh_expires_at })
    }

    /// The tokens of an opened login.
    pub(crate) fn tokens(&self, opened: Opened) -> Result<Tokens> {
        let Opened { viewer, refresh, refresh_expires_at } = opened;
        let access = self.signer.sign(viewer, self.ids.next()).map_err(Error::internal)?;
        Ok(Tokens { viewer, access, refresh, refresh_expires_at })
    }

    /// Ends the viewer's login, or all of their logins.
    pub(crate) async fn log_out(&self, viewer: Viewer, everywhere: bool) -> Result<()> {
        let end = async |mut tx: OpenTransaction| {
            if everywhere {
                return self.end_all(&mut tx, viewer.user_id).await;
            }
            Ok(session::end_of_user(&mut tx, viewer.user_id, viewer.session_id, self.now()).await?)
        };
        retry_transaction(self.repository.pool(), end).await
    }

    /// Ends every login of a person, inside a transaction.
    pub(crate) async fn end_all(&self, connection: &mut MySqlConnection, user: UserId) -> Result<()> {
        Ok(session::end_all(connection, user, self.now()).await?)
    }

    /// Removes what is over, in small steps.
    pub(crate) async fn sweep(&self) -> Result<()> {
        let now = self.now();
        // Clocks of several processes differ a little.
        while self.repository.clear_successors(now - TimeDelta::seconds(10)).await? {}
        while self.repository.delete_expired_tokens(now - KEEP_OVER).await? {}
        // Routers that start ask for every ended login whose access tokens are still current.
        let told_until = now - self.lifetimes.access - ended::MARGIN;
        while self.repository.delete_old_sessions(told_until.min(now - KEEP_OVER)).await? {}
        Ok(())
    }

    /// When a refresh token made at `now` is over, if nobody spends it.
    fn idle_end(&self, now: DateTime<Utc>, session_expires_at: DateTime<Utc>) -> DateTime<Utc> {
        (now + self.lifetimes.idle).min(session_expires_at)
    }

    fn now(&self) -> DateTime<Utc> {
        super::now(&*self.clock)
    }
}
