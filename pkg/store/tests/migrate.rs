//! Migrations against the real database, by one process and by several at once.

use std::borrow::Cow;

use reel_store::{MigrationError, migrate};
use reel_testkit::TestDatabase;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

fn migrator(files: &[&str]) -> Migrator {
    let migration = |(version, sql): (i64, &&str)| {
        let sql = AssertSqlSafe((*sql).to_owned()).into_sql_str();
        Migration::new(version, Cow::Borrowed("a step"), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations((1_i64..).zip(files).map(migration).collect())
}

#[tokio::test]
async fn of_several_that_migrate_at_once_one_works_and_all_succeed() {
    let database = TestDatabase::new("user").await;
    let files: Vec<String> = (0..8).map(|n| format!("CREATE TABLE t{n} (id BIGINT PRIMARY KEY)")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let migrator = std::sync::Arc::new(migrator(&files));
    let workers: Vec<_> = (0..6)
        .map(|_| {
            let (pool, migrator) = (database.pool().clone(), migrator.clone());
            tokio::spawn(async move { migrate(&pool, &migrator, "user").await })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap().unwrap();
    }
    let applied: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations").fetch_one(database.pool()).await.unwrap();
    assert_eq!(applied, 8);
    database.close().await;
}

#[tokio::test]
async fn a_file_with_two_statements_is_refused_before_anything_runs() {
    let database = TestDatabase::new("user").await;
    let files = migrator(&["CREATE TABLE a (id INT)", "CREATE TABLE b (id INT); CREATE TABLE c (id INT)"]);
    let error = migrate(database.pool(), &files, "user").await.unwrap_err();
    assert!(matches!(&error, MigrationError::SeveralStatements(name) if name == "2_a step"), "{error}");
    let tables: Vec<String> = sqlx::query_scalar("SHOW TABLES").fetch_all(database.pool()).await.unwrap();
    assert!(tables.is_empty(), "{tables:?}");
    database.close().await;
}

#[tokio::test]
async fn a_statement_that_fails_can_be_corrected_and_run_again() {
    let database = TestDatabase::new("user").await;
    let error = migrate(database.pool(), &migrator(&["CREATE TABLE a (id NOTATYPE)"]), "user").await.unwrap_err();
    assert!(error.to_string().contains("NOTATYPE"), "{error}");
    migrate(database.pool(), &migrator(&["CREATE TABLE a (id BIGINT)"]), "user").await.unwrap();
    database.close().await;
}

#[tokio::test]
async fn a_migration_that_was_broken_off_stops_everything_with_what_to_do() {
    let database = TestDatabase::new("user").await;
    let files = migrator(&["CREATE TABLE a (id BIGINT)"]);
    migrate(database.pool(), &files, "user").await.unwrap();
    database.pool().execute("UPDATE _sqlx_migrations SET success = FALSE").await.unwrap();
    let error = migrate(database.pool(), &files, "user").await.unwrap_err();
    assert!(matches!(error, MigrationError::BrokenOff(1)), "{error}");
    database.close().await;
}
