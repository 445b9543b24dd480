use reel_auth::call::CallSigner;
use reel_rpc::Channel;

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
    /// When an address is not a URL.
    pub fn connect(settings: &Settings, signer: &CallSigner) -> Result<Self, Failure> {
        let channel = |name, url: &str| Channel::connect(url, name, signer.clone()).map_err(Failure::usage);
        Ok(Self {
            user: channel(reel_user::NAME, &settings.subgraphs.user.url)?,
            video: channel(reel_video::NAME, &settings.subgraphs.video.url)?,
        })
    }
}
