//! TLS to subgraphs and issuers: whom it trusts, and what a failed handshake means.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, RootCertStore};

/// Trusts the authorities of the platform, or those of Mozilla's list where the platform has none, and those in `ca_file`.
///
/// # Errors
/// When that file cannot be used. The text says why.
pub(crate) fn trusting(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = platform();
    if let Some(path) = ca_file {
        add(&mut roots, path).map_err(|reason| format!("{} (ca_file): {reason}", path.display()))?;
    }
    configure(roots)
}

/// For connections without TLS: trusts nobody.
///
/// # Errors
/// As [`trusting`].
pub(crate) fn unused() -> Result<ClientConfig, String> {
    configure(RootCertStore::empty())
}

/// The reason of a failure that came from TLS, for the operator.
pub(super) fn failure(error: &(dyn Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(reason(error));
        }
        // An I/O error is not the source of what it wraps.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

fn reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            format!("{error}; if its authority is to be trusted, name it in router.subgraph_calls (ca_file)")
        }
        rustls::Error::InvalidMessage(_) => format!("{error}; does it speak TLS at this port?"),
        error => error.to_string(),
    }
}

fn configure(roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("TLS cannot be used: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn platform() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "some certificate authorities of the platform cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::info!("the platform has no certificate authorities; Mozilla's list is used");
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.len() == before { Err("there is no certificate in it (PEM)".to_owned()) } else { Ok(()) }
}
