//! The HTTP transport against a real server.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crate::common::{Ask as _, context, viewer};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use reel_auth::InternalKey;
use reel_auth::call::{CallSigner, CallVerifier, HEADER};
use reel_id::SystemClock;
use reel_router::PathSegment;
use reel_router::config::AnswerCompression;
use reel_router::transport::http::{HttpTransport, HttpTransportSettings};
use reel_router::transport::{Fetch, RequestContext, SubgraphDocument, SubgraphResponse, TransportError};
use serde_json::json;
use tower::util::MapRequestLayer;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

static KEY: LazyLock<InternalKey> = LazyLock::new(InternalKey::generate);

pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

pub(crate) fn transport(url: &str, change: impl FnOnce(&mut HttpTransportSettings)) -> HttpTransport {
    let mut settings = HttpTransportSettings::new(url.parse().unwrap(), "books/graphql");
    change(&mut settings);
    HttpTransport::new(settings, Arc::new(CallSigner::new(&KEY, Arc::new(SystemClock)))).unwrap()
}

async fn ask(transport: &HttpTransport, context: Arc<RequestContext>) -> Result<SubgraphResponse, TransportError> {
    let text = "query($n: Int) { books(first: $n) { id } }".to_owned();
    let document = Arc::new(SubgraphDocument::new(text).unwrap());
    let variables = crate::common::variables(json!({ "n": 3 }));
    transport.ask(Fetch { variables, ..Fetch::new(document, context) }).await
}

fn answering(body: &'static str) -> Router {
    Router::new().route("/graphql", post(move || async move { body }))
}

#[tokio::test]
async fn a_fetch_is_signed_for_its_viewer_and_carries_the_requests_id_and_trace() {
    let verifier = CallVerifier::new(&KEY, "books/graphql", Arc::new(SystemClock));
    let check = move |headers: HeaderMap, body: Bytes| async move {
        let envelope = headers[HEADER].to_str().unwrap();
        assert_eq!(verifier.verify(envelope, &body).unwrap(), Some(viewer()));
        assert_eq!(headers["x-request-id"], "r1");
        assert_eq!(headers["traceparent"], "00-1-2-01");
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, json!({ "query": "query($n: Int) { books(first: $n) { id } }", "variables": { "n": 3 } }));
        r#"{"data":{"books":[{"id":"1"}]}}"#
    };
    let url = serve(Router::new().route("/graphql", post(check))).await;
    let mut context = (*context(Some(viewer()))).clone();
    context.traceparent = Some("00-1-2-01".into());
    let answer = ask(&transport(&url, |_| {}), Arc::new(context)).await.unwrap();
    assert_eq!(answer.data.into_json().unwrap(), json!({ "books": [{ "id": "1" }] }));
}

#[tokio::test]
async fn a_subgraph_learns_how_long_it_is_waited_for() {
    let told = |headers: HeaderMap| async move {
        let left: u64 = headers["x-reel-deadline-ms"].to_str().unwrap().parse().unwrap();
        format!(r#"{{"data":{{"left":{left}}}}}"#)
    };
    let url = serve(Router::new().route("/graphql", post(told))).await;
    for seconds in [3, 30] {
        let mut context = (*context(None)).clone();
        context.deadline = Instant::now() + Duration::from_secs(seconds);
        let answer = ask(&transport(&url, |_| {}), Arc::new(context)).await.unwrap().data.into_json().unwrap();
        let left = answer["left"].as_u64().unwrap();
        assert!((seconds * 1_000 - 2_900..=seconds * 1_000).contains(&left), "{left} ms of {seconds} s");
    }
}

#[tokio::test]
async fn errors_are_read_with_their_paths_whatever_the_status_is() {
    let body = r#"{"data":null,"errors":[{"message":"m","path":["a",1,"b"],"extensions":{"code":"NOT_FOUND","field":"id"}},{"message":"n"}]}"#;
    let answer = move || async move { (StatusCode::BAD_REQUEST, body) };
    let url = serve(Router::new().route("/graphql", post(answer))).await;
    let answer = ask(&transport(&url, |_| {}), context(None)).await.unwrap();
    let key = |key: &str| PathSegment::Key(async_graphql_value::Name::new(key));
    assert_eq!(answer.errors[0].path, [key("a"), PathSegment::Index(1), key("b")]);
    assert_eq!(answer.errors[0].code.as_deref(), Some("NOT_FOUND"));
    assert_eq!(answer.errors[0].field.as_deref(), Some("id"));
    assert_eq!(answer.errors[1].message, "n");
}

#[tokio::test]
async fn an_answer_that_is_not_graphql_is_no_answer() {
    for body in ["<html>", "{}", r#"{"data":3}"#, ""] {
        let url = serve(answering(body)).await;
        let error = ask(&transport(&url, |_| {}), context(None)).await.unwrap_err();
        assert!(matches!(error, TransportError::BadAnswer(_)), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_and_not_one_byte_more() {
    const BODY: &str = r#"{"data":{"books":[]}}"#;
    let url = serve(answering(BODY)).await;
    assert!(ask(&transport(&url, |settings| settings.answer_limit = BODY.len()), context(None)).await.is_ok());
    let error =
        ask(&transport(&url, |settings| settings.answer_limit = BODY.len() - 1), context(None)).await.unwrap_err();
    assert!(matches!(error, TransportError::TooLarge { .. }), "{error}");
}

/// A subgraph that answers `body` in this coding whatever it is asked.
async fn compressing(coding: &'static str, body: String) -> String {
    let answer = post(move || async move { body });
    let only = move |mut request: axum::extract::Request| {
        request.headers_mut().insert("accept-encoding", HeaderValue::from_static(coding));
        request
    };
    let layers = (
        MapRequestLayer::new(only),
        CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(SizeAbove::new(0)),
    );
    serve(Router::new().route("/graphql", answer).layer(layers)).await
}

#[tokio::test]
async fn a_compressed_answer_is_read_and_its_limit_is_that_of_what_is_in_it() {
    let body = format!(r#"{{"data":{{"books":["{}"]}}}}"#, "x".repeat(1 << 20));
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let url = compressing(coding, body.clone()).await;
        let within = |limit| {
            transport(&url, |settings| {
                settings.compression = AnswerCompression::Always;
                settings.answer_limit = limit;
            })
        };
        let answer = ask(&within(body.len()), context(None)).await.unwrap().data.into_json().unwrap();
        assert_eq!(answer["books"][0].as_str().map(str::len), Some(1 << 20), "{coding}");
        // What arrives is some kilobytes; what it unpacks to is not.
        for limit in [body.len() - 1, 64 << 10] {
            let error = ask(&within(limit), context(None)).await.unwrap_err();
            assert!(matches!(error, TransportError::TooLarge { .. }), "{coding}: {error}");
        }
    }
}

#[tokio::test]
async fn compressed_answers_are_offered_to_be_taken_where_the_setting_says_so() {
    let told = |headers: HeaderMap| async move {
        let offered = headers.get("accept-encoding").map_or("none", |value| value.to_str().unwrap());
        format!(r#"{{"data":{{"offered":"{offered}"}}}}"#)
    };
    let url = serve(Router::new().route("/graphql", post(told))).await;
    for (compression, offered) in [
        (AnswerCompression::Https, "none"),
        (AnswerCompression::Never, "none"),
        (AnswerCompression::Always, "zstd,gzip,deflate,br"),
    ] {
        let transport = transport(&url, |settings| settings.compression = compression);
        let answer = ask(&transport, context(None)).await.unwrap().data.into_json().unwrap();
        assert_eq!(answer["offered"], offered, "{compression:?}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_unpacked_is_no_answer() {
    for coding in ["gzip", "br", "zstd", "deflate", "strange"] {
        let answer = post(move || async move { ([("content-encoding", coding)], "not in this coding") });
        let url = serve(Router::new().route("/graphql", answer)).await;
        let transport = transport(&url, |settings| settings.compression = AnswerCompression::Always);
        let error = ask(&transport, context(None)).await.unwrap_err();
        assert!(matches!(error, TransportError::BadAnswer(_)), "{coding}: {error}");
    }
}

#[tokio::test]
async fn a_silent_subgraph_is_given_up_at_the_deadline() {
    let silent = || Router::new().route("/graphql", post(|| async { std::future::pending::<()>().await }));
    let url = serve(silent()).await;
    let start = Instant::now();
    let mut hurried = (*context(None)).clone();
    hurried.deadline = Instant::now() + Duration::from_millis(50);
    assert!(matches!(ask(&transport(&url, |_| {}), Arc::new(hurried)).await, Err(TransportError::Timeout)));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_subgraph_that_is_not_there_is_unavailable() {
    // Nobody listens, and nobody else can take the port.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/graphql", socket.local_addr().unwrap());
    let error = ask(&transport(&url, |_| {}), context(None)).await.unwrap_err();
    assert!(matches!(error, TransportError::Unavailable(_)), "{error}");
}
