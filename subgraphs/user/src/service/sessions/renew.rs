use chrono::{DateTime, Utc};
use reel_auth::Viewer;
use reel_error::{ErrorCode, Result};
use reel_id::SessionId;
use reel_store::{OpenTransaction, retry_transaction};
use sqlx::MySqlConnection;

use super::{Opened, Sessions};
use crate::domain::{RefreshToken, SEALED_BYTES, Tokens};
use crate::repository::refresh_token::{self, StoredToken};
use crate::repository::session;

/// What becomes of a refresh token that someone wants to spend. A refusal is an outcome rather than an error, because
/// the transaction that found a theft has to be committed.
enum Rotation {
    Next(Opened),
    Refused(ErrorCode),
    /// It was spent before, and longer ago than lost answers and parallel requests explain.
    Theft(Viewer),
}

impl Sessions {
    /// Spends a refresh token. With `expected`, a token of another login is refused and stays unspent.
    ///
    /// A token that was spent within the grace period answers with the same successor again; later use ends the login.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`] or [`ErrorCode::SessionEnded`].
    pub(crate) async fn renew(&self, token: &str, expected: Option<SessionId>) -> Result<Tokens> {
        let spent = RefreshToken::parse(token).ok_or(ErrorCode::TokenInvalid)?;
        let rotate = async |mut tx: OpenTransaction| self.rotate(&mut tx, &spent, expected).await;
        match retry_transaction(self.repository.pool(), rotate).await? {
            Rotation::Next(opened) => self.tokens(opened),
            Rotation::Refused(code) => Err(code.into()),
            Rotation::Theft(viewer) => {
                tracing::warn!(
                    user.id = viewer.user_id.raw(),
                    session.id = viewer.session_id.raw(),
                    "a spent refresh token was used again; its login is ended"
                );
                Err(ErrorCode::SessionEnded.into())
            }
        }
    }

    /// Whether a refresh token of this login could be spent now; `false` when it was spent longer ago than the grace
    /// period. Nothing is spent, and no login ends.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`], [`ErrorCode::TokenExpired`] or [`ErrorCode::SessionEnded`].
    pub(crate) async fn peek(&self, token: &str, expected: SessionId) -> Result<bool> {
        let token = RefreshToken::parse(token).ok_or(ErrorCode::TokenInvalid)?;
        let stored = self.repository.find_token(&token.hash()).await?.ok_or(ErrorCode::TokenInvalid)?;
        let now = self.now();
        match refusal(&stored, Some(expected), now) {
            Some(code) => Err(code.into()),
            None if stored.spent_at.is_some() => Ok(stored.successor_until >= Some(now)),
            None => Ok(true),
        }
    }

    async fn rotate(
        &self,
        connection: &mut MySqlConnection,
        spent: &RefreshToken,
        expected: Option<SessionId>,
    ) -> Result<Rotation> {
        let Some(stored) = refresh_token::lock(connection, &spent.hash()).await? else {
            return Ok(Rotation::Refused(ErrorCode::TokenInvalid));
        };
        // The time is read after the lock, which others may have held.
        let now = self.now();
        if let Some(code) = refusal(&stored, expected, now) {
            return Ok(Rotation::Refused(code));
        }
        let viewer = Viewer { user_id: stored.user_id, session_id: stored.session_id };
        if let Some(spent_at) = stored.spent_at {
            let Some(refresh) = successor(spent, &stored).filter(|_| stored.successor_until >= Some(now)) else {
                session::end(connection, stored.session_id, now).await?;
                return Ok(Rotation::Theft(viewer));
            };
            let refresh_expires_at = self.idle_end(spent_at, stored.session_expires_at);
            return Ok(Rotation::Next(Opened { viewer, refresh, refresh_expires_at }));
        }
        let refresh = RefreshToken::generate();
        let refresh_expires_at = self.idle_end(now, stored.session_expires_at);
        let hash = spent.hash();
        refresh_token::spend(connection, &hash, now, &spent.seal(&refresh), now + self.lifetimes.grace).await?;
        refresh_token::insert(connection, &refresh.hash(), stored.session_id, now, refresh_expires_at).await?;
        Ok(Rotation::Next(Opened { viewer, refresh, refresh_expires_at }))
    }
}

/// Why a token cannot be spent, whether or not it has been spent before.
fn refusal(stored: &StoredToken, expected: Option<SessionId>, now: DateTime<Utc>) -> Option<ErrorCode> {
    if expected.is_some_and(|expected| expected != stored.session_id) {
        return Some(ErrorCode::TokenInvalid);
    }
    if stored.session_ended_at.is_some() {
        return Some(ErrorCode::SessionEnded);
    }
    let idle = stored.spent_at.is_none() && stored.expires_at <= now;
    (idle || stored.session_expires_at <= now).then_some(ErrorCode::TokenExpired)
}

fn successor(spent: &RefreshToken, stored: &StoredToken) -> Option<RefreshToken> {
    let sealed: &[u8; SEALED_BYTES] = stored.sealed_successor.as_deref()?.try_into().ok()?;
    Some(spent.open(sealed))
}
