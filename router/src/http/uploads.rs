//! `POST /uploads?kind=video|image`: a file for graph clients. The answer's `uploadId` is claimed by a mutation
//! (`publishVideo`, `updateAvatar`). The body is the file itself, or `multipart/form-data` with a part that has a file
//! name or is called `data` or `file`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, StatusCode};
use reel_auth::Viewer;
use reel_error::{ErrorCode, Language};
use reel_id::UploadId;
use serde::Serialize;

use super::{Malformed, MediaType, Parts, Patience, Shared, UploadGate, UploadKind, drain, lend, media_type};
use crate::auth::Authentication;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded {
    upload_id: UploadId,
}

/// Takes a file.
pub(super) async fn post(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let mut authentication = shared.authenticator.authenticate_sender(&head.headers).await;
    let admitted = authentication.caller.required().and_then(|viewer| Ok((viewer, kind(query.as_deref())?)));
    let outcome = match admitted {
        Ok((viewer, kind)) => match &shared.gate {
            Some(gate) => {
                let (body, unread) = lend(body);
                match take(&shared, gate, kind, viewer, &head.headers, body).await {
                    Ok(upload) => hand_out(&shared, gate, &mut authentication, kind, viewer, upload).await,
                    Err(code) => {
                        unread.drain(&head.headers).await;
                        Err(code)
                    }
                }
            }
            None => Err(ErrorCode::NotAvailable),
        },
        Err(code) => {
            drain(&head.headers, body).await;
            Err(code)
        }
    };
    let mut response = match outcome {
        Ok(upload_id) => (StatusCode::CREATED, Json(Uploaded { upload_id })).into_response(),
        Err(code) => refusal(code),
    };
    response.headers_mut().insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    authentication.announce(response.headers_mut());
    response
}

fn kind(query: Option<&str>) -> Result<UploadKind, ErrorCode> {
    let pairs = serde_urlencoded::from_str::<Vec<(String, String)>>(query.unwrap_or_default());
    let pairs = pairs.map_err(|_| ErrorCode::InvalidArgument)?;
    let mut kinds = pairs.iter().filter(|(name, _)| name == "kind").map(|(_, value)| value.as_str());
    match (kinds.next(), kinds.next()) {
        (Some("video"), None) => Ok(UploadKind::Video),
        (Some("image"), None) => Ok(UploadKind::Image),
        _ => Err(ErrorCode::InvalidArgument),
    }
}

/// Hands the file on while it arrives. What comes before it has the time of a request without a file.
async fn take(
    shared: &Shared,
    gate: &UploadGate,
    kind: UploadKind,
    viewer: Viewer,
    headers: &HeaderMap,
    body: Body,
) -> Result<UploadId, ErrorCode> {
    let streaming = async {
        match media_type(headers) {
            MediaType::Multipart(boundary) => {
                let mut parts = Parts::new(body, boundary);
                let mut patience = Patience::new(shared.settings.limits.deadline_s.duration());
                loop {
                    let part = patience.spend(parts.next()).await?.map_err(|Malformed| ErrorCode::UnreadableBody)?;
                    let part = part.ok_or(ErrorCode::InvalidArgument)?;
                    if part.is_file() || matches!(part.name(), Some("data" | "file")) {
                        break gate.stream(kind, viewer, part.into_stream()).await;
                    }
                }
            }
            // A form is a browser's cross-site request or a mistake; never a file.
            MediaType::UrlEncoded | MediaType::Encoded => Err(ErrorCode::UnsupportedMediaType),
            MediaType::Missing | MediaType::Json | MediaType::Other => {
                gate.stream(kind, viewer, body.into_data_stream()).await
            }
        }
    };
    tokio::time::timeout(gate.timeout(), streaming).await.unwrap_or(Err(ErrorCode::Timeout))
}

/// The login may have ended while the file arrived.
async fn hand_out(
    shared: &Shared,
    gate: &UploadGate,
    authentication: &mut Authentication,
    kind: UploadKind,
    viewer: Viewer,
    upload: UploadId,
) -> Result<UploadId, ErrorCode> {
    let completed = shared.authenticator.complete(authentication).await;
    if completed.is_err() {
        gate.discard(kind, viewer, upload).await;
    }
    completed.map(|()| upload)
}

/// A refusal in the form of GraphQL errors, which the clients of this endpoint know how to read.
fn refusal(code: ErrorCode) -> Response {
    let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = serde_json::json!({
        "errors": [{"message": code.message(Language::English), "extensions": {"code": code.name()}}],
    });
    (status, Json(error)).into_response()
}
