use std::path::PathBuf;
use std::time::Duration;

use reel_config::{Millis, Seconds};
use serde::Deserialize;

/// Settings of the video domain (`video.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VideoSettings {
    /// The program that takes covers from videos, by name or by path.
    pub ffmpeg: PathBuf,
    /// Where a file lies while it arrives and is checked. It needs room for `max_uploads` files of `max_file_bytes`.
    pub spool_dir: PathBuf,
    /// The largest video, in bytes.
    pub max_file_bytes: u64,
    /// How many files may arrive or be checked at once; more are refused as overload.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_uploads: usize,
    /// How many of them may be one person's; more are refused as RATE_LIMITED.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_uploads_each: usize,
    /// How many ffmpeg processes may run at once; more wait.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_ffmpegs: usize,
    /// How long ffmpeg may take for a cover.
    pub ffmpeg_timeout_s: Seconds,
    /// How long the next piece of an arriving file may take.
    pub upload_idle_s: Seconds,
    /// How long a whole file may take to arrive.
    pub upload_deadline_s: Seconds,
    /// How long a stored file waits to be published before it is removed.
    pub upload_ttl_s: Seconds,
    /// How often files that nobody claimed are looked for.
    pub sweep_period_s: Seconds,
    /// How many files a person may have waiting to be published.
    pub max_unclaimed: u32,
    /// How many videos the popular list holds.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub popular_size: u32,
    /// How long the popular list lives in Redis before it is rebuilt from MySQL; up to a tenth more, at random.
    pub popular_ttl_s: Seconds,
    /// How long a command to Redis may take before MySQL answers instead.
    pub popular_timeout_ms: Millis,
}

impl Default for VideoSettings {
    fn default() -> Self {
        Self {
            ffmpeg: "ffmpeg".into(),
            spool_dir: std::env::temp_dir().join("reelgraph-spool"),
            max_file_bytes: 200 * 1024 * 1024,
            max_uploads: 32,
            max_uploads_each: 3,
            max_ffmpegs: 2,
            ffmpeg_timeout_s: Seconds(20),
            upload_idle_s: Seconds(30),
            upload_deadline_s: Seconds(900),
            upload_ttl_s: Seconds(3_600),
            sweep_period_s: Seconds(60),
            max_unclaimed: 20,
            popular_size: 10_000,
            popular_ttl_s: Seconds(600),
            popular_timeout_ms: Millis(300),
        }
    }
}

impl VideoSettings {
    /// Storing a checked file must end well before its row may be swept away.
    pub(crate) fn store_deadline(&self) -> Duration {
        self.upload_ttl_s.duration() / 2
    }
}
