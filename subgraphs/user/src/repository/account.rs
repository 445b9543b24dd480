use std::collections::HashMap;

use chrono::{DateTime, Utc};
use reel_id::UserId;
use reel_store::{Result, push_in_list};
use sqlx::{MySqlConnection, QueryBuilder};

use super::Repository;
use crate::domain::{Credentials, NewAccount, User, UsernameKey};

impl Repository {
    pub(crate) async fn find_many(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
        let mut query =
            QueryBuilder::new("SELECT id, username, avatar_key, created_at, updated_at FROM account WHERE id IN ");
        push_in_list(&mut query, &ids.iter().map(|id| id.raw()).collect::<Vec<_>>());
        let users: Vec<User> = query.build_query_as().fetch_all(&self.pool).await?;
        Ok(users.into_iter().map(|user| (user.id, user)).collect())
    }

    pub(crate) async fn find(&self, id: UserId) -> Result<Option<User>> {
        let user = sqlx::query_as("SELECT id, username, avatar_key, created_at, updated_at FROM account WHERE id = ?")
            .bind(id.raw())
            .fetch_optional(&self.pool)
            .await?;
        Ok(user)
    }

    pub(crate) async fn find_by_name(&self, name: &UsernameKey) -> Result<Option<User>> {
        let user = sqlx::query_as(
            "SELECT id, username, avatar_key, created_at, updated_at FROM account WHERE username_key = ?",
        )
        .bind(name.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(user)
    }

    pub(crate) async fn find_credentials(&self, id: UserId) -> Result<Option<Credentials>> {
        let credentials = sqlx::query_as(
            "SELECT id, username, avatar_key, created_at, updated_at, password_hash FROM account WHERE id = ?",
        )
        .bind(id.raw())
        .fetch_optional(&self.pool)
        .await?;
        Ok(credentials)
    }

    pub(crate) async fn find_credentials_by_name(&self, name: &UsernameKey) -> Result<Option<Credentials>> {
        let credentials = sqlx::query_as(
            "SELECT id, username, avatar_key, created_at, updated_at, password_hash FROM account \
             WHERE username_key = ?",
        )
        .bind(name.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(credentials)
    }
}

/// Stores a new account. A name that is taken breaks the unique key `username_key`.
pub(crate) async fn insert(connection: &mut MySqlConnection, account: &NewAccount) -> Result<()> {
    sqlx::query(
        "INSERT INTO account (id, username, username_key, password_hash, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(account.id.raw())
    .bind(account.username.display())
    .bind(account.username.key().as_str())
    .bind(&account.password_hash)
    .bind(account.created_at)
    .bind(account.created_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// The stored password hash; the account stays locked until the transaction ends.
pub(crate) async fn lock_password_hash(connection: &mut MySqlConnection, id: UserId) -> Result<Option<String>> {
    let hash = sqlx::query_scalar("SELECT password_hash FROM account WHERE id = ? FOR UPDATE")
        .bind(id.raw())
        .fetch_optional(connection)
        .await?;
    Ok(hash)
}

pub(crate) async fn update_password_hash(connection: &mut MySqlConnection, id: UserId, hash: &str) -> Result<()> {
    sqlx::query("UPDATE account SET password_hash = ? WHERE id = ?")
        .bind(hash)
        .bind(id.raw())
        .execute(connection)
        .await?;
    Ok(())
}

/// The person; the account stays locked until the transaction ends.
pub(crate) async fn lock_user(connection: &mut MySqlConnection, id: UserId) -> Result<Option<User>> {
    let user =
        sqlx::query_as("SELECT id, username, avatar_key, created_at, updated_at FROM account WHERE id = ? FOR UPDATE")
            .bind(id.raw())
            .fetch_optional(connection)
            .await?;
    Ok(user)
}

pub(crate) async fn update_avatar(
    connection: &mut MySqlConnection,
    id: UserId,
    avatar_key: &str,
    updated_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE account SET avatar_key = ?, updated_at = ? WHERE id = ?")
        .bind(avatar_key)
        .bind(updated_at)
        .bind(id.raw())
        .execute(connection)
        .await?;
    Ok(())
}
