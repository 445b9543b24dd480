use reel_error::{ClientError, Error, ErrorCode, Result};
use reel_store::retry_transaction;

use super::{VideoService, video_id};
use crate::domain::Video;
use crate::repository::Repository;

impl VideoService {
    /// Counts one visit, by anyone. When it returns, the visit is in MySQL; the popular list follows.
    pub(crate) async fn visit(&self, id: &str) -> Result<Video> {
        let id = video_id(id, "videoId")?;
        let visited =
            retry_transaction(self.repository.pool(), async |mut tx| Repository::visit(&mut tx, id).await).await?;
        let video = visited.ok_or_else(|| Error::from(ClientError::new(ErrorCode::VideoNotFound).field("videoId")))?;
        self.popular.raise(video.id, video.visit_count).await;
        Ok(video)
    }
}
