//! Automatic documents in Redis, where several routers find them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use redis::aio::ConnectionManager;
use tokio::sync::Semaphore;

use super::DocumentHash;
use crate::config::DocumentSettings;
use crate::meters::SharedMeter;

/// How long Redis is not asked after it has not answered.
const REST: Duration = Duration::from_secs(1);
/// Documents written at one time; further ones are not, and will be asked for again.
const WRITES: usize = 64;
/// How long one write may take. Nobody waits for it.
const WRITE_TIME: Duration = Duration::from_secs(2);
/// A document is written again only after this.
const WRITTEN_FOR: Duration = Duration::from_secs(60);
/// How many documents are known to have been written.
const WRITTEN_MOST: u64 = 10_000;

/// The documents that routers share. Redis may be away, and others may write to it: what cannot be had in time, or is not
/// what its hash says, is not there.
#[derive(Clone)]
pub struct SharedDocuments(Arc<Connected>);

struct Connected {
    connection: ConnectionManager,
    /// What comes before the hash in a key.
    prefix: String,
    time: Duration,
    ttl_s: u64,
    writes: Arc<Semaphore>,
    written: Cache<DocumentHash, ()>,
    /// Until when Redis is left alone.
    rests: Mutex<Option<Instant>>,
    meter: SharedMeter,
}

impl SharedDocuments {
    /// Documents behind this connection, under keys that begin with `prefix` and end in the hash.
    pub fn new(connection: ConnectionManager, prefix: &str, settings: &DocumentSettings) -> Self {
        Self(Arc::new(Connected {
            connection,
            prefix: format!("{prefix}:"),
            time: settings.redis_timeout_ms.duration(),
            ttl_s: settings.redis_ttl_s.duration().as_secs().max(1),
            writes: Arc::new(Semaphore::new(WRITES)),
            written: Cache::builder().max_capacity(WRITTEN_MOST).time_to_live(WRITTEN_FOR).build(),
            rests: Mutex::default(),
            meter: SharedMeter::new(),
        }))
    }

    /// The document with this hash, of at most so many bytes. `None` also when Redis does not answer in time.
    pub(crate) async fn find(&self, hash: DocumentHash, longest: u64) -> Option<String> {
        if self.0.is_resting() {
            return None;
        }
        let mut connection = self.0.connection.clone();
        let mut command = redis::cmd("GETRANGE");
        // One byte more than can be right: what is longer has another hash, and is not read to its end.
        command.arg(self.0.key(hash)).arg(0).arg(longest);
        let answer = tokio::time::timeout(self.0.time, command.query_async::<Vec<u8>>(&mut connection)).await;
        let meter = &self.0.meter;
        let (outcome, found) = match answer {
            Ok(Ok(bytes)) if bytes.is_empty() => (&meter.misses, None),
            Ok(Ok(bytes)) => match String::from_utf8(bytes).ok().filter(|text| DocumentHash::of(text) == hash) {
                Some(text) => (&meter.hits, Some(text)),
                None => (&meter.wrong, None),
            },
            // The server has answered, if only that there is something else under the key.
            Ok(Err(error)) if error.code().is_some() => (&meter.wrong, None),
            Ok(Err(_)) | Err(_) => {
                self.0.rest();
                (&meter.failed, None)
            }
        };
        outcome.increment(1);
        found
    }

    /// Writes a document in the background, unless it has just been written.
    pub(crate) fn remember(&self, hash: DocumentHash, text: &str) {
        if self.0.is_resting() || self.0.written.contains_key(&hash) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.0.writes).try_acquire_owned() else { return };
        self.0.written.insert(hash, ());
        let (shared, text) = (Arc::clone(&self.0), text.to_owned());
        tokio::spawn(async move {
            let _permit = permit;
            let mut connection = shared.connection.clone();
            let mut command = redis::cmd("SET");
            command.arg(shared.key(hash)).arg(text).arg("EX").arg(shared.ttl_s);
            match tokio::time::timeout(WRITE_TIME, command.query_async::<()>(&mut connection)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => {
                    shared.written.invalidate(&hash);
                    shared.rest();
                }
            }
        });
    }
}

impl Connected {
    fn key(&self, hash: DocumentHash) -> String {
        format!("{}{hash}", self.prefix)
    }

    fn is_resting(&self) -> bool {
        let rests = *self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self) {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if rests.is_none_or(|until| until < now) {
            tracing::warn!("Redis does not answer; documents of other routers are not found until it does");
        }
        *rests = Some(now + REST);
    }
}

impl std::fmt::Debug for SharedDocuments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SharedDocuments({})", self.0.prefix)
    }
}
