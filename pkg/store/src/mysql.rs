use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection};

use crate::{MysqlSettings, Result};

/// What a session starts with everywhere, so that no server's configuration changes what our SQL means.
const SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,\
ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/// A connection that was idle for longer than this is checked before it is used again.
const CHECK_AFTER_IDLE: Duration = Duration::from_secs(10);

/// How long a server may take to let the first connection in and to create the database.
const FIRST_TIMEOUT: Duration = Duration::from_secs(30);

/// A readiness check gives up after this long.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Servers refuse longer ones: MySQL's is in milliseconds and has 32 bits.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30 * 24 * 3_600);

const UNKNOWN_DATABASE: u16 = 1049;
const ACCESS_DENIED_TO_DATABASE: u16 = 1044;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No address is set.
    #[error("the setting `{0}` is missing: set it, or start `reelgraph dev`, which brings its own servers")]
    NoUrl(&'static str),
    /// The address cannot be understood. It is not shown, because it may hold a password.
    #[error("the setting `{0}` is not an address of the documented form")]
    BadUrl(&'static str),
    /// A database name may hold `a-z`, `0-9` and `_` only, 64 at most.
    #[error("`{0}` cannot be a database name: use a-z, 0-9 and _, at most 64 characters")]
    BadName(String),
    /// The database is not there and this account may not create it.
    #[error("the database {name} does not exist and cannot be created: {source}")]
    Missing {
        /// The database.
        name: String,
        /// The server's refusal.
        source: sqlx::Error,
    },
    /// Something took the connection and says nothing.
    #[error("cannot connect to MySQL: no answer within {} s; is `mysql.url` a MySQL server?", .0.as_secs())]
    Silent(Duration),
    /// MySQL does not answer, or does not let us in.
    #[error("cannot connect to MySQL: {0}")]
    Mysql(#[from] sqlx::Error),
}

/// Opens the database of a domain (`settings.database_prefix` followed by `domain`), creating it when it is missing.
///
/// # Errors
/// When the settings are unusable, the server cannot be reached, or the database is missing and may not be created.
pub async fn connect(settings: &MysqlSettings, domain: &str) -> Result<MySqlPool, ConnectError> {
    let database = format!("{}{domain}", settings.database_prefix);
    check_name(&database)?;
    let server = server_options(settings)?;
    let first = first_session(&server, &database, settings.statement_timeout_ms.duration());
    let session = tokio::time::timeout(FIRST_TIMEOUT, first);
    let session = session.await.map_err(|_| ConnectError::Silent(FIRST_TIMEOUT))??;

    let pool = MySqlPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout_ms.duration())
        .idle_timeout(settings.idle_timeout_s.duration())
        .max_lifetime(settings.max_lifetime_s.duration())
        // A check on every use would cost a round trip on every use.
        .test_before_acquire(false)
        .before_acquire(|connection, usage| {
            Box::pin(async move { Ok(usage.idle_for < CHECK_AFTER_IDLE || connection.ping().await.is_ok()) })
        })
        .after_connect(move |connection, _| {
            let statements = AssertSqlSafe(session.clone());
            Box::pin(async move { connection.execute(statements).await.map(drop) })
        });
    Ok(pool.connect_with(server.database(&database)).await?)
}

/// Asks the database for a sign of life, within a second.
///
/// # Errors
/// When there is none.
pub async fn ping(pool: &MySqlPool) -> Result<()> {
    let answer = sqlx::query("SELECT 1").execute(pool);
    match tokio::time::timeout(PING_TIMEOUT, answer).await {
        Ok(answer) => Ok(answer.map(drop)?),
        Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
    }
}

fn check_name(database: &str) -> Result<(), ConnectError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if database.is_empty() || database.len() > 64 || !database.chars().all(allowed) {
        return Err(ConnectError::BadName(database.to_owned()));
    }
    Ok(())
}

/// Whether the address is there and of the documented form, without asking the server.
///
/// # Errors
/// When it is not.
pub fn check_address(settings: &MysqlSettings) -> Result<(), ConnectError> {
    server_options(settings).map(drop)
}

fn server_options(settings: &MysqlSettings) -> Result<MySqlConnectOptions, ConnectError> {
    let url = settings.url.as_ref().ok_or(ConnectError::NoUrl("mysql.url"))?.expose();
    if !url.starts_with("mysql://") && !url.starts_with("mariadb://") {
        return Err(ConnectError::BadUrl("mysql.url"));
    }
    let mut options = MySqlConnectOptions::from_str(url).map_err(|_| ConnectError::BadUrl("mysql.url"))?;
    if options.get_socket().is_some() {
        options = options.ssl_mode(MySqlSslMode::Disabled);
    }
    Ok(options
        .charset("utf8mb4")
        // Texts compare by code point: names that differ in case or accent are different names.
        .collation("utf8mb4_bin")
        .timezone(Some("+00:00".to_owned()))
        .pipes_as_concat(false)
        .log_statements(tracing::log::LevelFilter::Trace)
        .log_slow_statements(tracing::log::LevelFilter::Warn, settings.slow_statement_ms.duration()))
}

/// Makes sure that the database is there, and answers with the statements for each session.
async fn first_session(
    server: &MySqlConnectOptions,
    database: &str,
    statement_timeout: Duration,
) -> Result<String, ConnectError> {
    let mut first = open_or_create(server, database).await?;
    let session = session_statements(&mut first, statement_timeout).await?;
    first.close().await?;
    Ok(session)
}

async fn open_or_create(server: &MySqlConnectOptions, database: &str) -> Result<MySqlConnection, ConnectError> {
    let named = server.clone().database(database);
    match named.connect().await {
        Err(error) if is_missing_database(&error) => {
            create(server, database)
                .await
                .map_err(|source| ConnectError::Missing { name: database.to_owned(), source })?;
            Ok(named.connect().await?)
        }
        other => Ok(other?),
    }
}

/// A server says "access denied" rather than "unknown database" to an account without rights on everything.
fn is_missing_database(error: &sqlx::Error) -> bool {
    let number = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>())
        .map(sqlx::mysql::MySqlDatabaseError::number);
    matches!(number, Some(UNKNOWN_DATABASE | ACCESS_DENIED_TO_DATABASE))
}

async fn create(server: &MySqlConnectOptions, database: &str) -> Result<(), sqlx::Error> {
    let mut connection = server.connect().await?;
    // The name has been checked against its pattern above.
    let statement = format!("CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}

/// The statements for a new session. The timeout has another name and unit on MariaDB and MySQL; MySQL's bounds reads only,
/// so there a write that waits for a row or a table is bounded by its wait for the lock. On MariaDB, where the timeout
/// bounds both, it comes first.
async fn session_statements(connection: &mut MySqlConnection, timeout: Duration) -> Result<String, ConnectError> {
    let version: String = sqlx::query_scalar("SELECT VERSION()").fetch_one(connection).await?;
    let timeout = timeout.min(LONGEST_TIMEOUT);
    let lock_wait_s = timeout.as_secs() + 1;
    let timeout = if version.contains("MariaDB") {
        format!("max_statement_time = {:.3}", timeout.as_secs_f64())
    } else {
        format!("max_execution_time = {}", timeout.as_millis())
    };
    Ok(format!(
        "{SESSION}; SET SESSION {timeout}; \
         SET SESSION innodb_lock_wait_timeout = {lock_wait_s}; SET SESSION lock_wait_timeout = {lock_wait_s}"
    ))
}
