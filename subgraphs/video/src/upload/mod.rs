//! From the bytes that arrive to an upload that can be claimed.
//!
//! 1. [`spool`]: the bytes go to a private file on disk, counted; memory use does not depend on their number.
//! 2. [`container`]: the file must be an MP4, MOV or WebM with a picture track, read by code of ours.
//! 3. [`cover`]: ffmpeg must be able to decode its first key frame, which becomes the cover.
//! 4. [`keep`]: a row, then the files in the file storage, then the row says that they are there.
//! 5. [`sweep`]: what nobody claims goes again.

mod container;
mod cover;
mod ebml;
mod keep;
mod mp4;
mod reader;
mod spool;
mod sweep;

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use reel_auth::Viewer;
use reel_error::{ErrorCode, Result};
use reel_files::FileStore;
use reel_id::{Clock, IdGenerator, UploadId};
use reel_rpc::upload::BrokenOff;
use reel_subgraph::Places;

use crate::config::VideoSettings;
use crate::repository::Repository;
use crate::upload::container::Container;
use crate::upload::cover::Covers;
use crate::upload::spool::{Spool, Spooled};

pub use cover::check_ffmpeg;

/// Takes uploads in and sweeps away those that nobody claims. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Uploads(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    repository: Repository,
    files: FileStore,
    ids: Arc<IdGenerator>,
    clock: Arc<dyn Clock>,
    settings: VideoSettings,
    spool: Spool,
    covers: Covers,
    /// One for each file that arrives, is checked or is stored.
    places: Places,
}

/// A file that is a video, with its cover.
struct Checked {
    file: Spooled,
    container: Container,
    cover: Bytes,
}

impl Uploads {
    /// Makes the spool directory and clears what a killed process left there.
    pub(crate) async fn open(
        repository: Repository,
        files: FileStore,
        ids: Arc<IdGenerator>,
        clock: Arc<dyn Clock>,
        settings: VideoSettings,
    ) -> anyhow::Result<Self> {
        let spool = Spool::open(&settings).await?;
        spool.clear_leftovers(clock.now()).await;
        let covers = Covers::new(&settings);
        let places = Places::new(settings.max_uploads, settings.max_uploads_each);
        Ok(Self(Arc::new(Parts { repository, files, ids, clock, settings, spool, covers, places })))
    }

    /// Receives one file, checks it, and stores it until it is claimed. When this future is dropped, or fails, neither
    /// row nor file remains.
    pub(crate) async fn receive(
        &self,
        viewer: Viewer,
        content: impl Stream<Item = Result<Bytes, BrokenOff>> + Unpin,
    ) -> Result<UploadId> {
        let place = self.0.places.take(viewer.user_id)?;
        self.refuse_hoarding(viewer).await?;
        let file = self.0.spool.receive(content).await?;
        let container = container::inspect(file.path().to_owned()).await?;
        let cover = self.0.covers.take(file.path(), container).await?;
        self.keep(viewer, Checked { file, container, cover }, place).await
    }

    /// Storage is not for keeping: a person publishes what they uploaded before they upload more.
    async fn refuse_hoarding(&self, viewer: Viewer) -> Result<()> {
        let waiting = self.0.repository.count_uploads_of(viewer.user_id).await?;
        if waiting >= i64::from(self.0.settings.max_unclaimed) { Err(ErrorCode::RateLimited.into()) } else { Ok(()) }
    }
}
