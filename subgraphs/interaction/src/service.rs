//! The rules: who may do what, and what changes together.

mod comments;
mod deletion;
mod likes;
mod reads;

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, Utc};
use reel_error::{ClientError, ErrorCode, Result};
use reel_id::{Clock, IdGenerator, VideoId};
use sqlx::MySqlPool;

use crate::InteractionDeps;
use crate::cache::KnownVideos;
use crate::loaders::Loaders;

pub(crate) use comments::Publication;
pub(crate) use deletion::{Deletion, sweep};

/// The domain's commands and queries.
pub(crate) struct Interactions {
    pool: MySqlPool,
    ids: Arc<IdGenerator>,
    clock: Arc<dyn Clock>,
    videos: KnownVideos,
    loaders: Loaders,
}

impl Interactions {
    pub(crate) fn new(deps: InteractionDeps) -> Self {
        Self {
            loaders: Loaders::new(&deps.pool),
            videos: KnownVideos::new(deps.videos, &deps.settings),
            pool: deps.pool,
            ids: deps.ids,
            clock: deps.clock,
        }
    }

    async fn require_video(&self, id: VideoId) -> Result<()> {
        if self.videos.exists(id).await? {
            return Ok(());
        }
        Err(ClientError::new(ErrorCode::VideoNotFound).field("videoId").into())
    }

    /// The current time as the tables keep it, to the millisecond.
    fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(3)
    }
}
