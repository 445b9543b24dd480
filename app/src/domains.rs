use std::sync::Arc;
use std::time::Duration;

use reel_auth::SigningKey;
use reel_files::FileStore;
use reel_interaction::{Interaction, InteractionDeps};
use reel_rpc::Channel;
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_social::{Social, SocialDeps};
use reel_store::{MigrationError, Redis};
use reel_subgraph::Subgraph;
use reel_user::{UserDeps, UserDomain};
use reel_video::{Video, VideoDeps};
use sqlx::MySqlPool;
use sqlx::migrate::Migrator;

use crate::cli::Domain;
use crate::{Failure, Links, Platform, Settings};

/// How long background work may take to finish at the end.
pub(crate) const TASKS_BOUND: Duration = Duration::from_secs(5);

/// The four domains in one process, wired to each other without sockets.
#[derive(Debug)]
pub struct Domains {
    /// How the router reaches the domains.
    pub links: Links,
    /// The subgraphs.
    pub subgraphs: [Subgraph; 4],
    /// Their databases.
    pub databases: [(Domain, MySqlPool); 4],
    /// Redis.
    pub redis: Redis,
}

impl Domains {
    /// Opens and migrates the databases and starts each domain after those that it asks.
    ///
    /// # Errors
    /// When a store cannot be reached or used, or a setting is unusable.
    pub async fn start(settings: &Settings, platform: &Platform) -> Result<Self, Failure> {
        let files = open_files(settings)?;
        let redis = open_redis(settings)?;
        let (user_pool, video_pool, interaction_pool, social_pool) = tokio::try_join!(
            open_database(settings, Domain::User),
            open_database(settings, Domain::Video),
            open_database(settings, Domain::Interaction),
            open_database(settings, Domain::Social),
        )?;
        let signer = platform.call_signer();
        let user = start_user(settings, platform, user_pool.clone(), files.clone()).await?;
        let users = Channel::in_process(user.rpc.clone(), reel_user::NAME, signer.clone());
        let video = start_video(settings, platform, video_pool.clone(), redis.clone(), files, users.clone()).await?;
        let videos = Channel::in_process(video.rpc.clone(), reel_video::NAME, signer);
        let interaction = start_interaction(settings, platform, interaction_pool.clone(), videos.clone()).await?;
        let social = start_social(platform, social_pool.clone(), users.clone()).await?;
        Ok(Self {
            links: Links { user: users, video: videos },
            subgraphs: [user.subgraph, video.subgraph, interaction.subgraph, social.subgraph],
            databases: [
                (Domain::User, user_pool),
                (Domain::Video, video_pool),
                (Domain::Interaction, interaction_pool),
                (Domain::Social, social_pool),
            ],
            redis,
        })
    }

    /// Closes the databases' connections.
    pub async fn close(self) {
        for (_, pool) in &self.databases {
            pool.close().await;
        }
    }
}

/// Opens one domain's database and brings its tables up to date.
pub(crate) async fn open_database(settings: &Settings, domain: Domain) -> Result<MySqlPool, Failure> {
    let pool = reel_store::connect(&settings.mysql, domain.name()).await.map_err(Failure::usage)?;
    let lock = format!("{}{}", settings.mysql.database_prefix, domain.name());
    reel_store::migrate(&pool, migrator(domain), &lock)
        .await
        .map_err(|error: MigrationError| Failure::internal(anyhow::Error::new(error).context(domain.name())))?;
    Ok(pool)
}

/// Redis may be down; only an address that cannot be understood is refused.
pub(crate) fn open_redis(settings: &Settings) -> Result<Redis, Failure> {
    reel_store::connect_redis(&settings.redis).map_err(Failure::usage)
}

pub(crate) fn open_files(settings: &Settings) -> Result<FileStore, Failure> {
    FileStore::open(&settings.files).map_err(Failure::usage)
}

fn migrator(domain: Domain) -> &'static Migrator {
    match domain {
        Domain::User => &reel_user::MIGRATOR,
        Domain::Video => &reel_video::MIGRATOR,
        Domain::Interaction => &reel_interaction::MIGRATOR,
        Domain::Social => &reel_social::MIGRATOR,
    }
}

pub(crate) async fn start_user(
    settings: &Settings,
    platform: &Platform,
    pool: MySqlPool,
    files: FileStore,
) -> Result<UserDomain, Failure> {
    let key = SigningKey::from_setting(settings.auth.signing_key.as_ref()).map_err(Failure::usage)?;
    let deps = UserDeps {
        pool,
        files,
        ids: Arc::clone(&platform.ids),
        clock: Arc::clone(&platform.clock),
        tasks: platform.tasks.clone(),
        signing_key: key,
        internal_key: platform.internal_key.clone(),
        auth: settings.auth.clone(),
        settings: settings.user.clone(),
    };
    Ok(reel_user::start(deps).await?)
}

pub(crate) async fn start_video(
    settings: &Settings,
    platform: &Platform,
    pool: MySqlPool,
    redis: Redis,
    files: FileStore,
    users: Channel,
) -> Result<Video, Failure> {
    let deps = VideoDeps {
        pool,
        redis,
        files,
        users: UserServiceClient::new(users),
        ids: Arc::clone(&platform.ids),
        clock: Arc::clone(&platform.clock),
        tasks: platform.tasks.clone(),
        internal_key: platform.internal_key.clone(),
        settings: settings.video.clone(),
    };
    Ok(Video::start(deps).await?)
}

pub(crate) async fn start_interaction(
    settings: &Settings,
    platform: &Platform,
    pool: MySqlPool,
    videos: Channel,
) -> Result<Interaction, Failure> {
    let deps = InteractionDeps {
        pool,
        videos,
        ids: Arc::clone(&platform.ids),
        clock: Arc::clone(&platform.clock),
        tasks: platform.tasks.clone(),
        settings: settings.interaction.clone(),
    };
    Ok(Interaction::start(deps).await?)
}

pub(crate) async fn start_social(platform: &Platform, pool: MySqlPool, users: Channel) -> Result<Social, Failure> {
    let deps = SocialDeps { pool, users, ids: Arc::clone(&platform.ids), clock: Arc::clone(&platform.clock) };
    Ok(Social::start(deps).await?)
}
