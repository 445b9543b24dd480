use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::MySqlPool;
use sqlx::{MySql, Transaction};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::StoreError;
use crate::error::asks_for_retry;

/// A transaction is run at most this many times.
const ATTEMPTS: u32 = 10;

/// No attempt begins later than this after the first. A wait for a lock that ends without it can take as long as a statement
/// may, and whoever waits has a deadline.
const TRIED_FOR: Duration = Duration::from_secs(4);

/// The pause before the second attempt is random up to this long; the bound doubles with every further attempt.
const FIRST_PAUSE_MS: u64 = 4;
const LONGEST_PAUSE_MS: u64 = 250;

/// The transaction that the work of [`retry_transaction`] runs in. `&mut **tx` is the connection for a statement,
/// `&mut tx` the transaction for a repository's function.
#[derive(Debug)]
pub struct OpenTransaction(OwnedMutexGuard<Transaction<'static, MySql>>);

impl Deref for OpenTransaction {
    type Target = Transaction<'static, MySql>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for OpenTransaction {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// Runs `work` in a transaction, commits it when it returns `Ok` and rolls it back when it returns `Err`. When the
/// database asks for it (deadlock, lock timeout, serialisation failure) everything is run again after a short random
/// pause, for some seconds at the most, so `work` must have no effect outside of the transaction.
///
/// ```no_run
/// # async fn example(pool: sqlx::MySqlPool, video_id: i64) -> reel_error::Result<()> {
/// reel_store::retry_transaction(&pool, async |mut tx| -> reel_store::Result<()> {
///     sqlx::query("UPDATE video SET visit_count = visit_count + 1 WHERE id = ?")
///         .bind(video_id)
///         .execute(&mut **tx)
///         .await?;
///     Ok(())
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// `work` is lent the transaction by value and may borrow from its surroundings. It is not an `AsyncFnMut` of a
/// reference, because the compiler cannot yet see that such a future is `Send`, which resolvers have to be.
///
/// # Errors
/// What `work` returned, or a [`StoreError`] when the transaction could not be begun or committed; after the last
/// attempt also the error that asked for another.
pub async fn retry_transaction<T, E, F, Fut>(pool: &MySqlPool, mut work: F) -> Result<T, E>
where
    F: FnMut(OpenTransaction) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: From<StoreError> + std::error::Error + 'static,
{
    let mut attempt = 1;
    let begun = Instant::now();
    loop {
        match run_once(pool, &mut work).await {
            Err(error) if attempt < ATTEMPTS && begun.elapsed() < TRIED_FOR && asks_for_retry(&error) => {
                tracing::debug!(attempt, %error, "the database asks for the transaction to be run again");
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn run_once<T, E, F, Fut>(pool: &MySqlPool, work: &mut F) -> Result<T, E>
where
    F: FnMut(OpenTransaction) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: From<StoreError>,
{
    let transaction = Arc::new(Mutex::new(pool.begin().await.map_err(StoreError::from)?));
    let outcome = work(OpenTransaction(transaction.clone().lock_owned().await)).await;
    let transaction = Arc::into_inner(transaction).ok_or(StoreError::TransactionKept)?.into_inner();
    match outcome {
        Ok(value) => {
            transaction.commit().await.map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(rollback) = transaction.rollback().await {
                // Nothing is lost: the server rolls back when the connection goes.
                tracing::debug!(error = %rollback, "a rollback failed");
            }
            Err(error)
        }
    }
}

/// Random, so that those who collided do not collide again.
#[expect(clippy::disallowed_methods, reason = "jitter decides nothing that a test could observe")]
fn pause(attempt: u32) -> Duration {
    let bound = (FIRST_PAUSE_MS << attempt.min(16)).min(LONGEST_PAUSE_MS);
    Duration::from_millis(rand::Rng::random_range(&mut rand::rng(), 0..=bound))
}
