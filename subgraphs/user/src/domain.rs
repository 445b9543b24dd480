//! What the domain is about: people, their names and passwords, their logins.

mod password;
mod refresh_token;
mod session;
mod user;
mod username;

pub(crate) use password::Password;
pub(crate) use refresh_token::{RefreshToken, SEALED_BYTES, TokenHash};
pub(crate) use session::{EndedSession, Tokens};
pub(crate) use user::{Credentials, NewAccount, User};
pub(crate) use username::{Username, UsernameKey};
