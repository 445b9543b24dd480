use std::time::Duration;

use axum::Router;
use axum::routing::get;
use reel_config::Seconds;
use reel_router::config::HttpSettings;
use reel_router::http::serve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

async fn start(
    app: Router,
    settings: HttpSettings,
) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
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
