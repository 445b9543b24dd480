//! The listener's loop: connections are bounded, slow heads and answers that nobody takes are cut off,
//! and stopping lets running requests finish.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::sending::{self, Sending, Streams};
use crate::config::HttpSettings;

/// How long the loop rests when no connection can be accepted, for example without free file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const MAX_HEADERS: usize = 64;
const MAX_STREAMS: u32 = 128;
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Serves `app` on `listener` until `shutdown` completes, and then lets running requests finish for a while.
pub async fn serve(listener: TcpListener, app: Router, settings: &HttpSettings, shutdown: impl Future<Output = ()>) {
    let most = settings.max_connections.min(Semaphore::MAX_PERMITS);
    let (places, stopping) = (Arc::new(Semaphore::new(most)), CancellationToken::new());
    tokio::select! {
        () = accept(&listener, &app, Times::of(settings), &places, &stopping) => {}
        () = shutdown => {}
    }
    drop(listener);
    stopping.cancel();
    // Each connection has its place until it has ended.
    let ended = places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX));
    if tokio::time::timeout(settings.drain_s.duration(), ended).await.is_err() {
        let connections = most - places.available_permits();
        tracing::warn!(connections, "some requests did not finish in time and are cut off");
    }
}

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// For the head of a request, and between two requests.
    head: Duration,
    /// For taking a piece of an answer.
    send: Duration,
}

impl Times {
    fn of(settings: &HttpSettings) -> Self {
        Self { head: settings.header_timeout_s.duration(), send: settings.send_timeout_s.duration() }
    }
}

async fn accept(
    listener: &TcpListener,
    app: &Router,
    times: Times,
    places: &Arc<Semaphore>,
    stopping: &CancellationToken,
) {
    // Without a free place nothing is accepted: further clients wait in the kernel's queue, which is bounded too.
    while let Ok(place) = Arc::clone(places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, app.clone(), times, stopping.clone(), place));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    times: Times,
    stopping: CancellationToken,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection cannot be set to send at once");
    }
    let activity = Arc::new(Activity::default());
    let watched = Arc::clone(&activity);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let running = watched.begin();
        let answering = app.clone().oneshot(request.map(Body::new));
        async move {
            let response = answering.await?;
            Ok::<_, Infallible>(response.map(|body| Body::new(Running { body, _running: running })))
        }
    });
    let builder = builder(times);
    let stream = TokioIo::new(Sending::new(stream, times.send));
    let mut serving = pin!(builder.serve_connection_with_upgrades(stream, service));
    tokio::select! {
        outcome = &mut serving => return report(outcome),
        () = stopping.cancelled() => {}
        // The head timeout covers neither the first bytes, by which HTTP/1 and HTTP/2 are told apart, nor the time between
        // the streams of HTTP/2.
        () = activity.none_for(times.head) => tracing::debug!("a connection over which nothing runs is closed"),
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        outcome = &mut serving => report(outcome),
        () = activity.none_for(times.head) => tracing::debug!("a connection that its client keeps open is cut off"),
    }
}

fn report<E: std::fmt::Display>(outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// How many requests of a connection run, and when one last began or ended.
#[derive(Debug, Default)]
struct Activity {
    running: watch::Sender<usize>,
}

impl Activity {
    /// A request begins. It ends when what this answers is dropped.
    fn begin(self: &Arc<Self>) -> RunningRequest {
        self.running.send_modify(|running| *running += 1);
        RunningRequest(Arc::clone(self))
    }

    /// Returns when no request has run for so long.
    async fn none_for(&self, time: Duration) {
        let mut running = self.running.subscribe();
        loop {
            // The sender is ours, so waiting does not fail.
            let _ = running.wait_for(|running| *running == 0).await;
            match tokio::time::timeout(time, running.changed()).await {
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

struct RunningRequest(Arc<Activity>);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}

/// The body of an answer: its request runs until it is sent.
struct Running {
    body: Body,
    _running: RunningRequest,
}

impl HttpBody for Running {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        sending::asked(matches!(frame, Poll::Ready(Some(Ok(_)))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn builder(times: Times) -> Builder<Streams> {
    let mut builder = Builder::new(Streams(times.send));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(times.head)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(times.head)
        .keep_alive_timeout(times.head);
    builder
}
