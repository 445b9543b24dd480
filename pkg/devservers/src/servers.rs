use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::child::ServerChild;
use crate::directory::StateDirectory;
use crate::{Options, StartError, mariadb, redis};

/// What cannot stand in a URL's path or query as it is.
const URL: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'=').add(b'>').add(b'?');

/// A running MariaDB and Redis. Dropping this value stops them too, but only [`stop`](Self::stop) waits for their end.
#[derive(Debug)]
pub struct Servers {
    mysql_url: String,
    redis_url: String,
    mysql: ServerChild,
    redis: ServerChild,
    directory: StateDirectory,
}

impl Servers {
    /// Starts both in `state_directory`, which is made if needed, and waits until they answer. Warm, this takes a few
    /// tenths of a second; the first time MariaDB makes its data directory, which takes about a second more.
    ///
    /// # Errors
    /// When a server is not installed, the directory is in use, or a server does not start; the text says what to do.
    pub async fn start(state_directory: &Path, options: Options) -> Result<Self, StartError> {
        let directory = StateDirectory::own(state_directory).await?;
        let (mysql, redis) =
            tokio::try_join!(mariadb::start(&directory, &options), redis::start(&directory, &options))?;
        let url = |socket: &Path| utf8_percent_encode(&socket.to_string_lossy(), URL).to_string();
        Ok(Self {
            mysql_url: format!("mysql://root@localhost/?socket={}", url(&mariadb::socket(&directory))),
            redis_url: format!("redis+unix://{}", url(&redis::socket(&directory))),
            mysql,
            redis,
            directory,
        })
    }

    /// The address of MariaDB, with an account that may do everything.
    pub fn mysql_url(&self) -> &str {
        &self.mysql_url
    }

    /// The address of Redis.
    pub fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// Returns when one of the servers has ended by itself, with an error that says which and shows its log. Safe to
    /// drop and call again.
    pub async fn ended(&mut self) -> StartError {
        tokio::select! {
            error = self.mysql.ended() => error,
            error = self.redis.ended() => error,
        }
    }

    /// Stops both and waits for their end, 25 seconds at most.
    pub async fn stop(self) {
        let Self { mysql, redis, directory, .. } = self;
        tokio::join!(mysql.stop(), redis.stop());
        drop(directory);
    }
}
