use chrono::{DateTime, Utc};
use reel_id::UserId;

use super::Username;

/// A person with an account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct User {
    #[sqlx(try_from = "i64")]
    pub(crate) id: UserId,
    /// As typed at registration, in Unicode's NFC.
    pub(crate) username: String,
    /// Where the avatar is stored.
    pub(crate) avatar_key: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    /// When the profile was last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A person together with what a password is checked against. It is no [`User`], so that a hash cannot slip into one.
#[derive(sqlx::FromRow)]
pub(crate) struct Credentials {
    #[sqlx(flatten)]
    pub(crate) user: User,
    /// An Argon2id hash in PHC form.
    pub(crate) password_hash: String,
}

/// What registration stores.
pub(crate) struct NewAccount {
    pub(crate) id: UserId,
    pub(crate) username: Username,
    pub(crate) password_hash: String,
    pub(crate) created_at: DateTime<Utc>,
}
