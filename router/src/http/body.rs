//! Reading request bodies, always within a bound.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use reel_error::ErrorCode;
use tokio::sync::oneshot;

use super::Failure;

/// How much of a refused upload is read and thrown away, and for how long, before it is answered.
const DRAIN_BYTES: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// What a body is said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// The header is missing.
    Missing,
    /// JSON in UTF-8.
    Json,
    /// `application/x-www-form-urlencoded`.
    UrlEncoded,
    /// `multipart/form-data` with this boundary.
    Multipart(String),
    /// Something else, or a header that cannot be read.
    Other,
    /// Compressed, whatever is in it. No body is unpacked here, so that none is larger than it looks.
    Encoded,
}

/// What the `Content-Type` and `Content-Encoding` headers say.
pub(crate) fn media_type(headers: &HeaderMap) -> MediaType {
    if headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return MediaType::Encoded;
    }
    let Some(value) = headers.get(CONTENT_TYPE) else { return MediaType::Missing };
    let Some(text) = value.to_str().ok() else { return MediaType::Other };
    let Ok(mime) = text.parse::<mime::Mime>() else {
        return unquoted_boundary(text).map_or(MediaType::Other, MediaType::Multipart);
    };
    let utf8 = mime.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8);
    match (mime.type_().as_str(), mime.subtype().as_str()) {
        ("application", "json") if utf8 => MediaType::Json,
        ("application", "x-www-form-urlencoded") => MediaType::UrlEncoded,
        ("multipart", "form-data") => match mime.get_param(mime::BOUNDARY) {
            Some(boundary) => MediaType::Multipart(boundary.as_str().to_owned()),
            None => MediaType::Other,
        },
        _ => MediaType::Other,
    }
}

/// Some clients write a boundary with `=` in it without the quotes that the grammar wants.
fn unquoted_boundary(text: &str) -> Option<String> {
    let (media, parameters) = text.split_once(';')?;
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then_some(value.trim())
    })?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    let is_boundary = (1..=70).contains(&boundary.len()) && boundary.bytes().all(allowed);
    (media.trim().eq_ignore_ascii_case("multipart/form-data") && is_boundary).then(|| boundary.to_owned())
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is larger than the bound.
    TooLarge,
    /// The client stopped sending.
    Broken,
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::with_status(match error {
            BodyError::TooLarge => ErrorCode::PayloadTooLarge,
            BodyError::Broken => ErrorCode::UnreadableBody,
        })
    }
}

/// Reads a whole body of at most `limit` bytes. What is beyond is thrown away ([`drain`]).
pub(crate) async fn read_bounded(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, BodyError> {
    if announced(headers).is_some_and(|length| length > limit as u64) {
        drain(headers, body).await;
        return Err(BodyError::TooLarge);
    }
    let mut chunks = body.into_data_stream();
    let mut read = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if read.len() + chunk.len() > limit {
            drain(headers, Body::from_stream(chunks)).await;
            return Err(BodyError::TooLarge);
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads on for a while after an early refusal. A client that is still sending when the connection closes may lose the
/// answer; one that waits for `100 Continue` does not send, so it needs none of this.
pub(crate) async fn drain(headers: &HeaderMap, body: Body) {
    if !headers.contains_key(EXPECT) {
        // Running out of time is fine: the client is slow, and the answer does not depend on it.
        let _ = tokio::time::timeout(DRAIN_TIME, throw_away(body.into_data_stream())).await;
    }
}

async fn throw_away(mut chunks: BodyDataStream) {
    let mut left = DRAIN_BYTES;
    while let Some(Ok(chunk)) = chunks.next().await {
        left = left.saturating_sub(chunk.len());
        if left == 0 {
            break;
        }
    }
}

/// Lends a body to somebody who may let go of it before its end; then what is left of it can still be thrown away.
pub(crate) fn lend(body: Body) -> (Body, Unread) {
    let (back, returned) = oneshot::channel();
    let lent = Lent { body: Some((body.into_data_stream(), Begun(false))), back: Some(back) };
    (Body::from_stream(lent), Unread(returned))
}

/// What a borrower has left of a body.
#[derive(Debug)]
pub(crate) struct Unread(oneshot::Receiver<(BodyDataStream, Begun)>);

impl Unread {
    /// Reads on for a while after a refusal, as [`drain`] does.
    pub(crate) async fn drain(self, headers: &HeaderMap) {
        let reading = async {
            // A client that waits for `100 Continue` has been told to send as soon as anything was asked of the body.
            if let Ok((rest, Begun(begun))) = self.0.await
                && (begun || !headers.contains_key(EXPECT))
            {
                throw_away(rest).await;
            }
        };
        let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
    }
}

/// Whether anything was asked of a body.
#[derive(Debug)]
struct Begun(bool);

struct Lent {
    body: Option<(BodyDataStream, Begun)>,
    back: Option<oneshot::Sender<(BodyDataStream, Begun)>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some((body, begun)) = &mut self.body else { return Poll::Ready(None) };
        begun.0 = true;
        let next = std::task::ready!(body.poll_next_unpin(context));
        if !matches!(next, Some(Ok(_))) {
            // There is nothing left to give back.
            self.body = None;
        }
        Poll::Ready(next)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // Nobody wants it back from a request that has been answered.
            let _ = back.send(body);
        }
    }
}

/// The time that is left for the parts of a body that are not its file; they have it together.
#[derive(Debug)]
pub(crate) struct Patience(Duration);

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self(limit)
    }

    /// Waits for `reading` as long as time is left.
    pub(crate) async fn spend<T>(&mut self, reading: impl Future<Output = T>) -> Result<T, ErrorCode> {
        let begun = tokio::time::Instant::now();
        let outcome = tokio::time::timeout(self.0, reading).await;
        self.0 = self.0.saturating_sub(begun.elapsed());
        outcome.map_err(|_| ErrorCode::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn said(header: &'static str) -> MediaType {
        media_type(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(header))]))
    }

    #[test]
    fn content_types_are_told_apart_whatever_their_case_and_parameters() {
        assert_eq!(said("application/json"), MediaType::Json);
        assert_eq!(said("Application/JSON; charset=UTF-8"), MediaType::Json);
        assert_eq!(said("application/json; charset=utf-16"), MediaType::Other);
        assert_eq!(said("application/x-www-form-urlencoded"), MediaType::UrlEncoded);
        assert_eq!(said("multipart/form-data; boundary=xY"), MediaType::Multipart("xY".into()));
        assert_eq!(said("multipart/form-data; boundary=--x=Y="), MediaType::Multipart("--x=Y=".into()));
        assert_eq!(said("Multipart/Form-Data;Boundary==x; charset=utf-8"), MediaType::Multipart("=x".into()));
        assert_eq!(said("multipart/form-data; boundary=\"x=Y\""), MediaType::Multipart("x=Y".into()));
        assert_eq!(said("multipart/form-data; boundary=x=<y>"), MediaType::Other);
        assert_eq!(said("text/plain; boundary=x=y"), MediaType::Other);
        assert_eq!(said("multipart/form-data"), MediaType::Other);
        assert_eq!(said("text/plain"), MediaType::Other);
        assert_eq!(media_type(&HeaderMap::new()), MediaType::Missing);
        let encoded = |coding| {
            let coding = (CONTENT_ENCODING, HeaderValue::from_static(coding));
            media_type(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json")), coding]))
        };
        assert_eq!((encoded("Identity"), encoded("gzip")), (MediaType::Json, MediaType::Encoded));
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_bound_whether_or_not_its_length_is_announced() {
        let read = |headers: HeaderMap| async move { read_bounded(&headers, Body::from("12345"), 4).await };
        assert_eq!(read(HeaderMap::new()).await, Err(BodyError::TooLarge));
        assert_eq!(
            read(HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from_static("5"))])).await,
            Err(BodyError::TooLarge)
        );
        assert_eq!(read_bounded(&HeaderMap::new(), Body::from("1234"), 4).await, Ok(Bytes::from_static(b"1234")));
    }
}
