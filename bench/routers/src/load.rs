//! The load: a fixed number of connections, each sending the next request when the last answer is complete.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Target {
    /// `host:port`.
    pub address: String,
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers to send.
    pub headers: Vec<(String, String)>,
    /// Bodies, taken in turn by each connection; one empty body for GET.
    pub bodies: Vec<String>,
    /// What every answer must contain, so that a failure is never counted as speed.
    pub must_contain: String,
    /// The file with the answer that every answer must be, byte by byte.
    pub must_equal: Option<PathBuf>,
    /// Whether each request carries an `Authorization` header that no other carries.
    pub unique_authorization: bool,
}

/// What one run measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measure {
    /// All answers, those of the warm-up included.
    pub answers: u64,
    /// Answers per second.
    pub throughput: f64,
    /// The median, in microseconds.
    pub p50_us: u64,
    /// The 99th percentile, in microseconds.
    pub p99_us: u64,
    /// The size of an answer's body, in bytes.
    pub bytes: usize,
}

/// Sends `target` over `connections` for `duration`, after a warm-up of a fifth of it.
pub async fn run(target: &Target, connections: usize, duration: Duration) -> Result<Measure> {
    let begin = Instant::now() + duration / 5;
    let end = begin + duration;
    let load = Arc::new(Load::of(target.clone())?);
    let mut clients = JoinSet::new();
    for number in 0..connections {
        clients.spawn(client(Arc::clone(&load), number, begin, end));
    }
    let mut latencies = Histogram::<u64>::new(3)?;
    let (mut bytes, mut answers) = (0, 0);
    while let Some(outcome) = clients.join_next().await {
        let (part, size, number) = outcome??;
        latencies.add(part)?;
        bytes = bytes.max(size);
        answers += number;
    }
    Ok(Measure {
        answers,
        throughput: latencies.len() as f64 / duration.as_secs_f64(),
        p50_us: latencies.value_at_quantile(0.5),
        p99_us: latencies.value_at_quantile(0.99),
        bytes,
    })
}

/// What one connection has seen: its latencies, the size of an answer, and how many answers there were.
type Seen = (Histogram<u64>, usize, u64);

async fn client(load: Arc<Load>, number: usize, begin: Instant, end: Instant) -> Result<Seen> {
    let mut sender = connect(&load.target.address).await?;
    let mut latencies = Histogram::new(3)?;
    let (mut bytes, mut answers) = (0, 0);
    for turn in number.. {
        let sent = Instant::now();
        if sent >= end {
            break;
        }
        bytes = load.exchange(&mut sender, turn).await?;
        answers += 1;
        if sent >= begin {
            latencies.record(sent.elapsed().as_micros() as u64)?;
        }
    }
    Ok((latencies, bytes, answers))
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot reach {address}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// What all connections share.
struct Load {
    target: Target,
    bodies: Vec<Bytes>,
    /// What every answer must be.
    answer: Option<Vec<u8>>,
    sent: AtomicU64,
}

impl Load {
    fn of(target: Target) -> Result<Self> {
        let answer = target.must_equal.as_ref().map(std::fs::read).transpose()?;
        let bodies = target.bodies.iter().map(|body| Bytes::from(body.clone())).collect();
        Ok(Self { target, bodies, answer, sent: AtomicU64::new(0) })
    }

    async fn exchange(&self, sender: &mut SendRequest<Full<Bytes>>, turn: usize) -> Result<usize> {
        let target = &self.target;
        let mut request = Request::builder()
            .method(Method::from_bytes(target.method.as_bytes())?)
            .uri(&target.path)
            .header("host", &target.address);
        for (name, value) in &target.headers {
            request = request.header(name, value);
        }
        if target.unique_authorization {
            request = request.header("authorization", format!("Bearer {}", self.sent.fetch_add(1, Ordering::Relaxed)));
        }
        sender.ready().await?;
        let body = self.bodies[turn % self.bodies.len()].clone();
        let response = sender.send_request(request.body(Full::new(body))?).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        ensure!(
            status.is_success() && self.fits(&answer),
            "{} answered {status}: {}",
            target.path,
            String::from_utf8_lossy(&answer[..answer.len().min(500)])
        );
        Ok(answer.len())
    }

    fn fits(&self, answer: &[u8]) -> bool {
        let wanted = self.target.must_contain.as_bytes();
        let contains = wanted.is_empty() || answer.windows(wanted.len()).any(|window| window == wanted);
        contains && self.answer.as_ref().is_none_or(|wanted| wanted == answer)
    }
}
