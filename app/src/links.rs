use reel_auth::call::CallSigner;
use reel_rpc::Channel;

use crate::cli::Domain;
use crate::{Failure, Settings};

/// The ways to the domains that others ask.
#[derive(Debug, Clone)]
pub struct Links {
    /// To the user domain.
    pub user: Channel,
    /// To the video domain.
    pub video: Channel,
}

impl Links {
    /// To the addresses in the settings.
    ///
    /// # Errors
    /// When an address is not of the form `http://host:port`.
    pub fn connect(settings: &Settings, signer: &CallSigner) -> Result<Self, Failure> {
        let channel = |domain: Domain| {
            let url = settings.subgraphs.url(domain)?;
            Channel::connect(url, domain.name(), signer.clone()).map_err(Failure::usage)
        };
        Ok(Self { user: channel(Domain::User)?, video: channel(Domain::Video)? })
    }
}
