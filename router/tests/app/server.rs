use std::time::Duration;

use axum::Router;
use axum::routing::get;
use reel_config::Seconds;
use reel_router::config::HttpSettings;
use reel_router::http::serve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Nobody else listens there, so that a listener which is closed is not followed by another one.
const OWN_HOST: &str = if cfg!(target_os = "linux") { "127.77.0.1" } else { "127.0.0.1" };

async fn start(
    app: Router,
    settings: HttpSettings,
) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind((OWN_HOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(async move {
        serve(listener, app, &settings, async move { drop(stopped.await) }).await;
    });
    (address, stop, serving)
}

#[tokio::test]
async fn a_client_that_asks_nothing_or_stops_in_its_head_is_cut_off() {
    let settings = HttpSettings { header_timeout_s: Seconds(1), ..HttpSettings::default() };
    let (address, _stop, _serving) = start(Router::new(), settings).await;
    for beginning in ["", "PRI * HT", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), client.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{beginning:?} keeps a connection open");
    }
}

#[tokio::test]
async fn an_http2_connection_is_closed_once_nothing_runs_over_it_and_not_before() {
    let settings = HttpSettings { header_timeout_s: Seconds(1), ..HttpSettings::default() };
    // Longer than the connection may be idle, once before the answer and once within its body.
    let slow = || async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let rest = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            Ok::<_, std::io::Error>("done")
        };
        axum::body::Body::from_stream(futures::stream::once(rest))
    };
    let (address, _stop, _serving) = start(Router::new().route("/", get(slow)), settings).await;
    let stream = hyper_util::rt::TokioIo::new(TcpStream::connect(address).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut client, connection) = hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get(format!("http://{address}/")).body(axum::body::Body::empty()).unwrap();
    let response = client.send_request(request).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    assert_eq!(&body[..], b"done");
    // The client keeps its side open and answers pings.
    let closed = tokio::time::timeout(Duration::from_secs(5), connection).await;
    assert!(matches!(closed, Ok(Ok(Ok(())))), "an idle connection stays open, or is torn down: {closed:?}");
    drop(client);
}

/// A body that does not end, and how to learn that nobody sends it any more.
fn endless() -> (Router, tokio::sync::mpsc::Receiver<()>) {
    let (alive, gone) = tokio::sync::mpsc::channel::<()>(1);
    let alive = std::sync::Arc::new(std::sync::Mutex::new(Some(alive)));
    let large = move || {
        let alive = alive.lock().unwrap().take();
        let pieces = futures::stream::repeat_with(move || {
            let _sent_by = &alive;
            Ok::<_, std::io::Error>(bytes::Bytes::from_static(&[0; 64 * 1024]))
        });
        std::future::ready(axum::body::Body::from_stream(pieces))
    };
    (Router::new().route("/large", get(large)).route("/", get(|| async { "done" })), gone)
}

fn hasty() -> HttpSettings {
    HttpSettings { send_timeout_s: Seconds(1), max_connections: 1, ..HttpSettings::default() }
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_makes_room_for_others() {
    let (app, mut gone) = endless();
    let (address, _stop, _serving) = start(app, hasty()).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let cut_off = tokio::time::timeout(Duration::from_secs(60), gone.recv()).await;
    assert_eq!(cut_off, Ok(None), "the answer is still being sent");
    let mut next = TcpStream::connect(address).await.unwrap();
    next.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let answered = tokio::time::timeout(Duration::from_secs(60), next.read_to_string(&mut answer)).await;
    assert!(answered.is_ok() && answer.ends_with("done"), "{answer}");
    drop(idle);
}

#[tokio::test]
async fn over_http2_only_the_answer_is_cut_off_of_which_nothing_is_taken() {
    let (app, mut gone) = endless();
    let slow = || async {
        let rest = async {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            Ok::<_, std::io::Error>("done")
        };
        let begun = futures::stream::iter([Ok("nearly ")]);
        axum::body::Body::from_stream(futures::StreamExt::chain(begun, futures::stream::once(rest)))
    };
    let (address, _stop, _serving) = start(app.route("/slow", get(slow)), hasty()).await;
    let stream = hyper_util::rt::TokioIo::new(TcpStream::connect(address).await.unwrap());
    let executor = hyper_util::rt::TokioExecutor::new();
    let mut handshake = hyper::client::conn::http2::Builder::new(executor);
    // The stalled answer must not use up the window of the whole connection.
    handshake.initial_stream_window_size(64 * 1024).initial_connection_window_size(1024 * 1024);
    let (mut client, connection) = handshake.handshake(stream).await.unwrap();
    let _connection = tokio::spawn(connection);
    let mut ask = |path: &str| {
        let request = http::Request::get(format!("http://{address}{path}"));
        client.send_request(request.body(axum::body::Body::empty()).unwrap())
    };
    let stalled = ask("/large").await.unwrap();
    let cut_off = tokio::time::timeout(Duration::from_secs(60), gone.recv()).await;
    assert_eq!(cut_off, Ok(None), "the answer is still being sent");
    assert!(http_body_util::BodyExt::collect(stalled.into_body()).await.is_err(), "it looks complete");
    // A subgraph or a disk that is slow is not the client's fault.
    let slow = ask("/slow").await.unwrap().into_body();
    let slow = http_body_util::BodyExt::collect(slow).await.unwrap().to_bytes();
    assert_eq!(&slow[..], b"nearly done");
}

#[tokio::test]
async fn stopping_lets_a_running_request_finish() {
    let (entered, mut running) = tokio::sync::mpsc::channel(1);
    let (finish, may_finish) = tokio::sync::watch::channel(false);
    let slow = get(move || {
        let (entered, mut may_finish) = (entered.clone(), may_finish.clone());
        async move {
            entered.send(()).await.unwrap();
            may_finish.wait_for(|finish| *finish).await.unwrap();
            "done"
        }
    });
    let (address, stop, serving) = start(Router::new().route("/", slow), HttpSettings::default()).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    running.recv().await.unwrap();
    stop.send(()).unwrap();
    // The listener is closed before the drain begins.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    finish.send(true).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("done"), "{answer}");
    serving.await.unwrap();
}
