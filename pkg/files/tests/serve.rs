//! Files over HTTP, through the router.
#![expect(clippy::unwrap_used, reason = "tests")]

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use reel_files::{FileKey, FileKind, FileStore, FilesSettings, serve};
use tempfile::TempDir;
use tower::ServiceExt;

const FILM: &[u8] = b"0123456789";

/// A router over a storage with one file of each kind, all with the id 7.
struct Served {
    router: Router,
    directory: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Served {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = FilesSettings { dir: directory.path().join("files"), ..FilesSettings::default() };
        let store = FileStore::open(&settings).unwrap();
        for kind in [FileKind::Mp4, FileKind::Mov, FileKind::Webm, FileKind::Cover, FileKind::Avatar] {
            store.put(FileKey::new(kind, 7), Bytes::from_static(FILM)).await.unwrap();
        }
        std::fs::write(directory.path().join("secret"), "secret").unwrap();
        Self { router: serve(store), directory }
    }

    async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers).await
    }
}

#[tokio::test]
async fn each_kind_is_served_with_its_type_and_never_as_a_page() {
    let served = Served::new().await;
    for (path, content_type) in [
        ("/files/videos/7.mp4", "video/mp4"),
        ("/files/videos/7.mov", "video/quicktime"),
        ("/files/videos/7.webm", "video/webm"),
        ("/files/covers/7.jpg", "image/jpeg"),
        ("/files/avatars/7.png", "image/png"),
    ] {
        let answer = served.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, FILM);
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("content-length"), "10");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(answer.header("content-security-policy").contains("sandbox"));
    }
}

#[tokio::test]
async fn head_is_get_without_the_content() {
    let served = Served::new().await;
    let answer = served.request("HEAD", "/files/videos/7.mp4", &[("range", "bytes=0-1")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-length"), "10");
    assert_eq!(answer.header("content-type"), "video/mp4");
    assert!(answer.header("etag").starts_with('"'));
    assert!(answer.body.is_empty());
    assert_eq!(served.request("HEAD", "/files/videos/8.mp4", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_range_brings_just_those_bytes() {
    let served = Served::new().await;
    for (range, body, content_range) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-100", "89", "bytes 8-9/10"),
    ] {
        let answer = served.get("/files/videos/7.mp4", &[("range", range)]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.body, body, "{range}");
        assert_eq!(answer.header("content-range"), content_range);
        assert_eq!(answer.header("content-length"), body.len().to_string());
        assert_eq!(answer.header("content-type"), "video/mp4");
    }
    let several = served.get("/files/videos/7.mp4", &[("range", "bytes=0-1,4-5")]).await;
    assert_eq!((several.status, several.body), (StatusCode::OK, Bytes::from_static(FILM)));
}

#[tokio::test]
async fn a_range_beyond_the_end_is_refused_with_the_size() {
    let served = Served::new().await;
    let answer = served.get("/files/videos/7.mp4", &[("range", "bytes=10-")]).await;
    assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.header("content-range"), "bytes */10");
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn a_range_of_another_version_brings_the_whole_file() {
    let served = Served::new().await;
    let etag = served.get("/files/videos/7.mp4", &[]).await.header("etag").to_owned();
    for (version, status) in [
        (etag.as_str(), StatusCode::PARTIAL_CONTENT),
        ("\"other\"", StatusCode::OK),
        ("Sun, 01 Feb 2026 08:00:00 GMT", StatusCode::OK),
        (&format!("W/{etag}"), StatusCode::OK),
    ] {
        let answer = served.get("/files/videos/7.mp4", &[("range", "bytes=0-0"), ("if-range", version)]).await;
        assert_eq!(answer.status, status, "{version}");
    }
}

#[tokio::test]
async fn who_has_the_version_gets_it_not_again() {
    let served = Served::new().await;
    let etag = served.get("/files/videos/7.mp4", &[]).await.header("etag").to_owned();
    for known in [etag.clone(), format!("\"a\", W/{etag}"), "*".to_owned()] {
        let answer = served.get("/files/videos/7.mp4", &[("if-none-match", &known), ("range", "bytes=0-0")]).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(answer.header("etag"), etag);
        assert!(answer.body.is_empty());
    }
    let answer = served.get("/files/videos/7.mp4", &[("if-none-match", "\"a\"")]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_but_our_own_keys_can_be_reached() {
    let served = Served::new().await;
    assert!(served.directory.path().join("secret").exists());
    std::fs::write(served.directory.path().join("files/videos/7.mp4#1"), "half").unwrap();
    for path in [
        "/files/videos/8.mp4",
        "/files/videos/7.mp4%231",
        "/files/videos/7.png",
        "/files/videos",
        "/files/videos/",
        "/files/../secret",
        "/files/%2e%2e/secret",
        "/files/..%2fsecret",
        "/files/videos/..%2f..%2f..%2fsecret",
        "/files/videos/%2e%2e/%2e%2e/secret",
        "/files/videos/7.mp4%00",
        "/files//etc/passwd",
        "/files/%2fetc%2fpasswd",
        "/files/videos/07.mp4",
        "/files/videos/%ff.mp4",
    ] {
        let answer = served.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.body.windows(6).any(|window| window == b"secret"), "{path}");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let served = Served::new().await;
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(served.request(method, "/files/videos/7.mp4", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn a_large_file_comes_in_pieces() {
    let served = Served::new().await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    std::fs::write(served.directory.path().join("files/videos/9.mp4"), &large).unwrap();
    let request = Request::get("/files/videos/9.mp4").header("range", "bytes=1-").body(Body::empty()).unwrap();
    let mut body = served.router.clone().oneshot(request).await.unwrap().into_body();
    let mut received = Vec::new();
    while let Some(frame) = body.frame().await {
        let piece = frame.unwrap().into_data().unwrap();
        assert!(piece.len() <= 64 * 1024, "{}", piece.len());
        received.extend_from_slice(&piece);
    }
    assert!(received == large[1..]);
}
