//! What this domain asks of others. It serves nothing itself.

use reel_error::Result;
use reel_id::UserId;
use reel_rpc::user::FindUsersRequest;
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::{Channel, call_error};

/// The user domain.
#[derive(Debug, Clone)]
pub(crate) struct Users(UserServiceClient<Channel>);

impl Users {
    pub(crate) fn new(channel: Channel) -> Self {
        Self(UserServiceClient::new(channel))
    }

    /// Whether there is such a person.
    pub(crate) async fn exists(&self, user: UserId) -> Result<bool> {
        let request = FindUsersRequest { ids: vec![user.raw()] };
        let found = self.0.clone().find_users(request).await.map_err(call_error)?.into_inner();
        Ok(found.users.iter().any(|found| found.id == user.raw()))
    }
}
