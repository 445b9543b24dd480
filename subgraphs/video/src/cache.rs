//! The popular list in Redis: one sorted set of video ids by visits, made from MySQL and never believed to be there.
//!
//! The member [`COMPLETE`] says that the set holds everything it should. It lies in the set itself, so whatever loses the
//! set loses it too. Only counts that MySQL has committed are written, and only upwards (`ZADD GT`), so writers that
//! cross each other leave the largest, which is the latest.
//!
//! A builder puts a mark of its own into the set before it reads MySQL and completes the set only if the mark is still
//! there. A visit that was committed before the mark is in what the builder reads; one that was committed later writes
//! its count into the marked set; and when the set was lost in between, so was the mark, and the builder begins again.
//!
//! A count that could not be written makes the set doubtful: this process takes its mark and those of builders, who may
//! have read MySQL before that count, and so has it built again as soon as Redis answers.
//! Should the process end before, a video stands too low until its next visit or the end of the set's lifetime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::Script;
use reel_id::{Clock, IdGenerator, Snowflake, VideoId};
use reel_store::{Redis, StoreError};

use crate::config::VideoSettings;
use crate::repository::Repository;

/// The member with the highest score of a complete set.
const COMPLETE: &str = "complete";
/// What a builder's mark begins with.
const MARK: &str = "building:";
/// How long a set without an end of its own lives: one that nobody completes.
const PARTIAL_TTL_S: u64 = 60;
/// A builder that has not finished by then has died.
const LOCK_TTL_S: u64 = 30;
/// How many videos are written with one command.
const VIDEOS_PER_WRITE: usize = 500;
/// How often a builder begins again when the set is lost under its hands.
const BUILD_ATTEMPTS: u32 = 5;
/// After a failure Redis is left alone for this long, so that nobody waits for a server that is down.
const PAUSE_MS: i64 = 1_000;

/// KEYS: the set. ARGV: member, count, lifetime of a partial set, size. Raises one count and keeps the set bounded.
const RAISE: &str = "
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
local over = redis.call('ZCOUNT', KEYS[1], '-inf', '(+inf') - tonumber(ARGV[4])
if over > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, over - 1) end
return 1";

/// KEYS: the set. ARGV: mark, lifetime. Begins to build, unless the set is complete.
const BEGIN: &str = "
if redis.call('ZSCORE', KEYS[1], 'complete') then return 0 end
redis.call('ZADD', KEYS[1], '+inf', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1";

/// KEYS: the set. ARGV: mark, then counts and members. Writes what MySQL says, if the mark is still there.
const MERGE: &str = "
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], 'GT', unpack(ARGV, 2))
return 1";

/// KEYS: the set. ARGV: mark, lifetime, size. Completes the set, if the mark is still there.
const FINISH: &str = "
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '+inf', '+inf')
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3])
if over > 0 then redis.call('ZREMRANGEBYRANK', KEYS[1], 0, over - 1) end
redis.call('ZADD', KEYS[1], '+inf', 'complete')
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1";

/// KEYS: the lock. ARGV: whose it is. Nobody gives back the lock of another.
const UNLOCK: &str = "
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// The popular list. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Popular(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    redis: Redis,
    repository: Repository,
    ids: Arc<IdGenerator>,
    clock: Arc<dyn Clock>,
    size: u32,
    ttl: Duration,
    timeout: Duration,
    /// How many counts could not be written; the set may be wrong until it is built again.
    missed: AtomicU64,
    /// How many of them there were when the set was last declared incomplete.
    dropped: AtomicU64,
    /// When Redis may be asked again, in milliseconds since the Unix epoch.
    resume_at_ms: AtomicU64,
}

impl Popular {
    pub(crate) fn new(
        redis: &Redis,
        repository: Repository,
        ids: Arc<IdGenerator>,
        clock: Arc<dyn Clock>,
        settings: &VideoSettings,
    ) -> Self {
        Self(Arc::new(Parts {
            redis: redis.scoped("video"),
            repository,
            ids,
            clock,
            size: settings.popular_size,
            ttl: settings.popular_ttl_s.duration(),
            timeout: settings.popular_timeout_ms.duration(),
            missed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            resume_at_ms: AtomicU64::new(0),
        }))
    }

    /// How many videos the list holds at the most.
    pub(crate) fn size(&self) -> u32 {
        self.0.size
    }

    /// The ids of a part of the list, or nothing when MySQL has to answer. Then the set is being built by somebody.
    pub(crate) async fn list(&self, offset: u32, limit: u32) -> Option<Vec<VideoId>> {
        self.drop_doubtful().await;
        let (top, ids) = self.ask(self.read(offset, limit)).await?;
        if top.first().is_some_and(|member| member == COMPLETE) {
            return Some(ids.iter().filter_map(|member| video_id(member)).collect());
        }
        let popular = self.clone();
        tokio::spawn(async move { popular.build().await });
        None
    }

    /// Writes the count that MySQL has committed for a video.
    pub(crate) async fn raise(&self, id: VideoId, visits: i64) {
        let raised = async {
            let script = Script::new(RAISE);
            let mut call = script.key(self.key());
            call.arg(member(id.raw())).arg(visits).arg(PARTIAL_TTL_S).arg(self.0.size);
            Ok(call.invoke_async::<()>(&mut self.0.redis.connection()).await?)
        };
        if self.ask(raised).await.is_none() {
            self.0.missed.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Builds the set, unless somebody else does. A process that dies meanwhile leaves a mark and a lock that expire.
    async fn build(&self) {
        let owner: Snowflake = self.0.ids.next();
        match self.build_locked(owner).await {
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "the popular list could not be built"),
        }
    }

    async fn build_locked(&self, owner: Snowflake) -> Result<(), StoreError> {
        let mut connection = self.0.redis.connection();
        let mut lock = redis::cmd("SET");
        lock.arg(self.lock_key()).arg(owner).arg("NX").arg("EX").arg(LOCK_TTL_S);
        let taken: Option<String> = lock.query_async(&mut connection).await?;
        if taken.is_none() {
            return Ok(());
        }
        let built = self.build_until_complete(owner).await;
        let () = Script::new(UNLOCK).key(self.lock_key()).arg(owner).invoke_async(&mut connection).await?;
        built
    }

    async fn build_until_complete(&self, owner: Snowflake) -> Result<(), StoreError> {
        for attempt in 0..BUILD_ATTEMPTS {
            if self.build_once(&format!("{MARK}{owner}:{attempt}")).await? {
                return Ok(());
            }
        }
        tracing::warn!("the popular list was lost again and again while it was built");
        Ok(())
    }

    /// False when the set was lost meanwhile.
    async fn build_once(&self, mark: &str) -> Result<bool, StoreError> {
        if !self.begin(mark).await? {
            return Ok(true);
        }
        let counts = self.0.repository.list_visit_counts(self.0.size).await?;
        for part in counts.chunks(VIDEOS_PER_WRITE) {
            if !self.merge(mark, part).await? {
                return Ok(false);
            }
        }
        self.finish(mark).await
    }

    /// Puts the mark into the set; false when it is complete.
    async fn begin(&self, mark: &str) -> Result<bool, StoreError> {
        let script = Script::new(BEGIN);
        let mut call = script.key(self.key());
        call.arg(mark).arg(PARTIAL_TTL_S);
        Ok(call.invoke_async(&mut self.0.redis.connection()).await?)
    }

    /// Writes what MySQL said; false when the mark is gone.
    async fn merge(&self, mark: &str, counts: &[(Snowflake, i64)]) -> Result<bool, StoreError> {
        let script = Script::new(MERGE);
        let mut call = script.key(self.key());
        call.arg(mark);
        for (id, visits) in counts {
            call.arg(visits).arg(member(*id));
        }
        Ok(call.invoke_async(&mut self.0.redis.connection()).await?)
    }

    /// Completes the set; false when the mark is gone.
    async fn finish(&self, mark: &str) -> Result<bool, StoreError> {
        let script = Script::new(FINISH);
        let mut call = script.key(self.key());
        call.arg(mark).arg(self.lifetime_s()).arg(self.0.size);
        Ok(call.invoke_async(&mut self.0.redis.connection()).await?)
    }

    /// The first member and a part of the others, as they are at one moment.
    async fn read(&self, offset: u32, limit: u32) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let first = i64::from(offset) + 1;
        let mut both = redis::pipe();
        both.atomic();
        both.cmd("ZREVRANGE").arg(self.key()).arg(0).arg(0);
        both.cmd("ZREVRANGE").arg(self.key()).arg(first).arg(first + i64::from(limit) - 1);
        Ok(both.query_async(&mut self.0.redis.connection()).await?)
    }

    /// A set that may lack a count is declared incomplete as soon as Redis answers again, for those who build it too.
    async fn drop_doubtful(&self) {
        let missed = self.0.missed.load(Ordering::SeqCst);
        if missed == self.0.dropped.load(Ordering::SeqCst) {
            return;
        }
        let drop_marks = async {
            // Nothing but the marks has an infinite score.
            let mut command = redis::cmd("ZREMRANGEBYSCORE");
            command.arg(self.key()).arg("+inf").arg("+inf");
            Ok(command.query_async::<()>(&mut self.0.redis.connection()).await?)
        };
        if self.ask(drop_marks).await.is_some() {
            self.0.dropped.fetch_max(missed, Ordering::SeqCst);
        }
    }

    /// Asks Redis, for a short time, and not at all for a while after it failed.
    async fn ask<T>(&self, question: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        let now_ms = self.0.clock.now_ms();
        if now_ms < i64::try_from(self.0.resume_at_ms.load(Ordering::SeqCst)).unwrap_or(i64::MAX) {
            return None;
        }
        let failure = match tokio::time::timeout(self.0.timeout, question).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        tracing::warn!(error = failure, "Redis does not answer; MySQL does instead");
        self.0.resume_at_ms.store(u64::try_from(now_ms + PAUSE_MS).unwrap_or(0), Ordering::SeqCst);
        None
    }

    fn key(&self) -> String {
        self.0.redis.key("popular")
    }

    fn lock_key(&self) -> String {
        self.0.redis.key("popular:lock")
    }

    /// Up to a tenth longer at random, so that not everything is built at the same moment.
    #[expect(clippy::disallowed_methods, reason = "jitter decides nothing that a test could observe")]
    fn lifetime_s(&self) -> u64 {
        let seconds = self.0.ttl.as_secs().max(1);
        seconds + rand::Rng::random_range(&mut rand::rng(), 0..=seconds / 10)
    }
}

/// Ids of equal length, so that among equal counts the order of the members is the order of the ids.
fn member(id: Snowflake) -> String {
    format!("{id:019}")
}

fn video_id(member: &str) -> Option<VideoId> {
    member.parse::<Snowflake>().ok().map(VideoId::from)
}

#[cfg(test)]
mod tests;
