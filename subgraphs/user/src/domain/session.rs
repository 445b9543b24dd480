use chrono::{DateTime, Utc};
use reel_auth::{SignedToken, Viewer};
use reel_id::SessionId;

use super::RefreshToken;

/// The tokens of a login, for the person who logged in.
pub(crate) struct Tokens {
    /// Whose login it is.
    pub(crate) viewer: Viewer,
    pub(crate) access: SignedToken,
    pub(crate) refresh: RefreshToken,
    /// When the refresh token can no longer be spent.
    pub(crate) refresh_expires_at: DateTime<Utc>,
}

/// A login that has ended.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct EndedSession {
    #[sqlx(try_from = "i64")]
    pub(crate) id: SessionId,
    pub(crate) ended_at: DateTime<Utc>,
}
