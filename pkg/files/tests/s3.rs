//! The same storage in a bucket, against a small server that speaks the part of S3's protocol that is used.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use axum::routing::any;
use bytes::Bytes;
use http_body_util::BodyExt;
use reel_config::Secret;
use reel_files::{FileKey, FileKind, FileStore, FilesSettings, S3Settings, serve};
use tower::ServiceExt;

const KEY: FileKey = FileKey::new(FileKind::Mp4, 7);

#[derive(Debug, Default)]
struct Contents {
    objects: HashMap<String, Bytes>,
    uploads: HashMap<String, BTreeMap<u32, Bytes>>,
    unsigned: usize,
}

type Bucket = Arc<Mutex<Contents>>;

async fn s3(
    State(bucket): State<Bucket>,
    Path((name, key)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    assert_eq!(name, "films");
    let mut contents = bucket.lock().unwrap();
    let signed = headers.get("authorization").is_some_and(|value| value.to_str().unwrap().contains("Credential=id/"));
    contents.unsigned += usize::from(!signed);
    let answer = Response::builder().header(header::ETAG, "\"tag-1\"");
    let answer = answer.header(header::LAST_MODIFIED, "Sun, 01 Feb 2026 08:00:00 GMT");
    let xml = |text: &str| Response::new(Body::from(text.to_owned()));
    match (method.as_str(), query.get("uploadId")) {
        ("POST", None) => {
            contents.uploads.insert(key, BTreeMap::new());
            xml("<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
        }
        ("PUT", Some(_)) => {
            let part = query["partNumber"].parse().unwrap();
            contents.uploads.get_mut(&key).unwrap().insert(part, body);
            answer.body(Body::empty()).unwrap()
        }
        ("POST", Some(_)) => {
            let parts = contents.uploads.remove(&key).unwrap();
            contents.objects.insert(key, parts.into_values().flatten().collect());
            xml("<CompleteMultipartUploadResult><ETag>\"tag-1\"</ETag></CompleteMultipartUploadResult>")
        }
        ("DELETE", upload) => {
            if upload.is_some() {
                contents.uploads.remove(&key).map(drop)
            } else {
                contents.objects.remove(&key).map(drop)
            };
            answer.status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap()
        }
        ("PUT", None) => {
            contents.objects.insert(key, body);
            answer.body(Body::empty()).unwrap()
        }
        _ => match contents.objects.get(&key).cloned() {
            None => Response::builder().status(StatusCode::NOT_FOUND).body(Body::empty()).unwrap(),
            Some(object) => match headers.get(header::RANGE).map(|range| range.to_str().unwrap().to_owned()) {
                None => answer.header(header::CONTENT_LENGTH, object.len()).body(Body::from(object)).unwrap(),
                Some(range) => {
                    let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                    answer
                        .status(StatusCode::PARTIAL_CONTENT)
                        .header(header::CONTENT_RANGE, format!("bytes {first}-{last}/{}", object.len()))
                        .body(Body::from(object.slice(first..=last)))
                        .unwrap()
                }
            },
        },
    }
}

async fn store() -> (Bucket, FileStore) {
    let bucket = Bucket::default();
    let router =
        Router::new().route("/{bucket}/{*key}", any(s3)).layer(DefaultBodyLimit::disable()).with_state(bucket.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let s3 = S3Settings {
        bucket: "films".to_owned(),
        endpoint: Some(format!("http://{address}")),
        region: Some("eu-1".to_owned()),
        access_key: Some(Secret::new("id")),
        secret_key: Some(Secret::new("secret")),
    };
    let settings = FilesSettings { s3: Some(s3), ..FilesSettings::default() };
    (bucket, FileStore::open(&settings).unwrap())
}

#[tokio::test]
async fn files_go_into_the_bucket_and_out_over_http_with_signed_calls() {
    let (bucket, store) = store().await;
    let content: Vec<u8> = (0..12_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let mut writer = store.begin(KEY).await.unwrap();
    for piece in content.chunks(1_000_000) {
        writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
    assert!(bucket.lock().unwrap().objects["videos/7.mp4"] == content);

    let request = Request::get("/files/videos/7.mp4").header("range", "bytes=5-9").body(Body::empty()).unwrap();
    let answer = serve(store.clone()).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(answer.headers()[header::ETAG], "\"tag-1\"");
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), &content[5..10]);

    store.delete(KEY).await.unwrap();
    assert!(bucket.lock().unwrap().objects.is_empty());
    assert_eq!(bucket.lock().unwrap().unsigned, 0);
}

#[tokio::test]
async fn an_upload_that_is_dropped_is_aborted_in_the_bucket() {
    let (bucket, store) = store().await;
    let mut writer = store.begin(KEY).await.unwrap();
    writer.write(Bytes::from(vec![1; 6 * 1024 * 1024])).await.unwrap();
    assert_eq!(bucket.lock().unwrap().uploads.len(), 1);
    drop(writer);
    let begun = Instant::now();
    while !bucket.lock().unwrap().uploads.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the upload is still open");
        tokio::task::yield_now().await;
    }
    assert!(bucket.lock().unwrap().objects.is_empty());
}
