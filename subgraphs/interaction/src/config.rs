use reel_config::Seconds;
use serde::Deserialize;

/// How the interaction domain runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InteractionSettings {
    /// How many videos, at most, are remembered to exist, so that the video domain is not asked again.
    pub known_videos_max: u64,
    /// How long a video is remembered to exist; up to a fifth is added, so that not all are forgotten at once.
    pub known_videos_ttl_s: Seconds,
    /// How often what is left below deleted comments is looked for and removed.
    pub sweep_period_s: Seconds,
}

impl Default for InteractionSettings {
    fn default() -> Self {
        Self { known_videos_max: 100_000, known_videos_ttl_s: Seconds(3_600), sweep_period_s: Seconds(5) }
    }
}
