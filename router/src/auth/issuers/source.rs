//! Where the keys of an issuer come from: a file, or an address.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncReadExt as _;

use crate::config::JwksSettings;
use crate::transport::tls;

/// The largest set of keys, in bytes.
const LARGEST: usize = 256 * 1024;

type KeyClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Where keys come from.
#[derive(Debug)]
pub(super) enum Source {
    File(PathBuf),
    Address { client: Box<KeyClient>, uri: Uri },
}

/// Why there are no keys: in a few words for whoever looks at the router, and in full for the log.
#[derive(Debug)]
pub(super) struct NoKeys {
    pub(super) reason: &'static str,
    pub(super) detail: String,
}

impl Source {
    pub(super) fn of(settings: &JwksSettings) -> Result<Self, String> {
        match (&settings.file, &settings.url) {
            (Some(file), None) => Ok(Self::File(file.clone())),
            (None, Some(url)) => {
                let uri = url.parse::<Uri>().map_err(|error| format!("{url} is not a URL: {error}"))?;
                let tls = match uri.scheme_str() {
                    Some("https") => tls::trusting(settings.ca_file.as_deref())?,
                    Some("http") => tls::unused()?,
                    _ => return Err(format!("{url} is not of the form https://host/path")),
                };
                Ok(Self::Address { client: Box::new(client(tls)), uri })
            }
            _ => Err("name a file or a url, one of them".to_owned()),
        }
    }

    /// The text, within `time`.
    pub(super) async fn read(&self, time: Duration) -> Result<Bytes, NoKeys> {
        let reading = async {
            match self {
                Self::File(path) => {
                    let failed = |error: std::io::Error| NoKeys {
                        reason: "the file cannot be read",
                        detail: format!("{}: {error}", path.display()),
                    };
                    let file = tokio::fs::File::open(path).await.map_err(failed)?;
                    let mut text = Vec::new();
                    file.take(LARGEST as u64 + 1).read_to_end(&mut text).await.map_err(failed)?;
                    if text.len() > LARGEST { Err(too_large()) } else { Ok(text.into()) }
                }
                Self::Address { client, uri } => fetch(client, uri).await,
            }
        };
        let late = || NoKeys { reason: "no answer in time", detail: format!("nothing within {time:?}") };
        tokio::time::timeout(time, reading).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Asks the address. Redirects are not followed: the address is the operator's word.
async fn fetch(client: &KeyClient, uri: &Uri) -> Result<Bytes, NoKeys> {
    let failed = |error: &dyn std::error::Error| NoKeys { reason: "no answer", detail: chain(error) };
    let request = Request::get(uri.clone()).header(header::ACCEPT, "application/jwk-set+json, application/json");
    let request = request.body(Empty::new()).map_err(|error| failed(&error))?;
    let answer = client.request(request).await.map_err(|error| failed(&error))?;
    if answer.status() != StatusCode::OK {
        return Err(NoKeys { reason: "an answer without keys", detail: format!("HTTP {}", answer.status()) });
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|error| if error.is::<http_body_util::LengthLimitError>() { too_large() } else { failed(&*error) })
}

fn too_large() -> NoKeys {
    NoKeys { reason: "they are too large", detail: format!("more than {LARGEST} bytes") }
}

fn client(tls: rustls::ClientConfig) -> KeyClient {
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    // Keys are fetched every few minutes; a connection does not live that long.
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector)
}

/// The client's errors hide the cause in their sources.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
