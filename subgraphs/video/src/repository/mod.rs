//! Every SQL statement of the domain.

mod searches;
mod uploads;
mod videos;

use sqlx::MySqlPool;

/// The domain's tables. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pool: MySqlPool,
}

impl Repository {
    pub(crate) fn new(pool: MySqlPool) -> Self {
        Self { pool }
    }

    /// For transactions that span several calls.
    pub(crate) fn pool(&self) -> &MySqlPool {
        &self.pool
    }
}
