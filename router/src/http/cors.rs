use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::headers::HeaderPassage;

const REQUEST_HEADERS: [HeaderName; 8] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("access-token"),
    HeaderName::from_static("refresh-token"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-request-id"),
];
const ANSWER_HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("access-token"),
    HeaderName::from_static("refresh-token"),
    HeaderName::from_static("new-access-token"),
    HeaderName::from_static("x-request-id"),
];
/// How long a browser may remember a preflight.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Lets pages of these origins call us; without any, browsers keep every page of another origin out. Tokens travel in headers of their own, so no credentials mode is needed.
///
/// # Errors
/// The origin that is not one.
pub(super) fn layer(origins: &[String], passing: &HeaderPassage) -> Result<Option<CorsLayer>, String> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = origins.iter().map(|origin| parse(origin)).collect::<Result<Vec<_>, _>>()?;
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(with(&REQUEST_HEADERS, passing.wanted()))
        .expose_headers(with(&ANSWER_HEADERS, passing.answered()))
        .max_age(MAX_AGE);
    Ok(Some(layer))
}

fn with(ours: &[HeaderName], passing: &[HeaderName]) -> Vec<HeaderName> {
    ours.iter().chain(passing.iter().filter(|name| !ours.contains(name))).cloned().collect()
}

fn parse(origin: &str) -> Result<HeaderValue, String> {
    let url = url::Url::parse(origin).map_err(|_| origin.to_owned())?;
    // A browser sends the origin in exactly this form: anything else would silently never match.
    if url.origin().is_tuple() && url.origin().ascii_serialization() == origin {
        return HeaderValue::from_str(origin).map_err(|_| origin.to_owned());
    }
    Err(origin.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        for good in ["https://app.example.com", "http://localhost:3000"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in ["*", "https://app.example.com/", "https://app.example.com:443", "app.example.com", "null"] {
            assert_eq!(parse(bad), Err(bad.to_owned()));
        }
    }
}
