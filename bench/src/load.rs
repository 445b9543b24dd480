//! The load: a fixed number of connections, each sending the next request when the last answer is complete.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// One kind of request, sent again and again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    /// `host:port`.
    pub(crate) address: String,
    /// `GET` or `POST`.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Headers to send.
    pub(crate) headers: Vec<(String, String)>,
    /// Bodies, taken in turn by each connection; one empty body for GET.
    pub(crate) bodies: Vec<String>,
    /// What every answer must contain, so that a failure is never counted as speed.
    pub(crate) must_contain: String,
}

/// What one run measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measure {
    /// Answers per second.
    pub(crate) throughput: f64,
    /// The median, in microseconds.
    pub(crate) p50_us: u64,
    /// The 99th percentile, in microseconds.
    pub(crate) p99_us: u64,
    /// The size of an answer's body, in bytes.
    pub(crate) bytes: usize,
}

/// Sends `target` over `connections` for `duration`, after a warm-up of a fifth of it.
pub(crate) async fn run(target: &Target, connections: usize, duration: Duration) -> Result<Measure> {
    let begin = Instant::now() + duration / 5;
    let end = begin + duration;
    let mut clients = JoinSet::new();
    for number in 0..connections {
        clients.spawn(client(target.clone(), number, begin, end));
    }
    let mut latencies = Histogram::<u64>::new(3)?;
    let mut bytes = 0;
    while let Some(outcome) = clients.join_next().await {
        let (part, size) = outcome??;
        latencies.add(part)?;
        bytes = bytes.max(size);
    }
    Ok(Measure {
        throughput: latencies.len() as f64 / duration.as_secs_f64(),
        p50_us: latencies.value_at_quantile(0.5),
        p99_us: latencies.value_at_quantile(0.99),
        bytes,
    })
}

async fn client(target: Target, number: usize, begin: Instant, end: Instant) -> Result<(Histogram<u64>, usize)> {
    let mut sender = connect(&target.address).await?;
    let mut latencies = Histogram::new(3)?;
    let mut bytes = 0;
    for turn in number.. {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        bytes = exchange(&mut sender, &target, turn).await?;
        if sent >= begin {
            latencies.record(sent.elapsed().as_micros() as u64)?;
        }
    }
    Ok((latencies, bytes))
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot reach {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn exchange(sender: &mut SendRequest<Full<Bytes>>, target: &Target, turn: usize) -> Result<usize> {
    let body = target.bodies[turn % target.bodies.len()].clone();
    let mut request = Request::builder()
        .method(Method::from_bytes(target.method.as_bytes())?)
        .uri(&target.path)
        .header("host", &target.address);
    for (name, value) in &target.headers {
        request = request.header(name, value);
    }
    sender.ready().await?;
    let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = response.status();
    let answer = response.into_body().collect().await?.to_bytes();
    let fits = answer.windows(target.must_contain.len()).any(|window| window == target.must_contain.as_bytes());
    ensure!(
        status.is_success() && fits,
        "{} answered {status}: {}",
        target.path,
        String::from_utf8_lossy(&answer[..answer.len().min(500)])
    );
    Ok(answer.len())
}
