use std::io::SeekFrom;
use std::ops::Range;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use object_store::{GetOptions, GetResultPayload, ObjectMeta, ObjectStoreExt};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::range::{Requested, requested};
use crate::store::READ_BUFFER;
use crate::{FileError, FileKey, FileStore};

/// Even if a file were taken for a page, it could load nothing but itself and run nothing.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox";

/// The routes `GET` and `HEAD /files/{key}`, with ranges and validators. Memory use does not depend on the file's size.
pub fn serve(store: FileStore) -> Router {
    Router::new().route("/files/{*key}", get(file)).with_state(store)
}

async fn file(
    State(store): State<FileStore>,
    key: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Response<Body> {
    // What is no key of ours never reaches the storage; a path that is no text is none either.
    let Ok(key) = key.map(|Path(key)| key).unwrap_or_default().parse() else {
        return plain(StatusCode::NOT_FOUND, "no such file");
    };
    match respond(&store, key, &method, &headers).await {
        Ok(response) => response,
        Err(FileError::Storage(object_store::Error::NotFound { .. })) => plain(StatusCode::NOT_FOUND, "no such file"),
        Err(error) => {
            tracing::error!(file.key = %key, %error, "a file could not be served");
            plain(StatusCode::SERVICE_UNAVAILABLE, "the file cannot be read at the moment, try again later")
        }
    }
}

async fn respond(
    store: &FileStore,
    key: FileKey,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response<Body>, FileError> {
    let meta = store.objects().head(&key.path()).await?;
    let etag = etag(&meta);
    let mut response = described(key, &etag);
    if text(headers, header::IF_NONE_MATCH).is_some_and(|known| lists(known, &etag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    // A range of another version is of no use: without a match the whole file is sent.
    let same_version = text(headers, header::IF_RANGE).is_none_or(|version| version == etag);
    let range = text(headers, header::RANGE).filter(|_| same_version && method == Method::GET);
    let range = match requested(range, meta.size) {
        Requested::Unsatisfiable => {
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            insert(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", meta.size));
            insert(&mut response, header::CONTENT_LENGTH, "0");
            return Ok(response);
        }
        Requested::Part(range) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let content_range = format!("bytes {}-{}/{}", range.start, range.end - 1, meta.size);
            insert(&mut response, header::CONTENT_RANGE, &content_range);
            range
        }
        Requested::Whole => 0..meta.size,
    };
    insert(&mut response, header::CONTENT_LENGTH, &(range.end - range.start).to_string());
    if method == Method::GET && !range.is_empty() {
        *response.body_mut() = content(store, key, range).await?;
    }
    Ok(response)
}

/// An answer with the headers that every answer about an existing file has.
fn described(key: FileKey, etag: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    insert(&mut response, header::ETAG, etag);
    for (name, value) in [
        (header::CONTENT_TYPE, key.kind().content_type()),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn content(store: &FileStore, key: FileKey, range: Range<u64>) -> Result<Body, FileError> {
    let options = GetOptions::new().with_range(Some(range.clone()));
    let found = store.objects().get_opts(&key.path(), options).await?;
    match found.payload {
        // Larger pieces than the storage's own 8 KiB: fewer trips to the threads that read.
        GetResultPayload::File(file, _) => {
            let mut file = tokio::fs::File::from_std(file);
            file.seek(SeekFrom::Start(range.start)).await?;
            let file = file.take(range.end - range.start);
            Ok(Body::from_stream(ReaderStream::with_capacity(file, READ_BUFFER)))
        }
        GetResultPayload::Stream(stream) => Ok(Body::from_stream(stream)),
    }
}

/// A strong validator: the storage's own when it has one, which changes with the content.
fn etag(meta: &ObjectMeta) -> String {
    let version = match &meta.e_tag {
        Some(tag) => tag.trim_start_matches("W/").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect(),
        None => format!("{:x}-{:x}", meta.last_modified.timestamp_millis(), meta.size),
    };
    format!("\"{version}\"")
}

/// Whether an `If-None-Match` header names this version.
fn lists(header: &str, etag: &str) -> bool {
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn insert(response: &mut Response<Body>, name: header::HeaderName, value: &str) {
    // All values are made here, from digits and validators of printable characters.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, text).into_response()
}
