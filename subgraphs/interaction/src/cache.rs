use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use reel_error::{Error, Result};
use reel_id::VideoId;
use reel_rpc::Channel;
use reel_rpc::video::FindVideosRequest;
use reel_rpc::video::video_service_client::VideoServiceClient;

use crate::InteractionSettings;

/// Which videos exist, as the video domain says. Only existence is remembered: videos are never deleted, while one that
/// does not exist now may be published next, and a failure says nothing.
#[derive(Debug)]
pub(crate) struct KnownVideos {
    client: VideoServiceClient<Channel>,
    known: Cache<VideoId, ()>,
}

/// Why a video is not known. All who asked for it at the same time share one answer.
enum NotKnown {
    Missing,
    Failed(Error),
}

impl KnownVideos {
    pub(crate) fn new(channel: Channel, settings: &InteractionSettings) -> Self {
        let lifetime = SpreadLifetime { at_least: settings.known_videos_ttl_s.duration() };
        let known = Cache::builder().max_capacity(settings.known_videos_max).expire_after(lifetime).build();
        Self { client: VideoServiceClient::new(channel), known }
    }

    /// Whether this video exists.
    pub(crate) async fn exists(&self, id: VideoId) -> Result<bool> {
        match self.known.try_get_with(id, self.ask(id)).await {
            Ok(()) => Ok(true),
            Err(shared) => match &*shared {
                NotKnown::Missing => Ok(false),
                NotKnown::Failed(error) => Err(repeat(error)),
            },
        }
    }

    async fn ask(&self, id: VideoId) -> Result<(), NotKnown> {
        let mut client = self.client.clone();
        let answer = client
            .find_videos(FindVideosRequest { ids: vec![id.raw()] })
            .await
            .map_err(|status| NotKnown::Failed(reel_rpc::call_error(status)))?;
        let exists = answer.into_inner().videos.iter().any(|video| video.id == id.raw());
        if exists { Ok(()) } else { Err(NotKnown::Missing) }
    }
}

/// The same failure for another of those who wait for one answer.
fn repeat(error: &Error) -> Error {
    Error::Internal { code: error.code(), source: anyhow::anyhow!("asking whether a video exists: {error}") }
}

/// A lifetime that differs from video to video by up to a fifth.
struct SpreadLifetime {
    at_least: Duration,
}

impl Expiry<VideoId, ()> for SpreadLifetime {
    fn expire_after_create(&self, id: &VideoId, (): &(), _: Instant) -> Option<Duration> {
        // The millisecond of a snowflake is as good as random here, and needs no source of randomness.
        let millisecond = u32::try_from((id.raw() >> 22).rem_euclid(1_000)).unwrap_or_default();
        Some(self.at_least + self.at_least * millisecond / 5_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_spread_over_a_fifth() {
        let spread = SpreadLifetime { at_least: Duration::from_secs(100) };
        let now = Instant::now();
        let of = |millisecond: i64| spread.expire_after_create(&VideoId::from(millisecond << 22), &(), now);
        assert_eq!(of(0), Some(Duration::from_secs(100)));
        assert_eq!(of(500), Some(Duration::from_secs(110)));
        assert_eq!(of(1_999), Some(Duration::from_millis(119_980)));
    }
}
