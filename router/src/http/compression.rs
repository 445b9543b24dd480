//! Answers to clients, compressed where that pays and is safe.

use http::header::CONTENT_TYPE;
use http::{Extensions, HeaderMap, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};

use crate::config::CompressionSettings;

/// Fast: an answer waits for it, and JSON shrinks well at any level.
const LEVEL: CompressionLevel = CompressionLevel::Precise(1);

/// Marks an answer whose length must not tell what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uncompressed;

/// Which answers are compressed, besides those that are large enough.
pub(super) type Suits = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses answers for clients that ask for it; `None` when the settings do not want it. Never what is encoded already,
/// nor parts of a file.
pub(super) fn layer(settings: &CompressionSettings) -> Option<CompressionLayer<And<SizeAbove, Suits>>> {
    let when = SizeAbove::new(settings.from_bytes).and(suits as Suits);
    settings.enabled.then(|| CompressionLayer::new().no_deflate().quality(LEVEL).compress_when(when))
}

/// Text is, except a stream of events, each of which is to arrive at once. Images and films are compressed as they are.
fn suits(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.starts_with("text/") || essence.ends_with("json") || essence == "image/svg+xml";
    is_text && essence != "text/event-stream" && extensions.get::<Uncompressed>().is_none()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn suits_type(content_type: &'static str, extensions: &Extensions) -> bool {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        suits(StatusCode::OK, Version::HTTP_11, &headers, extensions)
    }

    #[test]
    fn text_is_compressed_but_neither_films_nor_streams_of_events_nor_what_is_marked() {
        let mut marked = Extensions::new();
        marked.insert(Uncompressed);
        for content_type in ["application/json; charset=utf-8", "application/graphql-response+json", "text/css"] {
            assert!(suits_type(content_type, &Extensions::new()), "{content_type}");
            assert!(!suits_type(content_type, &marked), "{content_type}");
        }
        for content_type in
            ["video/mp4", "image/png", "text/event-stream; charset=utf-8", "application/octet-stream", ""]
        {
            assert!(!suits_type(content_type, &Extensions::new()), "{content_type}");
        }
    }
}
