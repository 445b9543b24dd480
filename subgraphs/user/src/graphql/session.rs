use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

use crate::domain::Tokens;

/// The tokens of a login.
#[derive(SimpleObject)]
pub(super) struct Session {
    /// Goes with each request, in the header `Access-Token` or as `Authorization: Bearer`.
    access_token: String,
    /// When the access token expires.
    access_token_expires_at: DateTime<Utc>,
    /// Buys the next pair of tokens, once. Keep it secret, and replace it by the one that comes with the new pair.
    refresh_token: String,
    /// When the refresh token expires.
    refresh_token_expires_at: DateTime<Utc>,
}

impl From<Tokens> for Session {
    fn from(tokens: Tokens) -> Self {
        Self {
            refresh_token: tokens.refresh.encode(),
            access_token: tokens.access.token,
            access_token_expires_at: tokens.access.expires_at,
            refresh_token_expires_at: tokens.refresh_expires_at,
        }
    }
}
