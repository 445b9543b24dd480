//! Streaming a file to the domain that will own it (`schema/proto/upload.proto`).

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use reel_auth::Viewer;
use reel_error::{Error, ErrorCode};
use reel_id::{UploadId, UserId};
use tonic::{Request, Status, Streaming};

use crate::contracts::reelgraph::upload::v1::UploadHeader;
use crate::contracts::reelgraph::upload::v1::upload_request::Part;
use crate::contracts::reelgraph::upload::v1::upload_response::Outcome;
pub use crate::contracts::reelgraph::upload::v1::{
    DiscardUploadRequest, DiscardUploadResponse, UploadRequest, UploadResponse,
};
use crate::{refused_code, server};

/// The largest chunk of one message, in bytes.
pub const MAX_CHUNK_BYTES: usize = 256 * 1024;

/// The messages of one upload. `content` yields the file's bytes; when it fails, the stream ends without its closing
/// message, and the receiver throws away what it has.
pub fn messages<S, E>(owner: UserId, content: S) -> impl Stream<Item = UploadRequest> + Send
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Send,
{
    let header = UploadRequest { part: Some(Part::Header(UploadHeader { owner_id: owner.raw() })) };
    let chunks = content.flat_map(|piece| {
        let parts: Vec<Result<Bytes, E>> = match piece {
            Ok(bytes) => split(bytes).map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        futures::stream::iter(parts)
    });
    let body = chunks.map(Some).chain(futures::stream::iter([None])).scan(Some(0_u64), |total, piece| {
        let part = match (&mut *total, piece) {
            (Some(sent), Some(Ok(chunk))) => {
                *sent += chunk.len() as u64;
                Some(Part::Chunk(chunk))
            }
            (Some(sent), None) => Some(Part::TotalBytes(*sent)),
            (_, Some(Err(_))) | (None, _) => None,
        };
        if part.is_none() {
            *total = None;
        }
        std::future::ready(part.map(|part| UploadRequest { part: Some(part) }))
    });
    futures::stream::iter([header]).chain(body)
}

fn split(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let next = bytes.split_to(bytes.len().min(MAX_CHUNK_BYTES));
        (!next.is_empty()).then_some(next)
    })
}

/// The receiving side: who uploads, and the bytes. The stream fails with [`BrokenOff`] when the sender did not finish.
///
/// # Errors
/// When the first message is not a header, or its owner is not the signed viewer of the call.
pub async fn receive(
    request: Request<Streaming<UploadRequest>>,
) -> Result<(Viewer, impl Stream<Item = Result<Bytes, BrokenOff>> + Send + Unpin), Status> {
    let viewer = server::viewer(&request).ok_or_else(|| Status::unauthenticated("an upload needs a viewer"))?;
    let mut messages = request.into_inner();
    let owner = match messages.message().await?.and_then(|message| message.part) {
        Some(Part::Header(header)) => UserId::from(header.owner_id),
        _ => {
            return Err(Status::invalid_argument("the first message of an upload is its header"));
        }
    };
    if owner != viewer.user_id {
        return Err(Status::permission_denied("the owner of an upload is the viewer of the call"));
    }
    let content = futures::stream::unfold(Some((messages, 0_u64)), |state| async move {
        let (mut messages, received) = state?;
        match messages.message().await {
            Ok(Some(UploadRequest { part: Some(Part::Chunk(chunk)) })) => {
                let received = received + chunk.len() as u64;
                Some((Ok(chunk), Some((messages, received))))
            }
            Ok(Some(UploadRequest { part: Some(Part::TotalBytes(total)) })) if total == received => None,
            _ => Some((Err(BrokenOff), None)),
        }
    });
    Ok((viewer, Box::pin(content)))
}

/// Who wants an upload discarded, and which.
///
/// # Errors
/// When the call has no viewer.
pub fn discard(request: Request<DiscardUploadRequest>) -> Result<(Viewer, UploadId), Status> {
    let viewer = server::viewer(&request).ok_or_else(|| Status::unauthenticated("an upload has an owner"))?;
    Ok((viewer, UploadId::from(request.into_inner().upload_id)))
}

/// The sender stopped before the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the upload was broken off")]
pub struct BrokenOff;

impl From<BrokenOff> for std::io::Error {
    fn from(error: BrokenOff) -> Self {
        Self::new(std::io::ErrorKind::UnexpectedEof, error)
    }
}

/// What the receiver answers: an id to claim, or the code with which the file was refused.
///
/// # Errors
/// When the failure is ours; it is logged and masked.
pub fn answer(outcome: Result<UploadId, Error>) -> Result<tonic::Response<UploadResponse>, Status> {
    let outcome = match outcome {
        Ok(id) => Outcome::UploadId(id.raw()),
        Err(Error::Client(error)) => Outcome::Refused(error.code.name().to_owned()),
        Err(error) => return Err(crate::refuse(&error)),
    };
    Ok(tonic::Response::new(UploadResponse { outcome: Some(outcome) }))
}

/// What the sender learns from the answer.
///
/// # Errors
/// When the file was refused, or the receiver answered nothing that this version knows.
pub fn outcome(response: UploadResponse) -> Result<UploadId, Error> {
    match response.outcome {
        Some(Outcome::UploadId(id)) => Ok(UploadId::from(id)),
        Some(Outcome::Refused(name)) => Err(refused_code(&name).into()),
        None => Err(Error::Internal {
            code: ErrorCode::Internal,
            source: anyhow::anyhow!("the receiver of an upload answered nothing"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parts(content: Vec<Result<Bytes, BrokenOff>>) -> Vec<Part> {
        let stream = messages(UserId::from(7), futures::stream::iter(content));
        stream.filter_map(|message| std::future::ready(message.part)).collect().await
    }

    #[tokio::test]
    async fn a_complete_file_ends_with_its_size() {
        let large = Bytes::from(vec![1_u8; MAX_CHUNK_BYTES + 1]);
        let sent = parts(vec![Ok(large), Ok(Bytes::from_static(b"end"))]).await;
        let sizes: Vec<usize> = sent
            .iter()
            .filter_map(|part| if let Part::Chunk(chunk) = part { Some(chunk.len()) } else { None })
            .collect();
        assert_eq!(sizes, [MAX_CHUNK_BYTES, 1, 3]);
        assert!(matches!(sent.first(), Some(Part::Header(header)) if header.owner_id == 7));
        assert!(matches!(sent.last(), Some(Part::TotalBytes(total)) if *total == MAX_CHUNK_BYTES as u64 + 4));
    }

    #[tokio::test]
    async fn a_file_that_breaks_off_has_no_end() {
        let sent = parts(vec![Ok(Bytes::from_static(b"half")), Err(BrokenOff), Ok(Bytes::from_static(b"rest"))]).await;
        assert_eq!(sent.len(), 2);
        assert!(matches!(sent.last(), Some(Part::Chunk(chunk)) if chunk == "half"));
    }
}
