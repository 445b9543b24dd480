//! Subgraphs over TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reel_router::config::{CallOverrides, ListedSubgraph, SubgraphCallSettings};
use reel_router::reload::SchemaReader;
use reel_router::transport::HttpConnector;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use crate::shop::{PRODUCTS, Shop, shop};

/// An authority, with its certificate in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// A server's certificate and key.
pub(crate) type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn certify(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), PrivateKeyDer::Pkcs8(key.serialize_der().into()))
    }
}

const PRODUCT: &str = r#"{"data":{"products":[{"__typename":"Product","id":"1"}]}}"#;

/// A subgraph over TLS that answers the version in which it was asked.
async fn secure(identity: Identity, protocols: &[&str]) -> String {
    answering(identity, protocols, PRODUCT).await
}

async fn answering(identity: Identity, protocols: &[&str], body: &'static str) -> String {
    let answer = move |request: Request| async move {
        let version = format!("{:?}", request.version());
        ([("x-version", version)], body).into_response()
    };
    listen(identity, protocols, Router::new().fallback(answer)).await + "/graphql"
}

/// Serves this over TLS, and answers where.
pub(crate) async fn listen(identity: Identity, protocols: &[&str], app: Router) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![identity.0], identity.1).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, app) = (acceptor.clone(), TowerToHyperService::new(app.clone()));
            tokio::spawn(async move {
                // A client that does not trust us breaks the handshake off.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), app).await;
            });
        }
    });
    url
}

async fn shop_at(url: String, ca_file: Option<&Path>) -> Shop {
    let shop = shop().headers(json!({ "all": { "answers": [{ "name": "x-version" }] } }));
    let shop = shop.settings(|settings| {
        settings.subgraph_urls = [("shop".to_owned(), url)].into();
        settings.subgraph_calls.all.ca_file = ca_file.map(Path::to_owned);
    });
    shop.start().await
}

#[tokio::test]
async fn a_subgraph_whose_authority_is_named_is_asked_over_http2_where_it_offers_it() {
    let authority = Authority::new();
    for (protocols, version) in [(&["h2", "http/1.1"][..], "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")]
    {
        let url = secure(authority.certify("localhost", |_| {}), protocols).await;
        let shop = shop_at(url, Some(&authority.file())).await;
        let answer = shop.query(PRODUCTS, &[]).await;
        assert_eq!(answer.json()["data"]["products"][0]["id"], "1", "{protocols:?}");
        assert_eq!(answer.lines("x-version"), [version], "{protocols:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_right_is_not_accepted_and_clients_learn_only_that_the_service_is_away() {
    let (authority, other) = (Authority::new(), Authority::new());
    let expired = |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let good = || authority.certify("localhost", |_| {});
    for (what, identity, ca_file) in [
        ("nobody named its authority", good(), None),
        ("another authority is named", good(), Some(other.file())),
        ("it has expired", authority.certify("localhost", expired), Some(authority.file())),
        ("it is for another name", authority.certify("elsewhere", |_| {}), Some(authority.file())),
    ] {
        let shop = shop_at(secure(identity, &["h2"]).await, ca_file.as_deref()).await;
        let answer = shop.query(PRODUCTS, &[]).await;
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "SERVICE_UNAVAILABLE", "{what}");
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        assert!(!text.contains("certificate") && !text.contains("tls"), "{what}: {text}");
    }
}

#[tokio::test]
async fn the_reason_of_a_failed_handshake_is_there_for_the_log() {
    let authority = Authority::new();
    let url = secure(authority.certify("localhost", |_| {}), &["h2"]).await;
    let plain = crate::shop::listen(Router::new()).await.replace("http://", "https://");
    for (url, reason) in [(url, "ca_file"), (plain, "does it speak TLS")] {
        let connector = HttpConnector::new(Default::default(), Default::default(), Default::default(), None);
        let transport = connector.connect("shop", &url).unwrap();
        let error = transport.fetch(crate::shop::fetch()).await.unwrap_err().to_string();
        assert!(error.contains("TLS") && error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_schema_is_read_over_tls_from_whom_calls_trust() {
    const SCHEMA: &str = r#"{"data":{"_service":{"sdl":"type Query { a: Int }"}}}"#;
    let (authority, other) = (Authority::new(), Authority::new());
    let url = answering(authority.certify("localhost", |_| {}), &["h2", "http/1.1"], SCHEMA).await;
    let subgraph: ListedSubgraph = serde_json::from_value(json!({ "name": "shop", "url": url })).unwrap();
    let calls = |all: Option<PathBuf>, own: Option<PathBuf>| {
        let mut calls = SubgraphCallSettings::default();
        calls.all.ca_file = all;
        let overrides = CallOverrides { ca_file: own.map(Some), ..CallOverrides::default() };
        calls.by_name.insert("shop".to_owned(), overrides);
        calls
    };
    for (calls, is_read) in [
        (calls(Some(authority.file()), None), true),
        (calls(Some(other.file()), Some(authority.file())), true),
        (calls(Some(authority.file()), Some(other.file())), false),
        (calls(None, None), false),
    ] {
        let reader = SchemaReader::new(Duration::from_secs(20), 1 << 20, &calls).unwrap();
        let read = reader.read(&subgraph).await;
        assert_eq!(read.is_ok(), is_read, "{read:?}");
    }
}

#[test]
fn a_file_without_authorities_is_refused_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, missing) = (folder.path().join("empty.pem"), folder.path().join("missing.pem"));
    std::fs::write(&empty, "no certificate").unwrap();
    for file in [empty, missing] {
        let mut calls = SubgraphCallSettings::default();
        calls.all.ca_file = Some(file.clone());
        let connector = HttpConnector::new(Default::default(), Default::default(), calls, None);
        let error = connector.connect("shop", "https://localhost:1/graphql").map(|_| ()).unwrap_err();
        assert!(error.contains("ca_file") && error.contains(file.to_str().unwrap()), "{error}");
        assert!(connector.connect("shop", "http://localhost:1/graphql").is_ok(), "it is not needed");
    }
}
