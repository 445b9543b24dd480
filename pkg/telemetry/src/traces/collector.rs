//! The way to the collector.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Handle;

use super::TracesSettings;

/// Where collectors take spans unless the address says otherwise.
const PATH: &str = "/v1/traces";

/// The longest answer of a collector, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Sends batches. The library does that on a thread of its own; connections live in our runtime.
pub(super) struct Collector {
    client: HttpsClient,
    address: Uri,
    headers: HeaderMap,
    time: Duration,
    runtime: Handle,
    /// Whether the operator knows that spans do not arrive.
    is_told: AtomicBool,
}

impl Collector {
    pub(super) fn new(endpoint: &str, settings: &TracesSettings) -> Result<Self, String> {
        let address = address(endpoint)?;
        let is_secure = address.scheme_str() == Some("https");
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls(is_secure)?).https_or_http();
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector.enable_http1().build()),
            address,
            headers: headers(settings)?,
            time: settings.timeout_ms.duration(),
            runtime: Handle::try_current().map_err(|error| error.to_string())?,
            is_told: AtomicBool::new(false),
        })
    }

    pub(super) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Tells the operator once that spans do not arrive, and once that they do again.
    fn tell(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let reason = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("HTTP {}", answer.status())),
            Err(error) => Some(chain(&**error)),
        };
        let collector = self.address.authority().map_or("", |authority| authority.as_str());
        match reason {
            Some(reason) if !self.is_told.swap(true, Ordering::Relaxed) => {
                tracing::warn!(collector, reason, "spans do not arrive at the collector");
            }
            None if self.is_told.swap(false, Ordering::Relaxed) => {
                tracing::info!(collector, "spans arrive at the collector again");
            }
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        request.headers_mut().extend(self.headers.clone());
        let (client, time) = (self.client.clone(), self.time);
        let sending = async move { tokio::time::timeout(time, send(client, request)).await };
        let answer = match self.runtime.spawn(sending).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err("no answer in time".into()),
            Err(error) => Err(error.into()),
        };
        self.tell(&answer);
        answer
    }
}

async fn send(client: HttpsClient, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

fn address(endpoint: &str) -> Result<Uri, String> {
    let uri = endpoint.parse::<Uri>().map_err(|error| format!("endpoint: it is not a URL: {error}"))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if !authority.as_str().contains('@') => {}
        // It is not repeated: there may be a password in it.
        _ => return Err("endpoint: it is http(s)://host:port, without a password; those go into headers".to_owned()),
    }
    if uri.path() != "/" {
        return Ok(uri);
    }
    format!("{}{PATH}", endpoint.trim_end_matches('/')).parse().map_err(|error| format!("endpoint: {error}"))
}

fn headers(settings: &TracesSettings) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let wrong = || format!("headers: {name} is not a header, or its value is none");
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(name.parse::<HeaderName>().map_err(|_| wrong())?, value);
    }
    Ok(headers)
}

/// Trusts the authorities of the platform, where there is a secure connection at all.
fn tls(is_secure: bool) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if is_secure {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if is_secure && roots.is_empty() {
        return Err("endpoint: the platform has no certificate authorities; set SSL_CERT_FILE".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("endpoint: TLS cannot be used: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The client's errors hide the cause in their sources.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Collector({})", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        let found = |endpoint: &str| address(endpoint).map(|uri| uri.to_string());
        for (endpoint, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector.example/otlp/traces", "https://collector.example/otlp/traces"),
        ] {
            assert_eq!(found(endpoint).unwrap(), expected);
        }
        for bad in ["127.0.0.1:4318", "grpc://collector:4317", "/v1/traces", "", "http://key:secret@collector"] {
            assert!(found(bad).is_err(), "{bad}");
        }
    }
}
