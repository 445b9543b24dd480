//! Permissions, rules and transactions.

mod lists;
mod publish;
mod visit;

use std::sync::Arc;

use reel_error::{ClientError, Error, ErrorCode, Result};
use reel_files::{FileKey, FileStore};
use reel_id::{Clock, IdGenerator, VideoId};
use reel_rpc::Channel;
use reel_rpc::user::user_service_client::UserServiceClient;

use crate::cache::Popular;
use crate::repository::Repository;

pub(crate) use lists::CountedList;

/// What a person can do with videos.
#[derive(Debug)]
pub(crate) struct VideoService {
    pub(crate) repository: Repository,
    pub(crate) popular: Popular,
    pub(crate) files: FileStore,
    pub(crate) users: UserServiceClient<Channel>,
    pub(crate) ids: Arc<IdGenerator>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl VideoService {
    /// The address of a stored file.
    pub(crate) fn address(&self, key: &str) -> Result<String> {
        let key: FileKey = key.parse().map_err(Error::internal)?;
        Ok(self.files.public_url(key))
    }
}

/// Reads a video's id as a client sent it.
pub(crate) fn video_id(text: &str, field: &'static str) -> Result<VideoId, ClientError> {
    text.parse().map_err(|_| ClientError::new(ErrorCode::InvalidId).field(field))
}
