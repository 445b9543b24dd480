use reel_config::Seconds;
use serde::Deserialize;

/// Settings of the user domain (`user.*`). Keys and lifetimes of tokens are in `auth.*`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserSettings {
    /// Memory of one password hash (Argon2id), in KiB. Passwords are hashed anew at the next login when a cost changes.
    pub password_memory_kib: u32,
    /// Passes of one password hash over its memory.
    pub password_passes: u32,
    /// Lanes of one password hash.
    pub password_lanes: u32,
    /// Passwords that are hashed at the same time, each on a thread of its own.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub password_threads: u32,
    /// Requests that may wait for one of those threads; more are refused as OVERLOADED.
    pub password_queue: u32,
    /// Logins of one person at the same time. A further one ends the oldest.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_logins: u32,
    /// Largest image that may be uploaded, in bytes.
    pub image_max_bytes: u64,
    /// Images that may be received at the same time; more are refused as OVERLOADED.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub image_uploads: u32,
    /// How many of them may be one person's; more are refused as RATE_LIMITED.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub image_uploads_each: u32,
    /// How long one image may take to arrive.
    pub image_timeout_s: Seconds,
    /// How many images a person may have waiting to be claimed; more are refused as RATE_LIMITED.
    pub max_unclaimed_images: u32,
    /// How long an uploaded image waits to be claimed.
    pub upload_ttl_s: Seconds,
    /// How often what has expired is removed.
    pub sweep_period_s: Seconds,
}

impl Default for UserSettings {
    fn default() -> Self {
        Self {
            password_memory_kib: 19 * 1024,
            password_passes: 2,
            password_lanes: 1,
            password_threads: 2,
            password_queue: 64,
            max_logins: 100,
            image_max_bytes: 8 * 1024 * 1024,
            image_uploads: 16,
            image_uploads_each: 3,
            image_timeout_s: Seconds(60),
            max_unclaimed_images: 20,
            upload_ttl_s: Seconds(3_600),
            sweep_period_s: Seconds(60),
        }
    }
}
