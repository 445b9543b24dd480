use std::error::Error as StdError;

use reel_error::ErrorCode;
use sqlx::mysql::MySqlDatabaseError;

/// The result of a repository or cache call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A failed call to MySQL or Redis. It turns into [`reel_error::Error`] with `?`: generic to clients, logged by us.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// MySQL refused, failed or did not answer.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Redis refused, failed or did not answer.
    #[error("redis: {0}")]
    Redis(#[from] ::redis::RedisError),
    /// A mistake of ours: the work of a transaction handed the transaction on, so that it could not be committed.
    #[error("database: the transaction outlived its work and was not committed")]
    TransactionKept,
}

impl StoreError {
    /// The name of the unique key that the statement broke (`PRIMARY` for the primary key).
    pub fn unique_violation(&self) -> Option<&str> {
        let Self::Database(sqlx::Error::Database(error)) = self else { return None };
        if !error.is_unique_violation() {
            return None;
        }
        key_name(error.message())
    }

    /// What clients see: whether the server could not be reached or had no time, rather than refused.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error
                .try_downcast_ref::<MySqlDatabaseError>()
                .map_or(ErrorCode::Internal, |error| code_of_number(error.number())),
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed,
            ) => ErrorCode::ServiceUnavailable,
            Self::Redis(error) if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() => {
                ErrorCode::ServiceUnavailable
            }
            Self::Database(_) | Self::Redis(_) | Self::TransactionKept => ErrorCode::Internal,
        }
    }
}

impl From<StoreError> for reel_error::Error {
    fn from(error: StoreError) -> Self {
        Self::Internal { code: error.code(), source: error.into() }
    }
}

/// What clients see of the server's error number.
fn code_of_number(number: u16) -> ErrorCode {
    match number {
        // The statement ran into its timeout (MariaDB's number, then MySQL's), or waited too long for a lock.
        1969 | 3024 | 1205 => ErrorCode::Timeout,
        // Too many connections, of all or of this account; shutting down; read-only, by an option or altogether.
        1040 | 1203 | 1053 | 1290 | 1836 => ErrorCode::ServiceUnavailable,
        _ => ErrorCode::Internal,
    }
}

/// The key in `Duplicate entry '…' for key 'username'`. MySQL writes `'account.username'`, MariaDB `'username'`. The
/// entry comes from a client and may itself hold quotes, so the text is read from its end.
fn key_name(message: &str) -> Option<&str> {
    let (_, quoted) = message.strip_suffix('\'')?.rsplit_once('\'')?;
    Some(quoted.rsplit_once('.').map_or(quoted, |(_, key)| key))
}

/// Server error numbers after which the same transaction may succeed when it is run again: lock wait timeout,
/// deadlock (also Galera's certification failure), and InnoDB's record changed since it was read.
const RETRY_NUMBERS: [u16; 3] = [1205, 1213, 1020];

/// The SQLSTATE of a serialisation failure.
const RETRY_STATE: &str = "40001";

/// Whether somewhere in this error's chain the database asks for the transaction to be run again.
pub(crate) fn asks_for_retry(error: &(dyn StdError + 'static)) -> bool {
    let mut link = Some(error);
    while let Some(error) = link {
        if let Some(error) = database_error(error) {
            return RETRY_NUMBERS.contains(&error.number()) || error.code() == Some(RETRY_STATE);
        }
        link = error.source();
    }
    false
}

fn database_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a MySqlDatabaseError> {
    if let Some(StoreError::Database(sqlx::Error::Database(error))) = error.downcast_ref() {
        return error.try_downcast_ref();
    }
    if let Some(sqlx::Error::Database(error)) = error.downcast_ref() {
        return error.try_downcast_ref();
    }
    error.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_read_from_the_end_of_the_message() {
        assert_eq!(key_name("Duplicate entry 'ana' for key 'username'"), Some("username"));
        assert_eq!(key_name("Duplicate entry 'ana' for key 'account.username'"), Some("username"));
        assert_eq!(key_name("Duplicate entry 'a' for key 'x' for key 'PRIMARY'"), Some("PRIMARY"));
        assert_eq!(key_name("something else"), None);
    }
}
