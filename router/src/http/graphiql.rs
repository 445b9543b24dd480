//! GraphiQL, embedded in the binary and working without a network: the files of `router/graphiql` and, as its tabs,
//! the example operations of `schema/operations/frontend`.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use reel_error::ErrorCode;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{Failure, language};

#[derive(RustEmbed)]
#[folder = "graphiql/"]
struct Assets;

#[derive(RustEmbed)]
#[folder = "../schema/operations/frontend/"]
struct Examples;

/// Only our own files run or load. What this blocks of GraphiQL is the style by which its dialogs keep the page behind them
/// from scrolling, and it does not scroll anyway.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The files that the page loads.
pub(super) fn routes() -> Router {
    let examples = serde_json::Value::Array(examples()).to_string();
    Router::new()
        .route(
            "/graphiql/examples.json",
            get(move || async move { ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], examples) }),
        )
        .route("/graphiql/{file}", get(asset))
}

/// The page.
pub(super) fn page() -> Response {
    let Some(page) = Assets::get("index.html") else {
        return Failure::with_status(ErrorCode::UnknownEndpoint).into_response(reel_error::Language::English, false);
    };
    let mut response = Response::new(Body::from(page.data));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(VARY, HeaderValue::from_static("accept"));
    response
}

async fn asset(name: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Response {
    // A path that is no text names no file either.
    let name = name.map(|Path(name)| name).unwrap_or_default();
    match (Assets::get(&name), content_type(&name)) {
        (Some(file), Some(content_type)) => send(file, content_type, &headers),
        _ => Failure::with_status(ErrorCode::UnknownEndpoint).into_response(language(&headers), false),
    }
}

fn send(file: EmbeddedFile, content_type: &'static str, headers: &HeaderMap) -> Response {
    let tag = etag(&file);
    let caching = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag.clone())];
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(CONTENT_TYPE, content_type)], Body::from(file.data)).into_response()
}

/// Weak, because the file is the same whether or not it is compressed on its way (RFC 9110 section 8.8.1).
fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// The example operations, those that only read first. Variables stand in a file of the same name, `.json`.
fn examples() -> Vec<serde_json::Value> {
    let text = |name: &str| Examples::get(name).and_then(|file| String::from_utf8(file.data.into_owned()).ok());
    let mut names: Vec<String> =
        Examples::iter().filter(|name| name.ends_with(".graphql")).map(std::borrow::Cow::into_owned).collect();
    names.sort();
    let mut examples: Vec<(String, Option<String>)> =
        names.iter().filter_map(|name| Some((text(name)?, text(&name.replace(".graphql", ".json"))))).collect();
    examples.sort_by_key(|(query, _)| query.lines().any(|line| line.starts_with("mutation")));
    examples.into_iter().map(|(query, variables)| serde_json::json!({"query": query, "variables": variables})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let page = Assets::get("index.html").map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let page = page.unwrap_or_default();
        let loads: Vec<&str> =
            page.split(['"', '\'']).filter(|text| text.starts_with("/") || text.contains("://")).collect();
        assert!(!loads.is_empty());
        for address in loads {
            let name = address.strip_prefix("/graphiql/").unwrap_or("an address outside of /graphiql/");
            assert!(Assets::get(name).is_some(), "{address}");
        }
    }

    #[test]
    fn there_are_examples_to_begin_with() {
        assert!(!examples().is_empty());
    }
}
