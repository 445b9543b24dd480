use std::future::pending;
use std::path::Path;

use reel_config::Secret;
use reel_devservers::{Options, Servers, StartError};

use crate::domains::open_redis;
use crate::{Failure, Settings};

/// The private MariaDB and Redis of `dev`; none when the settings name servers to use instead.
pub(super) struct PrivateServers(Option<Servers>);

impl PrivateServers {
    /// Starts them and puts their addresses into the settings, unless both addresses are set already. One that is set
    /// and cannot be used is found before.
    pub(super) async fn start(settings: &mut Settings, state_dir: &Path) -> Result<Self, Failure> {
        if settings.mysql.url.is_some() {
            reel_store::check_address(&settings.mysql).map_err(Failure::usage)?;
        }
        if settings.redis.url.is_some() {
            open_redis(settings)?;
        }
        if settings.mysql.url.is_some() && settings.redis.url.is_some() {
            return Ok(Self(None));
        }
        let servers = Servers::start(state_dir, Options::lasting()).await.map_err(Failure::usage)?;
        settings.mysql.url.get_or_insert_with(|| Secret::new(servers.mysql_url()));
        settings.redis.url.get_or_insert_with(|| Secret::new(servers.redis_url()));
        Ok(Self(Some(servers)))
    }

    /// Returns when a server has ended by itself.
    pub(super) async fn ended(&mut self) -> Failure {
        let error: StartError = match &mut self.0 {
            Some(servers) => servers.ended().await,
            None => pending().await,
        };
        Failure::internal(error)
    }

    /// Stops them in order.
    pub(super) async fn stop(self) {
        if let Some(servers) = self.0 {
            servers.stop().await;
        }
    }
}
