//! The port of a subgraph: what it reads, of whom, and for how long.
#![expect(clippy::unwrap_used, reason = "what fails here must fail the test at once")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use futures::StreamExt as _;
use reel_auth::InternalKey;
use reel_auth::call::{CallSigner, CallVerifier, HEADER};
use reel_id::SystemClock;
use reel_subgraph::{Subgraph, http};
use tower::ServiceExt as _;

const AUDIENCE: &str = "demo/graphql";
const QUERY: &[u8] = br#"{"query":"{ one }"}"#;

struct Query;

#[Object]
impl Query {
    /// The number.
    async fn one(&self) -> i32 {
        1
    }
}

fn port() -> (Router, CallSigner) {
    let (key, clock) = (InternalKey::generate(), Arc::new(SystemClock));
    let subgraph = Subgraph::new("demo", Schema::new(Query, EmptyMutation, EmptySubscription));
    let verifier = CallVerifier::new(&key, http::audience("demo"), clock.clone());
    (http::router(subgraph, verifier), CallSigner::new(&key, clock))
}

async fn send(port: Router, envelope: &str, body: Body) -> (u16, String) {
    let request = Request::post("/graphql").header("content-type", "application/json").header(HEADER, envelope);
    let response = port.oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let text = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(text.into()).unwrap())
}

#[tokio::test]
async fn a_signed_call_is_answered_and_one_for_another_body_is_not() {
    let (port, signer) = port();
    let envelope = signer.sign(AUDIENCE, None, QUERY);
    assert_eq!(send(port.clone(), &envelope, Body::from(QUERY)).await, (200, r#"{"data":{"one":1}}"#.to_owned()));
    assert_eq!(send(port, &envelope, Body::from(r#"{"query":"{ a: one }"}"#)).await.0, 401);
}

#[tokio::test]
async fn nothing_is_read_of_a_body_whose_signature_is_not_ours() {
    let (port, _) = port();
    let other = CallSigner::new(&InternalKey::generate(), Arc::new(SystemClock));
    for envelope in [String::new(), other.sign(AUDIENCE, None, QUERY)] {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let pieces = futures::stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(Bytes::from_static(b" "))
        });
        let refused = send(port.clone(), &envelope, Body::from_stream(pieces.take(1_000))).await;
        assert_eq!((refused.0, read.load(Ordering::SeqCst)), (401, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_broken_off_or_never_ends_is_told_apart() {
    let (port, signer) = port();
    let envelope = signer.sign(AUDIENCE, None, QUERY);
    let large = Body::from(vec![b' '; 4 * 1024 * 1024 + 1]);
    let (status, text) = send(port.clone(), &envelope, large).await;
    assert!(status == 413 && text.contains("PAYLOAD_TOO_LARGE"), "{text}");
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("gone"))]);
    let (status, text) = send(port.clone(), &envelope, Body::from_stream(broken)).await;
    assert!(status == 400 && text.contains("UNREADABLE_BODY"), "{text}");
    let stalled = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let answer = tokio::time::timeout(Duration::from_secs(60), send(port, &envelope, stalled)).await;
    let (status, text) = answer.unwrap();
    assert!(status == 408 && text.contains("TIMEOUT"), "{text}");
}
