//! What other domains and the router ask of this one (`schema/proto/video.proto`).

use reel_rpc::upload::{self, DiscardUploadRequest, DiscardUploadResponse, UploadRequest, UploadResponse};
use reel_rpc::video::video_service_server::VideoService as Contract;
use reel_rpc::video::{FindVideosRequest, FindVideosResponse, Video};
use tonic::{Request, Response, Status, Streaming};

use crate::repository::Repository;
use crate::upload::Uploads;

/// The most ids of one question.
const MAX_IDS: usize = 500;

/// The domain's gRPC server. It answers signed calls only, because it is put behind [`reel_rpc::SignedOnly`].
#[derive(Debug, Clone)]
pub struct VideoRpc {
    pub(crate) repository: Repository,
    pub(crate) uploads: Uploads,
}

#[tonic::async_trait]
impl Contract for VideoRpc {
    async fn find_videos(&self, request: Request<FindVideosRequest>) -> Result<Response<FindVideosResponse>, Status> {
        let ids = request.into_inner().ids;
        if ids.len() > MAX_IDS {
            return Err(Status::invalid_argument("at most 500 ids"));
        }
        if ids.is_empty() {
            return Ok(Response::new(FindVideosResponse::default()));
        }
        let ids: Vec<_> = ids.into_iter().map(reel_id::VideoId::from).collect();
        let found = self.repository.find_authors(&ids).await.map_err(|error| reel_rpc::refuse(&error.into()))?;
        let videos = found.into_iter().map(|(id, author_id)| Video { id, author_id }).collect();
        Ok(Response::new(FindVideosResponse { videos }))
    }

    async fn upload_video(
        &self,
        request: Request<Streaming<UploadRequest>>,
    ) -> Result<Response<UploadResponse>, Status> {
        let (viewer, content) = upload::receive(request).await?;
        upload::answer(self.uploads.receive(viewer, content).await)
    }

    async fn discard_upload(
        &self,
        request: Request<DiscardUploadRequest>,
    ) -> Result<Response<DiscardUploadResponse>, Status> {
        let (viewer, id) = upload::discard(request)?;
        self.uploads.discard_of(viewer, id).await.map_err(|error| reel_rpc::refuse(&error))?;
        Ok(Response::new(DiscardUploadResponse {}))
    }
}
