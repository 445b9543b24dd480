use std::str::FromStr;
use std::time::Instant;

use reel_store::{MysqlSettings, connect};
use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, MySqlConnection};
use url::Url;

use crate::eventually::PATIENCE;
use crate::servers::{self, MYSQL_URL};

/// A part of the tests' MySQL for one test: an account of its own, and as many databases as it opens. All are dropped
/// at the end.
#[derive(Debug)]
pub struct TestMysql {
    /// The account's name, with which its databases' names begin.
    account: String,
    settings: MysqlSettings,
    dropped: bool,
}

impl TestMysql {
    /// Makes the account.
    ///
    /// # Panics
    /// When there is no server; the message says how to run tests.
    pub async fn new() -> Self {
        let server = servers::address(MYSQL_URL);
        let account = format!("t_{}", servers::unique());
        let mut url = Url::parse(&server).expect("the address of the tests' MySQL is a URL");
        url.set_username(&account).expect("the address of the tests' MySQL has a host");
        url.set_password(Some(&account)).expect("the address of the tests' MySQL has a host");

        let mut admin = admin().await.expect("the tests' MySQL answers");
        for statement in [
            format!("CREATE USER '{account}'@'%' IDENTIFIED BY '{account}'"),
            // An underscore in the name of a grant stands for any character unless it is escaped.
            format!("GRANT ALL ON `{}\\_%`.* TO '{account}'@'%'", account.replace('_', "\\_")),
        ] {
            admin.execute(AssertSqlSafe(statement)).await.expect("the tests' account may create accounts");
        }
        let settings =
            MysqlSettings { database_prefix: format!("{account}_"), max_connections: 8, ..MysqlSettings::at(url) };
        Self { account, settings, dropped: false }
    }

    /// What to give to an application under test. Every database it opens with these belongs to this test.
    pub fn settings(&self) -> &MysqlSettings {
        &self.settings
    }

    /// Opens the database of a domain (`user`), empty the first time.
    ///
    /// # Panics
    /// When that fails.
    pub async fn open(&self, domain: &str) -> MySqlPool {
        connect(&self.settings, domain).await.expect("a test may open databases of its own")
    }

    /// How many SELECT statements this test's account has run so far, over all its databases and connections, whatever
    /// other tests do meanwhile. Take the difference of two counts.
    ///
    /// # Panics
    /// When the server does not count: it must be a MariaDB that runs with `--userstat=1`.
    pub async fn reads(&self) -> u64 {
        self.count("SELECT_COMMANDS").await
    }

    /// The same for INSERT, UPDATE, DELETE and REPLACE.
    ///
    /// # Panics
    /// As [`reads`](Self::reads).
    pub async fn writes(&self) -> u64 {
        self.count("UPDATE_COMMANDS").await
    }

    /// Drops the databases and the account. Dropping the value does the same, but cannot fail the test.
    ///
    /// # Panics
    /// When that fails.
    pub async fn close(mut self) {
        self.dropped = true;
        remove(&self.account).await.expect("the tests' databases can be dropped");
    }

    async fn count(&self, column: &'static str) -> u64 {
        let mut admin = admin().await.expect("the tests' MySQL answers");
        self.until_idle(&mut admin).await;
        let query = format!("SELECT {column} FROM information_schema.USER_STATISTICS WHERE USER = ?");
        let count: Option<i64> = sqlx::query_scalar(AssertSqlSafe(query))
            .bind(&self.account)
            .fetch_optional(&mut admin)
            .await
            .expect("the tests' MySQL is a MariaDB with --userstat=1");
        u64::try_from(count.unwrap_or_default()).expect("a count")
    }

    /// The server counts a statement after it has sent its answer, and calls the connection idle after that.
    async fn until_idle(&self, admin: &mut MySqlConnection) {
        let busy = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ? AND COMMAND <> 'Sleep'";
        let deadline = Instant::now() + PATIENCE;
        while sqlx::query_scalar::<_, i64>(busy).bind(&self.account).fetch_one(&mut *admin).await.expect("a count") > 0
        {
            assert!(Instant::now() < deadline, "statements of {} run on for {PATIENCE:?}", self.account);
        }
    }
}

impl Drop for TestMysql {
    fn drop(&mut self) {
        if !self.dropped {
            let account = &self.account;
            servers::clean_up(async || {
                let _best_effort = remove(account).await;
            });
        }
    }
}

/// One database for one test, dropped at the end.
#[derive(Debug)]
pub struct TestDatabase {
    mysql: TestMysql,
    pool: MySqlPool,
}

impl TestDatabase {
    /// Makes an empty database for a domain (`user`).
    ///
    /// # Panics
    /// When there is no server; the message says how to run tests.
    pub async fn new(domain: &str) -> Self {
        let mysql = TestMysql::new().await;
        let pool = mysql.open(domain).await;
        Self { mysql, pool }
    }

    /// The database.
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// The account it belongs to, which also counts statements.
    pub fn mysql(&self) -> &TestMysql {
        &self.mysql
    }

    /// Closes the pool and drops the database. Dropping the value does the same, but cannot fail the test.
    ///
    /// # Panics
    /// When that fails.
    pub async fn close(self) {
        self.pool.close().await;
        self.mysql.close().await;
    }
}

/// A connection of the account that may do everything.
async fn admin() -> sqlx::Result<MySqlConnection> {
    let mut options = MySqlConnectOptions::from_str(&servers::address(MYSQL_URL))?;
    if options.get_socket().is_some() {
        options = options.ssl_mode(MySqlSslMode::Disabled);
    }
    options.connect().await
}

async fn remove(account: &str) -> sqlx::Result<()> {
    let mut admin = admin().await?;
    // A connection that is still open in a transaction must not hang the test.
    admin.execute("SET SESSION lock_wait_timeout = 5").await?;
    let databases: Vec<String> =
        sqlx::query_scalar("SELECT schema_name FROM information_schema.schemata WHERE LEFT(schema_name, ?) = ?")
            .bind(i64::try_from(account.len()).unwrap_or(i64::MAX))
            .bind(account)
            .fetch_all(&mut admin)
            .await?;
    for database in databases {
        admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS `{database}`"))).await?;
    }
    admin.execute(AssertSqlSafe(format!("DROP USER IF EXISTS '{account}'@'%'"))).await?;
    admin.close().await
}
