use reel_auth::call::CallSigner;
use reel_rpc::Channel;
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::video::video_service_client::VideoServiceClient;

use crate::{Domains, Failure, Settings};

/// The gRPC clients of the domains that others ask.
#[derive(Debug, Clone)]
pub struct Links {
    /// The user domain.
    pub user: UserServiceClient<Channel>,
    /// The video domain.
    pub video: VideoServiceClient<Channel>,
}

impl Links {
    /// To the addresses in the settings.
    ///
    /// # Errors
    /// When an address is not a URL.
    pub fn connect(settings: &Settings, signer: &CallSigner) -> Result<Self, Failure> {
        let channel = |name, url: &str| Channel::connect(url, name, signer.clone()).map_err(Failure::usage);
        Ok(Self {
            user: UserServiceClient::new(channel(reel_user::NAME, &settings.subgraphs.user.url)?),
            video: VideoServiceClient::new(channel(reel_video::NAME, &settings.subgraphs.video.url)?),
        })
    }

    /// To the domains of this process.
    pub fn in_process(domains: &Domains, signer: &CallSigner) -> Self {
        Self { user: domains.user_client(signer), video: domains.video_client(signer) }
    }
}
