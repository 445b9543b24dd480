//! Streaming a file to the domain that will own it. Nothing is buffered: the client sends as fast as the domain stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use reel_auth::Viewer;
use reel_error::ErrorCode;
use reel_id::UploadId;
use reel_rpc::Channel;
use reel_rpc::upload::{DiscardUploadRequest, UploadRequest, UploadResponse, messages, outcome};
use reel_rpc::user::user_service_client::UserServiceClient;
use reel_rpc::video::video_service_client::VideoServiceClient;
use tonic::{Request, Response, Status};

use crate::config::UploadSettings;

/// How long discarding an upload may hold up the answer.
const DISCARD_TIME: Duration = Duration::from_secs(3);

/// What a file is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadKind {
    /// Owned by the video domain.
    Video,
    /// Owned by the user domain.
    Image,
}

/// The way of files into the domains.
#[derive(Debug, Clone)]
pub(crate) struct UploadGate {
    users: UserServiceClient<Channel>,
    videos: VideoServiceClient<Channel>,
    settings: UploadSettings,
}

impl UploadGate {
    pub(crate) fn new(users: &Channel, videos: &Channel, settings: UploadSettings) -> Self {
        let timeout = settings.timeout_s.duration();
        Self {
            users: UserServiceClient::new(users.clone().with_timeout(timeout)),
            videos: VideoServiceClient::new(videos.clone().with_timeout(timeout)),
            settings,
        }
    }

    /// The largest file of this kind, in bytes.
    pub(crate) fn limit_bytes(&self, kind: UploadKind) -> u64 {
        match kind {
            UploadKind::Video => self.settings.video_limit_bytes,
            UploadKind::Image => self.settings.image_limit_bytes,
        }
    }

    /// How long one upload may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.settings.timeout_s.duration()
    }

    /// Streams a file on behalf of `viewer`, and answers with the id under which a mutation may claim it.
    pub(crate) async fn stream<S, E>(&self, kind: UploadKind, viewer: Viewer, content: S) -> Result<UploadId, ErrorCode>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Send + 'static,
    {
        let trouble = Trouble::default();
        let content =
            watched(content, self.limit_bytes(kind), self.settings.idle_timeout_s.duration(), trouble.clone());
        let answer = self.send(kind, viewer, messages(viewer.user_id, content)).await;
        // What went wrong on the client's side explains the domain's refusal, so it comes first.
        match (trouble.code(), answer) {
            (Some(code), _) => Err(code),
            (None, Ok(response)) => outcome(response.into_inner()).map_err(|error| {
                if let reel_error::Error::Internal { .. } = error {
                    tracing::error!(%error, "an upload failed");
                }
                error.code()
            }),
            (None, Err(status)) => {
                let error = reel_rpc::call_error(status);
                tracing::error!(%error, "an upload failed");
                Err(error.code())
            }
        }
    }

    /// Has the domain remove an upload that no mutation will claim. What cannot be removed now is left to the domain's
    /// sweeper.
    pub(crate) async fn discard(&self, kind: UploadKind, viewer: Viewer, upload: UploadId) {
        let mut request = Request::new(DiscardUploadRequest { upload_id: upload.raw() });
        request.extensions_mut().insert(viewer);
        let discarding = async {
            match kind {
                UploadKind::Video => self.videos.clone().discard_upload(request).await,
                UploadKind::Image => self.users.clone().discard_upload(request).await,
            }
        };
        match tokio::time::timeout(DISCARD_TIME, discarding).await {
            Ok(Ok(_)) => {}
            Ok(Err(status)) => tracing::warn!(upload.id = %upload, error = status.message(), "an upload stays for now"),
            Err(_) => tracing::warn!(upload.id = %upload, "an upload stays for now: discarding it took too long"),
        }
    }

    async fn send(
        &self,
        kind: UploadKind,
        viewer: Viewer,
        messages: impl Stream<Item = UploadRequest> + Send + 'static,
    ) -> Result<Response<UploadResponse>, Status> {
        let mut request = Request::new(messages);
        request.extensions_mut().insert(viewer);
        match kind {
            UploadKind::Video => self.videos.clone().upload_video(request).await,
            UploadKind::Image => self.users.clone().upload_image(request).await,
        }
    }
}

/// What went wrong on the client's side of a running upload.
#[derive(Debug, Clone, Default)]
struct Trouble(Arc<AtomicU8>);

const TOO_LARGE: u8 = 1;
const BROKEN: u8 = 2;
const STALLED: u8 = 3;

impl Trouble {
    fn is(&self, what: u8) -> BrokenOff {
        self.0.store(what, Ordering::Release);
        BrokenOff
    }

    fn code(&self) -> Option<ErrorCode> {
        match self.0.load(Ordering::Acquire) {
            TOO_LARGE => Some(ErrorCode::FileTooLarge),
            BROKEN => Some(ErrorCode::UnreadableBody),
            STALLED => Some(ErrorCode::Timeout),
            _ => None,
        }
    }
}

/// The file ends here, unfinished; the receiver throws away what it has.
struct BrokenOff;

fn watched<S, E>(
    content: S,
    limit: u64,
    idle: Duration,
    trouble: Trouble,
) -> impl Stream<Item = Result<Bytes, BrokenOff>> + Send + 'static
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Send + 'static,
{
    let state = Some((Box::pin(content), 0_u64, trouble));
    futures::stream::unfold(state, move |state| async move {
        let (mut content, received, trouble) = state?;
        let chunk = match tokio::time::timeout(idle, content.next()).await {
            Err(_) => return Some((Err(trouble.is(STALLED)), None)),
            Ok(None) => return None,
            Ok(Some(Err(_))) => return Some((Err(trouble.is(BROKEN)), None)),
            Ok(Some(Ok(chunk))) => chunk,
        };
        let received = received + chunk.len() as u64;
        if received > limit {
            return Some((Err(trouble.is(TOO_LARGE)), None));
        }
        Some((Ok(chunk), Some((content, received, trouble))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(pieces: Vec<Result<Bytes, ()>>, limit: u64) -> (usize, Option<ErrorCode>) {
        let trouble = Trouble::default();
        let stream = watched(futures::stream::iter(pieces), limit, Duration::from_secs(5), trouble.clone());
        let passed = stream.filter(|piece| std::future::ready(piece.is_ok())).count().await;
        (passed, trouble.code())
    }

    #[tokio::test]
    async fn a_file_may_be_as_large_as_the_limit_and_not_larger() {
        let piece = || Ok(Bytes::from_static(b"1234"));
        assert_eq!(run(vec![piece(), piece()], 8).await, (2, None));
        assert_eq!(run(vec![piece(), piece(), piece()], 8).await, (2, Some(ErrorCode::FileTooLarge)));
    }

    #[tokio::test]
    async fn a_client_that_breaks_off_is_told_apart_from_a_domain_that_fails() {
        let pieces = vec![Ok(Bytes::from_static(b"1234")), Err(())];
        assert_eq!(run(pieces, 8).await, (1, Some(ErrorCode::UnreadableBody)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_stands_still_is_given_up() {
        let trouble = Trouble::default();
        let stalled = futures::stream::pending::<Result<Bytes, ()>>();
        let count = watched(stalled, 8, Duration::from_secs(5), trouble.clone()).count().await;
        assert_eq!((count, trouble.code()), (1, Some(ErrorCode::Timeout)));
    }
}
