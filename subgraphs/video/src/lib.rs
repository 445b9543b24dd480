//! The video domain: uploads, publishing, lists, feed, popular, visits, search.
//!
//! Its tables are videos, what the search compares and its index, and uploads that wait to be published. Files are in
//! the file storage ([`reel_files`]), the popular list is in Redis and can be lost at any moment. Who a person is, is the user
//! domain's to say.

mod cache;
mod config;
mod domain;
mod graphql;
mod loaders;
mod repository;
mod rpc;
mod search;
mod service;
mod upload;

use std::fmt;
use std::sync::Arc;

use reel_auth::InternalKey;
use reel_auth::call::CallVerifier;
use reel_files::FileStore;
use reel_id::{Clock, IdGenerator};
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::video::video_service_server::VideoServiceServer;
use reel_rpc::{Channel, SignedOnly};
use reel_store::Redis;
use reel_subgraph::{Subgraph, Tasks};
use sqlx::MySqlPool;

use crate::cache::Popular;
use crate::repository::Repository;
use crate::service::VideoService;
use crate::upload::Uploads;

pub use config::VideoSettings;
pub use rpc::VideoRpc;
pub use upload::check_ffmpeg;

/// The domain's name: of its subgraph, its database and its signed calls.
pub const NAME: &str = "video";

/// The domain's tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/video");

/// What the domain is made of.
pub struct VideoDeps {
    /// Its database, migrated.
    pub pool: MySqlPool,
    /// Where the popular list is.
    pub redis: Redis,
    /// Where videos and covers are.
    pub files: FileStore,
    /// Makes the ids of videos and uploads. A video's id is the moment it was published.
    pub ids: Arc<IdGenerator>,
    /// Tells what has expired.
    pub clock: Arc<dyn Clock>,
    /// Sweeps away what nobody claims.
    pub tasks: Tasks,
    /// Checks the signatures of gRPC calls.
    pub internal_key: InternalKey,
    /// The way to the user domain.
    pub users: UserServiceClient<Channel>,
    /// Its settings.
    pub settings: VideoSettings,
}

impl fmt::Debug for VideoDeps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VideoDeps")
    }
}

/// The running domain.
#[derive(Debug)]
pub struct Video {
    /// Its GraphQL.
    pub subgraph: Subgraph,
    /// What other domains and the router ask of it.
    pub rpc: SignedOnly<VideoServiceServer<VideoRpc>>,
}

impl Video {
    /// Puts the domain together and begins to sweep. Call [`check_ffmpeg`] before.
    ///
    /// # Errors
    /// When the spool directory cannot be used.
    pub async fn start(deps: VideoDeps) -> anyhow::Result<Self> {
        let repository = Repository::new(deps.pool);
        let uploads = Uploads::open(
            repository.clone(),
            deps.files.clone(),
            deps.ids.clone(),
            deps.clock.clone(),
            deps.settings.clone(),
        )
        .await?;
        let sweeper = uploads.clone();
        deps.tasks.every(deps.settings.sweep_period_s.duration(), move || {
            let sweeper = sweeper.clone();
            async move { sweeper.sweep().await }
        });
        let verifier = CallVerifier::new(&deps.internal_key, reel_rpc::audience(NAME), deps.clock.clone());
        let rpc = VideoRpc { repository: repository.clone(), uploads };
        let popular =
            Popular::new(&deps.redis, repository.clone(), deps.ids.clone(), deps.clock.clone(), &deps.settings);
        let service = VideoService {
            repository: repository.clone(),
            popular,
            files: deps.files,
            users: deps.users,
            ids: deps.ids,
            clock: deps.clock,
        };
        Ok(Self {
            subgraph: Subgraph::new(NAME, graphql::schema(service, repository)),
            rpc: SignedOnly::new(VideoServiceServer::new(rpc), verifier),
        })
    }
}

/// The schema as a Federation 2 subgraph, without a running domain.
pub fn sdl() -> String {
    reel_subgraph::sdl::export(&graphql::schema_builder().finish())
}
