//! Tests of what other tests rely on, against the real servers.
#![expect(clippy::unwrap_used, reason = "tests")]

use redis::AsyncCommands;
use reel_testkit::{TestDatabase, TestRedis};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

/// How many databases and accounts belong to this account. Asked as the server's own account, which sees all.
async fn databases_and_accounts(account: &str) -> i64 {
    let options: MySqlConnectOptions = std::env::var(reel_testkit::MYSQL_URL).unwrap().parse().unwrap();
    let mut admin = options.ssl_mode(MySqlSslMode::Disabled).connect().await.unwrap();
    sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM information_schema.schemata WHERE LEFT(schema_name, 14) = ?) \
         + (SELECT COUNT(*) FROM mysql.user WHERE user = ?)",
    )
    .bind(account)
    .bind(account)
    .fetch_one(&mut admin)
    .await
    .unwrap()
}

fn account(database: &TestDatabase) -> String {
    database.mysql().settings().database_prefix.trim_end_matches('_').to_owned()
}

#[tokio::test]
async fn two_tests_never_see_each_others_rows_and_may_not_enter_each_others_databases() {
    let (one, other) = (TestDatabase::new("video").await, TestDatabase::new("video").await);
    for database in [&one, &other] {
        database.pool().execute("CREATE TABLE a (id BIGINT PRIMARY KEY)").await.unwrap();
    }
    one.pool().execute("INSERT INTO a VALUES (1)").await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM a").fetch_one(other.pool()).await.unwrap();
    assert_eq!(count, 0);
    let trespass = format!("SELECT * FROM {}video.a", one.mysql().settings().database_prefix);
    assert!(other.pool().execute(AssertSqlSafe(trespass)).await.is_err());
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn closing_and_dropping_both_leave_nothing_behind() {
    let (closed, dropped) = (TestDatabase::new("video").await, TestDatabase::new("video").await);
    closed.mysql().open("user").await;
    let accounts = [account(&closed), account(&dropped)];
    assert_eq!(databases_and_accounts(&accounts[0]).await, 3, "two databases and an account");
    assert_eq!(databases_and_accounts(&accounts[1]).await, 2);
    closed.close().await;
    drop(dropped);
    for account in &accounts {
        assert_eq!(databases_and_accounts(account).await, 0);
    }
}

#[tokio::test]
async fn the_statements_of_one_test_are_counted_while_others_work() {
    let (counted, noise) = (TestDatabase::new("video").await, TestDatabase::new("video").await);
    for database in [&counted, &noise] {
        database.pool().execute("CREATE TABLE a (id BIGINT PRIMARY KEY)").await.unwrap();
    }
    let (reads, writes) = (counted.mysql().reads().await, counted.mysql().writes().await);
    let working = noise.pool().clone();
    let others = tokio::spawn(async move {
        for id in 0..100_i64 {
            sqlx::query("INSERT INTO a VALUES (?)").bind(id).execute(&working).await.unwrap();
            sqlx::query("SELECT * FROM a WHERE id = ?").bind(id).fetch_one(&working).await.unwrap();
        }
    });
    for id in 0..7_i64 {
        sqlx::query("INSERT INTO a VALUES (?)").bind(id).execute(counted.pool()).await.unwrap();
        for _ in 0..3 {
            sqlx::query("SELECT * FROM a WHERE id = ?").bind(id).fetch_one(counted.pool()).await.unwrap();
        }
    }
    let mut transaction = counted.pool().begin().await.unwrap();
    transaction.execute("SELECT 1").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(counted.mysql().reads().await - reads, 22);
    assert_eq!(counted.mysql().writes().await - writes, 7);
    others.await.unwrap();
    counted.close().await;
    noise.close().await;
}

#[tokio::test]
async fn redis_keys_of_two_tests_are_apart_and_go_with_their_test() {
    let (one, other) = (TestRedis::new().await, TestRedis::new().await);
    let key = one.redis().key("popular");
    let () = one.redis().connection().set(&key, 1).await.unwrap();
    let mut connection = other.redis().connection();
    let found: Option<i64> = connection.get(other.redis().key("popular")).await.unwrap();
    assert_eq!(found, None);
    assert!(connection.exists::<_, bool>(&key).await.unwrap());
    drop(one);
    assert!(!connection.exists::<_, bool>(&key).await.unwrap());
    other.close().await;
}
