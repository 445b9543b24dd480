//! Reading a body with a file: the parameters are collected, the file is streamed on while it arrives.

use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use reel_auth::Viewer;
use reel_error::ErrorCode;

use super::form::{self, unreadable};
use super::input::Input;
use crate::http::{Failure, Malformed, MediaType, Part, Parts, Patience, UploadGate, UploadKind, lend, media_type};

/// The part that is the file.
const FILE: &str = "data";

/// What a body with a file needs.
#[derive(Debug)]
pub(super) struct FileBody<'a> {
    pub(super) gate: &'a UploadGate,
    pub(super) kind: UploadKind,
    pub(super) check: fn(&Input) -> Result<(), Failure>,
    /// The bound on everything that is not the file, in bytes.
    pub(super) form_limit: usize,
    /// How long everything that is not the file may take together.
    pub(super) form_time: Duration,
}

impl FileBody<'_> {
    /// Reads the body into `input`. When it is refused, what is left of it is thrown away.
    pub(super) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        viewer: Viewer,
        input: &mut Input,
    ) -> Result<(), Failure> {
        let (body, unread) = lend(body);
        let reading = tokio::time::timeout(self.gate.timeout(), self.read_parts(headers, body, viewer, input));
        let outcome = reading.await.unwrap_or(Err(Failure::new(ErrorCode::Timeout)));
        if outcome.is_err() {
            unread.drain(headers).await;
        }
        outcome
    }

    /// Parameters may come before or after the file; those before are checked first, so
    /// that a request which must fail does not send a film in vain.
    async fn read_parts(
        &self,
        headers: &HeaderMap,
        body: Body,
        viewer: Viewer,
        input: &mut Input,
    ) -> Result<(), Failure> {
        let mut patience = Patience::new(self.form_time);
        let MediaType::Multipart(boundary) = media_type(headers) else {
            // Without a file it is an ordinary form, whose file is missing; it is refused as that.
            input.extend(patience.spend(form::of_body(headers, body, self.form_limit)).await??);
            return (self.check)(input);
        };
        let mut parts = Parts::new(body, boundary);
        let mut left = self.form_limit;
        while let Some(part) = patience.spend(parts.next()).await?.map_err(|Malformed| unreadable())? {
            if part.name() == Some(FILE) && input.upload.is_none() {
                (self.check)(input)?;
                let upload = self.gate.stream(self.kind, viewer, part.into_stream()).await.map_err(refused)?;
                input.upload = Some(upload);
            } else {
                let name = part.name().unwrap_or_default().to_owned();
                input.extend([(name, patience.spend(small(part, &mut left)).await??)]);
            }
        }
        (self.check)(input)
    }
}

/// What is wrong with the request as a whole keeps its HTTP status; what is wrong with the file is an ordinary failure.
fn refused(code: ErrorCode) -> Failure {
    match code {
        ErrorCode::FileTooLarge | ErrorCode::UnreadableBody => Failure::with_status(code),
        _ => Failure::new(code),
    }
}

/// What a parameter costs beyond its text, in bytes, so that many empty ones count too.
const PART_BYTES: usize = 128;

async fn small(mut part: Part, left: &mut usize) -> Result<String, Failure> {
    let too_large = || Failure::with_status(ErrorCode::PayloadTooLarge);
    let mut bytes = Vec::new();
    *left = left.checked_sub(PART_BYTES).ok_or_else(too_large)?;
    while let Some(chunk) = part.chunk().await.map_err(|Malformed| unreadable())? {
        *left = left.checked_sub(chunk.len()).ok_or_else(too_large)?;
        bytes.extend_from_slice(&chunk);
    }
    form::text(bytes)
}
