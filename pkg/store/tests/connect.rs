//! What a session is like, whatever the server's own configuration says.

use std::time::{Duration, Instant};

use reel_config::{Millis, Secret};
use reel_error::ErrorCode;
use reel_store::{ConnectError, MysqlSettings, RedisSettings, StoreError, connect, connect_redis, ping};
use reel_testkit::{TestDatabase, TestMysql, TestRedis};
use sqlx::Executor;

#[tokio::test]
async fn every_session_is_in_utc_strict_and_read_committed() {
    let database = TestDatabase::new("user").await;
    let (zone, mode, collation): (String, String, String) =
        sqlx::query_as("SELECT @@time_zone, @@sql_mode, @@collation_connection")
            .fetch_one(database.pool())
            .await
            .unwrap();
    // Some servers know the isolation level by one name only, some by the other.
    let (_, isolation): (String, String) =
        sqlx::query_as("SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')")
            .fetch_one(database.pool())
            .await
            .unwrap();
    assert_eq!((zone.as_str(), isolation.as_str(), collation.as_str()), ("+00:00", "READ-COMMITTED", "utf8mb4_bin"));
    assert!(mode.contains("STRICT_TRANS_TABLES"), "{mode}");
    database.close().await;
}

#[tokio::test]
async fn texts_that_differ_in_case_or_accent_are_different_keys() {
    let database = TestDatabase::new("user").await;
    database.pool().execute("CREATE TABLE account (username VARCHAR(64) PRIMARY KEY)").await.unwrap();
    for name in ["ana", "Ana", "añа", "阿娜", "🎬"] {
        sqlx::query("INSERT INTO account VALUES (?)").bind(name).execute(database.pool()).await.unwrap();
    }
    let names: Vec<String> =
        sqlx::query_scalar("SELECT username FROM account").fetch_all(database.pool()).await.unwrap();
    assert_eq!(names.len(), 5);
    assert!(names.contains(&"🎬".to_owned()));
    database.close().await;
}

#[tokio::test]
async fn a_broken_unique_key_is_named_whatever_the_entry_says() {
    let database = TestDatabase::new("user").await;
    let table =
        "CREATE TABLE account (id BIGINT PRIMARY KEY, username VARCHAR(64), UNIQUE KEY account_username (username))";
    database.pool().execute(table).await.unwrap();
    let insert = async |id: i64, name: &str| -> Result<(), StoreError> {
        sqlx::query("INSERT INTO account VALUES (?, ?)").bind(id).bind(name).execute(database.pool()).await?;
        Ok(())
    };
    insert(1, "a' for key 'b").await.unwrap();
    assert_eq!(insert(2, "a' for key 'b").await.unwrap_err().unique_violation(), Some("account_username"));
    assert_eq!(insert(1, "c").await.unwrap_err().unique_violation(), Some("PRIMARY"));
    let other: StoreError = database.pool().execute("INSERT INTO nowhere VALUES (1)").await.unwrap_err().into();
    assert_eq!(other.unique_violation(), None);
    database.close().await;
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_ended_and_the_session_lives() {
    let mysql = TestMysql::new().await;
    let settings = MysqlSettings { statement_timeout_ms: Millis(100), max_connections: 1, ..mysql.settings().clone() };
    let pool = connect(&settings, "user").await.unwrap();
    let begun = Instant::now();
    // A thousand million rows to count. Not SLEEP, which MySQL ends without an error.
    let endless = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
        SELECT COUNT(*) FROM n a, n b, n c";
    let error: StoreError = pool.execute(endless).await.unwrap_err().into();
    assert_eq!(reel_error::Error::from(error).code(), ErrorCode::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(10));
    ping(&pool).await.unwrap();
    pool.close().await;
    mysql.close().await;
}

#[tokio::test]
async fn a_write_waits_for_a_lock_hardly_longer_than_a_statement_may_run() {
    let mysql = TestMysql::new().await;
    let settings = MysqlSettings { statement_timeout_ms: Millis(100), max_connections: 2, ..mysql.settings().clone() };
    let pool = connect(&settings, "user").await.unwrap();
    let waits: (i64, i64) =
        sqlx::query_as("SELECT CAST(@@innodb_lock_wait_timeout AS SIGNED), CAST(@@lock_wait_timeout AS SIGNED)")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(waits, (1, 1));
    pool.execute("CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)").await.unwrap();
    pool.execute("INSERT INTO counter VALUES (1, 0)").await.unwrap();
    let mut holder = pool.begin().await.unwrap();
    holder.execute("UPDATE counter SET n = n + 1").await.unwrap();
    let error: StoreError = pool.execute("UPDATE counter SET n = n + 1").await.unwrap_err().into();
    assert_eq!(reel_error::Error::from(error).code(), ErrorCode::Timeout);
    holder.rollback().await.unwrap();
    pool.close().await;
    mysql.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_the_connection_and_says_nothing_is_given_up() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Secret::new(format!("mysql://root@{}", server.local_addr().unwrap()));
    let settings = MysqlSettings { url: Some(url), ..MysqlSettings::default() };
    let outcome = tokio::time::timeout(Duration::from_secs(600), connect(&settings, "user")).await.unwrap();
    assert!(matches!(outcome, Err(ConnectError::Silent(_))), "{outcome:?}");
}

#[tokio::test]
async fn waiting_for_a_connection_ends_and_counts_as_unavailable() {
    let mysql = TestMysql::new().await;
    let settings = MysqlSettings { acquire_timeout_ms: Millis(100), max_connections: 1, ..mysql.settings().clone() };
    let pool = connect(&settings, "user").await.unwrap();
    let held = pool.acquire().await.unwrap();
    let error: StoreError = pool.acquire().await.unwrap_err().into();
    assert_eq!(reel_error::Error::from(error).code(), ErrorCode::ServiceUnavailable);
    drop(held);
    pool.close().await;
    mysql.close().await;
}

#[tokio::test]
async fn a_server_that_is_full_going_down_or_read_only_counts_as_unavailable() {
    let database = TestDatabase::new("user").await;
    let codes = [
        (1040, ErrorCode::ServiceUnavailable),
        (1203, ErrorCode::ServiceUnavailable),
        (1053, ErrorCode::ServiceUnavailable),
        (1290, ErrorCode::ServiceUnavailable),
        (1836, ErrorCode::ServiceUnavailable),
        (1969, ErrorCode::Timeout),
        (3024, ErrorCode::Timeout),
        (1205, ErrorCode::Timeout),
        (1146, ErrorCode::Internal),
    ];
    for (number, code) in codes {
        let raise = sqlx::AssertSqlSafe(format!("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}"));
        let error: StoreError = database.pool().execute(raise).await.unwrap_err().into();
        assert_eq!(reel_error::Error::from(error).code(), code, "{number}");
    }
    database.close().await;
}

#[tokio::test]
async fn a_redis_that_is_down_is_no_error_until_it_is_asked_and_is_found_when_it_comes() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("redis.sock");
    let redis = connect_redis(&RedisSettings::at(format!("redis+unix://{}", socket.display()))).unwrap();
    let error = redis.ping().await.unwrap_err();
    assert_eq!(reel_error::Error::from(error).code(), ErrorCode::ServiceUnavailable);
    let server = TestRedis::new().await;
    let url = server.settings().url.as_ref().unwrap().expose().to_owned();
    std::os::unix::fs::symlink(url.strip_prefix("redis+unix://").unwrap(), &socket).unwrap();
    reel_testkit::eventually("Redis is found", async || redis.ping().await.is_ok()).await;
    server.close().await;
}

#[tokio::test]
async fn unusable_settings_are_refused_with_the_name_of_the_setting_and_without_its_value() {
    let text = connect(&MysqlSettings::default(), "user").await.unwrap_err().to_string();
    assert!(text.starts_with("the setting `mysql.url` is missing"), "{text}");
    let text = connect(&MysqlSettings::at("postgres://me:hunter2@host"), "user").await.unwrap_err().to_string();
    assert_eq!(text, "the setting `mysql.url` is not an address of the documented form");
    let error = connect(&MysqlSettings::at("mysql://root@localhost"), "a`; DROP").await.unwrap_err();
    assert!(matches!(error, ConnectError::BadName(_)), "{error}");
    let text = connect_redis(&RedisSettings::default()).unwrap_err().to_string();
    assert!(text.starts_with("the setting `redis.url` is missing"), "{text}");
    let text = connect_redis(&RedisSettings::at("http://:hunter2@host")).unwrap_err().to_string();
    assert_eq!(text, "the setting `redis.url` is not an address of the documented form");
}

#[tokio::test]
async fn redis_keys_carry_the_prefix_and_nested_scopes() {
    let redis = TestRedis::new().await;
    let prefix = redis.settings().prefix.clone();
    assert_eq!(redis.redis().key("popular"), format!("{prefix}:popular"));
    assert_eq!(redis.redis().scoped("video").key("popular"), format!("{prefix}:video:popular"));
    redis.redis().ping().await.unwrap();
    redis.close().await;
}
