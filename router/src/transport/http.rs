//! Subgraphs over HTTP: POST with JSON, signed, on pooled connections.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql_value::{ConstValue, Name, Variables};
use async_trait::async_trait;
use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reel_auth::call;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tower::Service as _;
use tower_http::decompression::Decompression;

use crate::config::{AnswerCompression, CallSettings};
use crate::headers::selected;

use super::{PathSegment, SubgraphError, SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError, tls};

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
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
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
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(settings.connections)
            .http2_only(settings.http2)
            .build(connector(&settings)?);
        let places = settings.connections.saturating_add(settings.queue).min(Semaphore::MAX_PERMITS);
        let (places, permits) =
            (Semaphore::new(places), Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { client, settings, signer: signer.into(), places, permits })
    }

    async fn call(&self, request: &SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let _place = self.places.try_acquire().map_err(|_| TransportError::Busy)?;
        let _permit = self.permits.acquire().await.map_err(|error| TransportError::Unavailable(error.to_string()))?;
        let request = self.http_request(request)?;
        let response = self.sender().call(request).await.map_err(|error| unreachable(&error))?;
        let status = response.status();
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
        let answer = read_answer(status, &body.to_bytes())?;
        Ok(SubgraphResponse { headers, sets_cookie, ..answer })
    }

    /// Offers to take compressed answers, and unpacks them as they arrive, as far as this subgraph may send any.
    fn sender(&self) -> Decompression<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>> {
        let offers = match self.settings.compression {
            AnswerCompression::Https => self.settings.url.scheme() == Some(&Scheme::HTTPS),
            AnswerCompression::Always => true,
            AnswerCompression::Never => false,
        };
        Decompression::new(&self.client).gzip(offers).deflate(offers).br(offers).zstd(offers)
    }

    fn http_request(&self, request: &SubgraphRequest) -> Result<Request<Full<Bytes>>, TransportError> {
        let content = RequestBody {
            query: &request.document.text,
            operation_name: request.operation_name.as_deref(),
            variables: &request.variables,
        };
        let body = serde_json::to_vec(&content).map_err(|error| TransportError::Unavailable(error.to_string()))?;
        let context = &request.context;
        let passed = request.headers.iter().flat_map(|headers| headers.iter());
        let mut builder = Request::builder()
            .method(Method::POST)
            .uri(self.settings.url.clone())
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json, application/json"))
            .header("x-request-id", &context.request_id)
            .header(
                DEADLINE_HEADER,
                context.deadline.saturating_duration_since(Instant::now()).as_millis().to_string(),
            );
        if let Some(signer) = &self.signer {
            let envelope = signer.sign(&self.settings.audience, context.viewer.as_ref(), &body);
            builder = builder.header(call::HEADER, envelope);
        }
        if let Some(traceparent) = &context.traceparent {
            builder = builder.header("traceparent", traceparent);
        }
        for (name, value) in passed {
            builder = builder.header(name, value);
        }
        builder.body(Full::new(Bytes::from(body))).map_err(|error| TransportError::Unavailable(error.to_string()))
    }
}

#[async_trait]
impl SubgraphTransport for HttpTransport {
    async fn execute(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let deadline = request.context.deadline.into();
        tokio::time::timeout_at(deadline, self.call(&request)).await.unwrap_or(Err(TransportError::Timeout))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestBody<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    variables: &'a Variables,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: ConstValue,
    #[serde(default)]
    errors: Option<Vec<AnswerError>>,
}

#[derive(Deserialize)]
struct AnswerError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Option<Vec<AnswerSegment>>,
    #[serde(default)]
    extensions: Option<AnswerExtensions>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AnswerSegment {
    Index(usize),
    Key(String),
}

#[derive(Deserialize, Default)]
struct AnswerExtensions {
    #[serde(default)]
    code: Option<ConstValue>,
    #[serde(default)]
    field: Option<ConstValue>,
}

fn read_answer(status: StatusCode, body: &[u8]) -> Result<SubgraphResponse, TransportError> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| match status {
        // Somebody on the way says that there is nobody behind.
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            TransportError::Unavailable(format!("HTTP {status}"))
        }
        status => TransportError::BadAnswer(format!("HTTP {status}: {error}")),
    })?;
    let errors: Vec<SubgraphError> =
        answer.errors.unwrap_or_default().into_iter().map(AnswerError::into_error).collect();
    if errors.is_empty() && !matches!(answer.data, ConstValue::Object(_)) {
        return Err(TransportError::BadAnswer(format!("HTTP {status} with neither data nor errors")));
    }
    Ok(SubgraphResponse { data: answer.data, errors, ..SubgraphResponse::default() })
}

impl AnswerError {
    fn into_error(self) -> SubgraphError {
        let extensions = self.extensions.unwrap_or_default();
        let path = self.path.unwrap_or_default();
        SubgraphError {
            message: self.message,
            path: path
                .into_iter()
                .map(|segment| match segment {
                    AnswerSegment::Index(index) => PathSegment::Index(index),
                    AnswerSegment::Key(key) => PathSegment::Key(Name::new(key)),
                })
                .collect(),
            code: text(extensions.code),
            field: text(extensions.field),
        }
    }
}

fn text(value: Option<ConstValue>) -> Option<String> {
    match value {
        Some(ConstValue::String(text)) => Some(text),
        _ => None,
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
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
