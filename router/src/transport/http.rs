//! Subgraphs over HTTP: POST with JSON, signed, on pooled connections.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reel_auth::call;
use tokio::sync::Semaphore;
use tower::Service as _;
use tower_http::decompression::Decompression;

use crate::config::{AnswerCompression, CallSettings};
use crate::headers::selected;

use super::pool::Pool;
use super::spans::CallSpan;
use super::{AnswerText, Fetch, Fetched, SubgraphTransport, TransportError, tls};
use crate::executor::json;

/// The header with the milliseconds after which the answer is no longer wanted.
const DEADLINE_HEADER: &str = "x-reel-deadline-ms";

/// How to call one subgraph.
#[derive(Debug, Clone)]
pub struct HttpTransportSettings {
    /// Where it answers GraphQL, for example `http://127.0.0.1:4001/graphql`. Over `https://` HTTP/2 is used when it offers it.
    pub url: Uri,
    /// The audience that calls are signed for, for example `video/graphql`.
    pub audience: String,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How many fetches may be under way at once; more of them wait, up to their deadline.
    pub connections: usize,
    /// How many may wait; further ones fail at once.
    pub queue: usize,
    /// How large an answer may be, in bytes, unpacked.
    pub answer_limit: usize,
    /// Whether the subgraph speaks HTTP/2 without being asked, so that one connection carries all fetches.
    pub http2: bool,
    /// When it may compress its answers.
    pub compression: AnswerCompression,
    /// A file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The headers of its answers that clients get.
    pub answered: Vec<HeaderName>,
}

impl HttpTransportSettings {
    /// The defaults for a subgraph at `url`.
    pub fn new(url: Uri, audience: impl Into<String>) -> Self {
        Self::of(url, audience, &CallSettings::default())
    }

    /// What the settings say for a subgraph at `url`.
    pub fn of(url: Uri, audience: impl Into<String>, settings: &CallSettings) -> Self {
        Self {
            url,
            audience: audience.into(),
            connect_timeout: settings.connect_timeout_ms.duration(),
            connections: settings.connections,
            queue: settings.queue,
            answer_limit: settings.answer_bytes,
            http2: settings.http2,
            compression: settings.compression,
            ca_file: settings.ca_file.clone(),
            answered: Vec::new(),
        }
    }
}

/// One subgraph over HTTP.
#[derive(Debug)]
pub struct HttpTransport {
    client: Sender,
    settings: HttpTransportSettings,
    signer: Option<Arc<call::CallSigner>>,
    /// For calls that are under way or wait, and for those under way.
    places: Semaphore,
    permits: Semaphore,
}

impl HttpTransport {
    /// A transport with a connection pool of its own. Without a signer calls are not signed, and the subgraph does not
    /// learn who asks.
    ///
    /// # Errors
    /// When TLS is needed and cannot be set up, for example because the file of authorities cannot be read.
    pub fn new(
        settings: HttpTransportSettings,
        signer: impl Into<Option<Arc<call::CallSigner>>>,
    ) -> Result<Self, String> {
        let client = Sender::new(&settings)?;
        let places = settings.connections.saturating_add(settings.queue).min(Semaphore::MAX_PERMITS);
        let (places, permits) =
            (Semaphore::new(places), Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { client, settings, signer: signer.into(), places, permits })
    }

    async fn call(&self, fetch: &Fetch) -> Result<AnswerText, TransportError> {
        let _place = self.places.try_acquire().map_err(|_| TransportError::Busy)?;
        let _permit = self.permits.acquire().await.map_err(|error| TransportError::Unavailable(error.to_string()))?;
        let span = CallSpan::begin(&fetch.context, &self.settings.url);
        let answer = self.exchange(fetch, &span).await;
        span.settle(&answer);
        answer
    }

    async fn exchange(&self, fetch: &Fetch, span: &CallSpan) -> Result<AnswerText, TransportError> {
        let request = self.http_request(fetch, span)?;
        match &self.client {
            Sender::Plain(pool) => {
                let response = pool.send(request).await;
                self.read(response.map_err(|error| TransportError::Unavailable(chain(&*error)))?, span).await
            }
            Sender::Negotiating { client, unpacks } => {
                let unpacks = *unpacks;
                let mut client = Decompression::new(&**client).gzip(unpacks).deflate(unpacks).br(unpacks).zstd(unpacks);
                self.read(client.call(request).await.map_err(|error| unreachable(&error))?, span).await
            }
        }
    }

    /// Reads an answer within the bound on its size.
    async fn read<B>(&self, response: Response<B>, span: &CallSpan) -> Result<AnswerText, TransportError>
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let status = response.status();
        span.answered(status);
        let headers = selected(&self.settings.answered, response.headers());
        let sets_cookie = response.headers().contains_key(header::SET_COOKIE);
        let limit = self.settings.answer_limit;
        let body = Limited::new(response.into_body(), limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                TransportError::TooLarge { limit }
            } else if error.is::<hyper::Error>() {
                TransportError::Unavailable(chain(&*error))
            } else {
                TransportError::BadAnswer(format!("it cannot be unpacked: {error}"))
            }
        })?;
        let mut answer = AnswerText::of(status, body.to_bytes())?;
        (answer.headers, answer.sets_cookie) = (headers, sets_cookie);
        Ok(answer)
    }

    fn http_request(&self, fetch: &Fetch, span: &CallSpan) -> Result<Request<Full<Bytes>>, TransportError> {
        let body = write_body(fetch).map_err(|error| TransportError::Unavailable(error.to_string()))?;
        let context = &fetch.context;
        let passed = fetch.headers.iter().flat_map(|headers| headers.iter());
        let mut builder = Request::builder()
            .method(Method::POST)
            .uri(self.client.target(&self.settings.url))
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json, application/json"))
            .header("x-request-id", &context.request_id)
            .header(DEADLINE_HEADER, fetch.deadline.saturating_duration_since(Instant::now()).as_millis().to_string());
        if let Some(signer) = &self.signer {
            let envelope = signer.sign(&self.settings.audience, context.viewer.as_ref(), &body);
            builder = builder.header(call::HEADER, envelope);
        }
        if let Some(traceparent) = span.traceparent(context) {
            builder = builder.header("traceparent", &*traceparent);
        }
        for (name, value) in passed {
            builder = builder.header(name, value);
        }
        builder.body(Full::new(Bytes::from(body))).map_err(|error| TransportError::Unavailable(error.to_string()))
    }
}

#[async_trait]
impl SubgraphTransport for HttpTransport {
    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, TransportError> {
        let answer = tokio::time::timeout_at(fetch.deadline.into(), self.call(&fetch)).await;
        answer.unwrap_or(Err(TransportError::Timeout)).map(Fetched::Text)
    }
}

/// The body of a request. Representations are text already.
fn write_body(fetch: &Fetch) -> serde_json::Result<Vec<u8>> {
    let length: usize = fetch.entities.iter().map(|(_, list)| list.len()).sum();
    let mut body = Vec::with_capacity(length + fetch.document.json().len() + 256);
    body.extend_from_slice(b"{\"query\":");
    body.extend_from_slice(fetch.document.json());
    body.extend_from_slice(b",\"variables\":");
    write_variables(fetch, &mut body)?;
    body.push(b'}');
    Ok(body)
}

/// The variables of a fetch as a JSON object.
fn write_variables(fetch: &Fetch, body: &mut Vec<u8>) -> serde_json::Result<()> {
    body.push(b'{');
    let begin = |name: &str, body: &mut Vec<u8>| {
        if body.last() != Some(&b'{') {
            body.push(b',');
        }
        json::write_string(name, body);
        body.push(b':');
    };
    for (name, value) in fetch.variables.iter() {
        begin(name, body);
        serde_json::to_writer(&mut *body, value)?;
    }
    for (name, list) in &fetch.entities {
        begin(name, body);
        body.extend_from_slice(list);
    }
    body.push(b'}');
    Ok(())
}

/// What carries requests.
#[derive(Debug)]
enum Sender {
    /// HTTP/1.1 without TLS, between processes that are near each other.
    Plain(Arc<Pool>),
    /// Whatever the two sides agree on; offers to take compressed answers, and unpacks them as they arrive, as far as the
    /// subgraph may send any.
    Negotiating { client: Box<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>, unpacks: bool },
}

impl Sender {
    fn new(settings: &HttpTransportSettings) -> Result<Self, String> {
        let is_secure = settings.url.scheme() == Some(&Scheme::HTTPS);
        let unpacks = match settings.compression {
            AnswerCompression::Https => is_secure,
            AnswerCompression::Always => true,
            AnswerCompression::Never => false,
        };
        if !is_secure && !settings.http2 && !unpacks {
            return Ok(Self::Plain(Pool::new(&settings.url, settings.connect_timeout)?));
        }
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(settings.connections)
            .http2_only(settings.http2)
            .build(connector(settings)?);
        Ok(Self::Negotiating { client: Box::new(client), unpacks })
    }

    /// What stands in a request's first line.
    fn target(&self, url: &Uri) -> Uri {
        match self {
            Self::Plain(pool) => pool.path(),
            Self::Negotiating { .. } => url.clone(),
        }
    }
}

fn connector(settings: &HttpTransportSettings) -> Result<HttpsConnector<HttpConnector>, String> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(settings.connect_timeout));
    let is_secure = settings.url.scheme() == Some(&Scheme::HTTPS);
    let tls = if is_secure { tls::trusting(settings.ca_file.as_deref()) } else { tls::unused() };
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls?).https_or_http();
    Ok(builder.enable_all_versions().wrap_connector(connector))
}

fn unreachable(error: &hyper_util::client::legacy::Error) -> TransportError {
    match tls::failure(error) {
        Some(reason) => TransportError::Tls(reason),
        None => TransportError::Unavailable(chain(error)),
    }
}

/// The client's errors hide the cause in their sources.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
