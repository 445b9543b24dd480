use std::sync::Arc;

use reel_auth::Viewer;
use reel_error::{ClientError, Error, ErrorCode, Result};
use reel_id::{Clock, IdGenerator, UserId};
use reel_store::{OpenTransaction, StoreError, retry_transaction};
use reel_subgraph::signed_in;

use super::Sessions;
use super::hashing::{Hashing, Verdict};
use crate::domain::{Credentials, NewAccount, Password, Tokens, User, Username, UsernameKey};
use crate::repository::{Repository, account};

/// People and their passwords.
pub(crate) struct Accounts {
    pub(crate) repository: Repository,
    pub(crate) hashing: Hashing,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) ids: Arc<IdGenerator>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Someone who has just logged in.
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) tokens: Tokens,
}

impl Accounts {
    /// Makes an account. Anyone may.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidUsername`], [`ErrorCode::WeakPassword`], [`ErrorCode::UsernameTaken`], or
    /// [`ErrorCode::Overloaded`].
    pub(crate) async fn register(&self, username: &str, password: String) -> Result<User> {
        let username = Username::parse(username)?;
        let password = Password::parse(password, "password")?;
        let taken = || ClientError::new(ErrorCode::UsernameTaken).field("username");
        // Only the unique key decides; asking first spares the hash for most names that are taken.
        if self.repository.find_by_name(username.key()).await?.is_some() {
            return Err(taken().into());
        }
        let password_hash = self.hashing.hash(&password).await?;
        let created_at = super::now(&*self.clock);
        let row = NewAccount { id: self.ids.next(), username, password_hash, created_at };
        let insert = async |mut tx: OpenTransaction| account::insert(&mut tx, &row).await;
        match retry_transaction(self.repository.pool(), insert).await {
            Err(error) if is_name_taken(&error) => return Err(taken().into()),
            outcome => outcome?,
        }
        Ok(User {
            id: row.id,
            username: row.username.display().to_owned(),
            avatar_key: None,
            created_at,
            updated_at: created_at,
        })
    }

    /// Opens a login for whoever knows the name and the password.
    ///
    /// # Errors
    /// [`ErrorCode::WrongCredentials`], which does not tell which of the two is wrong, or [`ErrorCode::Overloaded`].
    pub(crate) async fn log_in(&self, username: &str, password: String) -> Result<SignedIn> {
        let wrong = || Error::from(ErrorCode::WrongCredentials);
        let password = Password::read(password).ok_or_else(wrong)?;
        let credentials = match UsernameKey::of(username) {
            Some(name) => self.repository.find_credentials_by_name(&name).await?,
            None => None,
        };
        let stored = credentials.as_ref().map(|credentials| credentials.password_hash.as_str());
        let verdict = self.hashing.verify(&password, stored).await?;
        match (credentials, verdict) {
            (Some(credentials), Verdict::Right) => self.open(credentials, None).await,
            (Some(credentials), Verdict::Outdated(hash)) => self.open(credentials, Some(hash)).await,
            _ => Err(wrong()),
        }
    }

    /// Replaces the viewer's password, ends all of their logins, and opens a new one.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`], [`ErrorCode::WrongCredentials`], [`ErrorCode::WeakPassword`], or
    /// [`ErrorCode::Overloaded`].
    pub(crate) async fn change_password(
        &self,
        viewer: Option<Viewer>,
        current: String,
        new: String,
    ) -> Result<SignedIn> {
        let viewer = signed_in(viewer)?;
        let new = Password::parse(new, "newPassword")?;
        let wrong = || ClientError::new(ErrorCode::WrongCredentials).field("currentPassword");
        let current = Password::read(current).ok_or_else(wrong)?;
        let credentials = self.repository.find_credentials(viewer.user_id).await?.ok_or(ErrorCode::Unauthenticated)?;
        if self.hashing.verify(&current, Some(&credentials.password_hash)).await? == Verdict::Wrong {
            return Err(wrong().into());
        }
        let hash = self.hashing.hash(&new).await?;
        let replace = async |mut tx: OpenTransaction| {
            let stored = account::lock_password_hash(&mut tx, viewer.user_id).await?;
            if stored.as_ref() != Some(&credentials.password_hash) {
                // Somebody else was faster with another change.
                return Err(Error::from(wrong()));
            }
            account::update_password_hash(&mut tx, viewer.user_id, &hash).await?;
            self.sessions.end_all(&mut tx, viewer.user_id).await?;
            self.sessions.open(&mut tx, viewer.user_id).await
        };
        let opened = retry_transaction(self.repository.pool(), replace).await?;
        Ok(SignedIn { user: credentials.user, tokens: self.sessions.tokens(opened)? })
    }

    /// Ends the viewer's login, or all of their logins. The person is returned.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`].
    pub(crate) async fn log_out(&self, viewer: Option<Viewer>, everywhere: bool) -> Result<User> {
        let viewer = signed_in(viewer)?;
        self.sessions.log_out(viewer, everywhere).await?;
        self.repository.find(viewer.user_id).await?.ok_or_else(|| ErrorCode::Unauthenticated.into())
    }

    /// Spends a refresh token. Anyone may who has it.
    ///
    /// # Errors
    /// As [`Sessions::renew`].
    pub(crate) async fn renew(&self, refresh_token: &str) -> Result<SignedIn> {
        let tokens = self.sessions.renew(refresh_token, None).await?;
        let user = self.repository.find(tokens.viewer.user_id).await?.ok_or(ErrorCode::TokenInvalid)?;
        Ok(SignedIn { user, tokens })
    }

    /// The person with this name, whatever its letter case. Anyone may ask.
    pub(crate) async fn find_by_name(&self, username: &str) -> Result<Option<User>> {
        match UsernameKey::of(username) {
            Some(name) => Ok(self.repository.find_by_name(&name).await?),
            None => Ok(None),
        }
    }

    /// The people among these ids who exist. Anyone may ask.
    pub(crate) async fn find_many(&self, ids: &[UserId]) -> Result<std::collections::HashMap<UserId, User>> {
        Ok(self.repository.find_many(ids).await?)
    }

    /// Opens a login, provided that the password is still the one that was checked: a login that runs in parallel to a
    /// change of the password must not outlive it.
    async fn open(&self, credentials: Credentials, rehashed: Option<String>) -> Result<SignedIn> {
        let Credentials { user, password_hash } = credentials;
        let open = async |mut tx: OpenTransaction| {
            let stored = account::lock_password_hash(&mut tx, user.id).await?;
            if stored.as_ref() != Some(&password_hash) {
                return Err(Error::from(ErrorCode::WrongCredentials));
            }
            if let Some(hash) = &rehashed {
                account::update_password_hash(&mut tx, user.id, hash).await?;
            }
            self.sessions.open(&mut tx, user.id).await
        };
        let opened = retry_transaction(self.repository.pool(), open).await?;
        Ok(SignedIn { user, tokens: self.sessions.tokens(opened)? })
    }
}

fn is_name_taken(error: &StoreError) -> bool {
    error.unique_violation() == Some("username_key")
}
