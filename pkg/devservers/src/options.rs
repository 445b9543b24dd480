use std::time::Duration;

/// How the servers treat their data.
#[derive(Debug, Clone)]
pub struct Options {
    /// Data survives a crash of the machine, at the price of waiting for the disk at every commit.
    pub(crate) durable: bool,
    /// The data is removed when the servers stop.
    pub(crate) ephemeral: bool,
    /// MariaDB's page cache, in MiB.
    pub(crate) mysql_buffer_mib: u32,
    /// How long each server may take to answer.
    pub(crate) start_timeout: Duration,
}

impl Options {
    /// For development: the data is kept between runs, and an acknowledged write is on the disk.
    pub fn lasting() -> Self {
        Self { durable: true, ephemeral: false, mysql_buffer_mib: 128, start_timeout: Duration::from_secs(30) }
    }

    /// For tests: nothing waits for the disk, and the data is removed when the servers stop. Also switches MariaDB's
    /// user statistics on, with which tests count statements.
    pub fn ephemeral() -> Self {
        Self { durable: false, ephemeral: true, mysql_buffer_mib: 64, start_timeout: Duration::from_secs(30) }
    }
}
