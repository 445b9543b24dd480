//! Every SQL statement of the domain. What belongs into a transaction takes its connection, the rest uses the pool.

pub(crate) mod account;
pub(crate) mod refresh_token;
pub(crate) mod session;
pub(crate) mod upload;

use sqlx::MySqlPool;

/// The domain's tables. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pool: MySqlPool,
}

/// How many rows one clean-up statement removes, so that none holds locks for long.
pub(crate) const SWEEP_ROWS: u32 = 500;

impl Repository {
    pub(crate) fn new(pool: MySqlPool) -> Self {
        Self { pool }
    }

    /// For transactions.
    pub(crate) fn pool(&self) -> &MySqlPool {
        &self.pool
    }
}
