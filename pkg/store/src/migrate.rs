use sqlx::migrate::{MigrateError, Migrator};
use sqlx::mysql::MySqlPool;
use sqlx::{ConnectOptions, Connection, MySqlConnection};

/// How long to wait for another process that is migrating the same database, in seconds.
const LOCK_WAIT_S: i64 = 60;

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// Another process holds the lock and does not come to an end.
    #[error(
        "another process has been migrating this database for {LOCK_WAIT_S} s: look at `SHOW PROCESSLIST`, then try again"
    )]
    Locked,
    /// A file holds more than one statement.
    #[error("the migration {0} holds more than one statement: DDL is not transactional, write one per file")]
    SeveralStatements(String),
    /// An earlier run broke off in the middle of a file.
    #[error(
        "the migration {0} was broken off earlier: see what it left behind, undo it, delete its row from _sqlx_migrations, \
         then try again"
    )]
    BrokenOff(i64),
    /// A file failed, is missing, or is not what was applied.
    #[error("migration: {0}")]
    Migration(#[from] MigrateError),
    /// The database did not answer.
    #[error("migration: {0}")]
    Database(#[from] sqlx::Error),
}

/// Brings the pool's database up to date. Any number of processes may call it at once: one works, the others wait.
/// `lock_name` says what is migrated (`user`); different databases never wait for each other.
///
/// The lock is ours because sqlx's is `GET_LOCK(?, -1)`, to which MariaDB answers NULL, unnoticed. It is held on a
/// connection of its own, outside the pool, which also has no statement timeout: DDL on a large table takes long.
///
/// # Errors
/// When the lock cannot be had, a file holds several statements, or a migration fails.
pub async fn migrate(pool: &MySqlPool, migrator: &Migrator, lock_name: &str) -> Result<(), MigrationError> {
    check_one_statement_each(migrator)?;
    let mut unlocked = Migrator::with_migrations(migrator.iter().cloned().collect());
    unlocked.set_locking(false);

    let mut connection = pool.connect_options().connect().await?;
    lock(&mut connection, lock_name).await?;
    let outcome = unlocked.run_direct(None, &mut connection, false).await;
    // Closing the connection releases the lock, also when this future is dropped half-way.
    connection.close().await?;
    outcome.map_err(|error| match error {
        MigrateError::Dirty(version) => MigrationError::BrokenOff(version),
        other => other.into(),
    })
}

async fn lock(connection: &mut MySqlConnection, lock_name: &str) -> Result<(), MigrationError> {
    // Lock names are shared by the whole server and 64 characters at most, so the database goes in as a hash: one that
    // every server has (MySQL 9.7 has no MD5 without a component).
    let taken: Option<i64> =
        sqlx::query_scalar("SELECT GET_LOCK(CONCAT('migrate ', LEFT(SHA2(CONCAT(?, '/', DATABASE()), 256), 56)), ?)")
            .bind(lock_name)
            .bind(LOCK_WAIT_S)
            .fetch_one(connection)
            .await?;
    if taken == Some(1) { Ok(()) } else { Err(MigrationError::Locked) }
}

fn check_one_statement_each(migrator: &Migrator) -> Result<(), MigrationError> {
    match migrator.iter().find(|migration| statements(migration.sql.as_str()) > 1) {
        None => Ok(()),
        Some(several) => Err(MigrationError::SeveralStatements(format!("{}_{}", several.version, several.description))),
    }
}

/// How many statements this is: semicolons separate them outside of quotes and `--` comments.
fn statements(sql: &str) -> usize {
    let mut count = 0;
    let mut in_statement = false;
    let mut quote = None;
    for line in sql.lines() {
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match (quote, character) {
                (Some(open), close) if open == close => quote = None,
                (Some(_), _) => {}
                (None, '-') if characters.peek() == Some(&'-') => break,
                (None, ';') => in_statement = false,
                (None, other) => {
                    count += usize::from(!in_statement && !other.is_whitespace());
                    in_statement |= !other.is_whitespace();
                    quote = Some(other).filter(|c| matches!(c, '\'' | '"' | '`'));
                }
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_counted_outside_of_quotes_and_comments() {
        assert_eq!(statements("CREATE TABLE a (id BIGINT);\n"), 1);
        assert_eq!(statements("-- one; two\nCREATE TABLE a (\n  b TEXT COMMENT 'x; y' -- here; too\n)"), 1);
        assert_eq!(statements("CREATE TABLE a (id BIGINT); CREATE TABLE b (id BIGINT);"), 2);
        assert_eq!(statements("-- nothing\n"), 0);
    }
}
