//! Transactions that are run again, on real deadlocks.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use reel_error::ErrorCode;
use reel_store::{Result, StoreError, retry_transaction};
use reel_testkit::TestDatabase;
use sqlx::mysql::MySqlPool;
use sqlx::{Executor, MySql, Transaction};
use tokio::sync::Barrier;

async fn counters() -> TestDatabase {
    let database = TestDatabase::new("user").await;
    database.pool().execute("CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)").await.unwrap();
    database.pool().execute("INSERT INTO counter VALUES (1, 0), (2, 0)").await.unwrap();
    database
}

async fn increment(tx: &mut Transaction<'static, MySql>, id: i64) -> Result<()> {
    sqlx::query("UPDATE counter SET n = n + 1 WHERE id = ?").bind(id).execute(&mut **tx).await?;
    Ok(())
}

async fn values(pool: &MySqlPool) -> Vec<i64> {
    sqlx::query_scalar("SELECT n FROM counter ORDER BY id").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn a_deadlock_is_survived_by_both_sides() {
    let database = counters().await;
    let meet = Arc::new(Barrier::new(2));
    let attempts = Arc::new(AtomicU32::new(0));
    let side = |first: i64, second: i64| {
        let (pool, meet, attempts) = (database.pool().clone(), meet.clone(), attempts.clone());
        tokio::spawn(async move {
            let met = AtomicBool::new(false);
            retry_transaction(&pool, async |mut tx| -> Result<()> {
                attempts.fetch_add(1, Ordering::SeqCst);
                increment(&mut tx, first).await?;
                // Both hold their first row before either asks for its second: a deadlock, the first time.
                if !met.swap(true, Ordering::SeqCst) {
                    meet.wait().await;
                }
                increment(&mut tx, second).await
            })
            .await
        })
    };
    let (one, other) = (side(1, 2), side(2, 1));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(values(database.pool()).await, [2, 2], "each side counted once");
    assert_eq!(attempts.load(Ordering::SeqCst), 3, "one of the two was run again");
    database.close().await;
}

#[tokio::test]
async fn an_error_rolls_back_and_is_not_tried_again() {
    let database = counters().await;
    let attempts = AtomicU32::new(0);
    let outcome = retry_transaction(database.pool(), async |mut tx| -> reel_error::Result<()> {
        attempts.fetch_add(1, Ordering::SeqCst);
        increment(&mut tx, 1).await?;
        Err(reel_error::Error::internal(std::io::Error::other("refused")))
    })
    .await;
    assert!(outcome.unwrap_err().to_string().contains("refused"));
    assert_eq!(attempts.into_inner(), 1);
    assert_eq!(values(database.pool()).await, [0, 0]);
    database.close().await;
}

/// A deadlock as the server reports it, without two sides.
async fn fail_with_deadlock(tx: &mut Transaction<'static, MySql>) -> Result<()> {
    tx.execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'").await?;
    Ok(())
}

#[tokio::test]
async fn trying_again_has_an_end_and_sees_through_the_errors_of_services() {
    let database = counters().await;
    let attempts = AtomicU32::new(0);
    let outcome = retry_transaction(database.pool(), async |mut tx| -> reel_error::Result<()> {
        attempts.fetch_add(1, Ordering::SeqCst);
        fail_with_deadlock(&mut tx).await?;
        Ok(())
    })
    .await;
    assert!(outcome.is_err());
    assert_eq!(attempts.into_inner(), 10);
    database.close().await;
}

#[tokio::test]
async fn waiting_for_locks_is_not_repeated_until_nobody_waits_any_more() {
    let database = counters().await;
    let attempts = AtomicU32::new(0);
    let outcome = retry_transaction(database.pool(), async |mut tx| -> Result<()> {
        attempts.fetch_add(1, Ordering::SeqCst);
        // What a lock that is never free looks like: a wait, then the server's number for it.
        tx.execute("DO SLEEP(1.5)").await?;
        tx.execute("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'Lock wait timeout'").await?;
        Ok(())
    })
    .await;
    assert_eq!(reel_error::Error::from(outcome.unwrap_err()).code(), ErrorCode::Timeout);
    // The third begins after three seconds, a fourth would after four and a half.
    assert!(attempts.into_inner() <= 3);
    database.close().await;
}

/// A service that borrows what it works with, behind a boxed `Send` future: what async-graphql makes of a resolver.
struct Service {
    pool: MySqlPool,
}

impl Service {
    async fn like(&self, ids: &[i64], note: &str) -> reel_error::Result<usize> {
        let liked = retry_transaction(&self.pool, async |mut tx| -> Result<usize, StoreError> {
            for id in ids {
                increment(&mut tx, *id).await?;
            }
            Ok(note.len())
        })
        .await?;
        Ok(liked)
    }

    fn resolver<'a>(
        &'a self,
        ids: &'a [i64],
        note: &'a str,
    ) -> Pin<Box<dyn Future<Output = reel_error::Result<usize>> + Send + 'a>> {
        Box::pin(async move { self.like(ids, note).await })
    }
}

#[tokio::test]
async fn a_resolver_that_borrows_can_wait_for_a_transaction_on_any_thread() {
    let database = counters().await;
    let service = Service { pool: database.pool().clone() };
    let task = tokio::spawn(async move { service.resolver(&[1, 2], "four").await });
    assert_eq!(task.await.unwrap().unwrap(), 4);
    assert_eq!(values(database.pool()).await, [1, 1]);
    database.close().await;
}
