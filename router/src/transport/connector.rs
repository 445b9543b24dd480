//! From the names and addresses that a supergraph gives for its subgraphs to transports over HTTP.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use reel_auth::call::CallSigner;

use super::http::{HttpTransport, HttpTransportSettings};
use super::passing::Passing;
use super::{Deduplicated, Resilient, SubgraphTransport};
use crate::config::{SubgraphCallSettings, SubgraphHeaderSettings};
use crate::headers::SubgraphHeaders;

/// Makes the transports of a supergraph. One that was made is used again by the next supergraph, so that its connections
/// outlive a reload.
pub struct HttpConnector {
    urls: BTreeMap<String, String>,
    fallbacks: BTreeMap<String, String>,
    calls: SubgraphCallSettings,
    headers: SubgraphHeaderSettings,
    signer: Option<Arc<CallSigner>>,
    made: Mutex<HashMap<(String, Uri), Arc<dyn SubgraphTransport>>>,
}

impl HttpConnector {
    /// A connector that signs calls with `signer`; without one they are not signed. An entry of `urls` goes before the
    /// address in the supergraph, that before an entry of `fallbacks`.
    pub fn new(
        urls: BTreeMap<String, String>,
        fallbacks: BTreeMap<String, String>,
        calls: SubgraphCallSettings,
        signer: Option<Arc<CallSigner>>,
    ) -> Self {
        Self { urls, fallbacks, calls, headers: SubgraphHeaderSettings::default(), signer, made: Mutex::default() }
    }

    /// The same, with headers that pass between clients and subgraphs.
    #[must_use]
    pub fn with_headers(self, headers: SubgraphHeaderSettings) -> Self {
        Self { headers, ..self }
    }

    /// The transport of one subgraph. `written` is the address in the supergraph, often an empty text.
    ///
    /// # Errors
    /// When there is no address, or it cannot be used. The text says what to set.
    pub fn connect(&self, name: &str, written: &str) -> Result<Arc<dyn SubgraphTransport>, String> {
        let url = self.address(name, written)?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), url);
        if let Some(transport) = made.get(&key) {
            return Ok(Arc::clone(transport));
        }
        let transport = self.transport(name, key.1.clone())?;
        made.insert(key, Arc::clone(&transport));
        Ok(transport)
    }

    fn address(&self, name: &str, written: &str) -> Result<Uri, String> {
        let written = Some(written).filter(|url| !url.is_empty());
        let text = self.urls.get(name).map(String::as_str).or(written);
        let text = text.or_else(|| self.fallbacks.get(name).map(String::as_str));
        let text = text.ok_or_else(|| format!("it has no address; set router.subgraph_urls.{name}"))?;
        let url = text.parse::<Uri>().map_err(|error| format!("{text} is not a URL: {error}"))?;
        match (url.scheme_str(), url.host()) {
            (Some("http" | "https"), Some(_)) => Ok(url),
            _ => Err(format!("{text} is not of the form http(s)://host:port/path; set router.subgraph_urls.{name}")),
        }
    }

    fn transport(&self, name: &str, url: Uri) -> Result<Arc<dyn SubgraphTransport>, String> {
        let calls = self.calls.of(name);
        let headers = SubgraphHeaders::new(&self.headers, name);
        let mut settings = HttpTransportSettings::of(url, format!("{name}/graphql"), &calls);
        settings.answered = headers.answered();
        let http = Arc::new(HttpTransport::new(settings, self.signer.clone())?);
        let resilient = Arc::new(Resilient::new(name, http, &calls));
        // Who gets its cookies must be the one who asked.
        let shares = calls.deduplicate && !headers.hands_out_cookies();
        let subgraph: Arc<dyn SubgraphTransport> =
            if shares { Arc::new(Deduplicated::new(name, resilient)) } else { resilient };
        Ok(if headers.is_empty() { subgraph } else { Arc::new(Passing::new(subgraph, headers)) })
    }
}

impl std::fmt::Debug for HttpConnector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HttpConnector").field("urls", &self.urls).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, url: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), url.to_owned())])
    }

    fn unset() -> HttpConnector {
        HttpConnector::new(BTreeMap::new(), BTreeMap::new(), Default::default(), None)
    }

    fn address(urls: BTreeMap<String, String>, written: &str) -> Result<String, String> {
        let connector = HttpConnector::new(urls, one("a", "http://fallback/graphql"), Default::default(), None);
        connector.address("a", written).map(|url| url.to_string())
    }

    #[test]
    fn the_setting_goes_before_the_supergraph_and_that_before_the_fallback() {
        assert_eq!(address(one("a", "http://set/g"), "http://written/g").unwrap(), "http://set/g");
        assert_eq!(address(one("b", "http://set/g"), "http://written/g").unwrap(), "http://written/g");
        assert_eq!(address(BTreeMap::new(), "").unwrap(), "http://fallback/graphql");
    }

    #[test]
    fn a_subgraph_without_a_usable_address_says_what_to_set() {
        for written in ["", "ftp://b/graphql", "b:80", "/graphql"] {
            let error = unset().address("b", written).unwrap_err();
            assert!(error.contains("router.subgraph_urls.b") || error.contains("is not a URL"), "{written}: {error}");
        }
    }

    #[tokio::test]
    async fn a_transport_is_made_once_for_a_name_and_an_address() {
        let connector = unset();
        let first = connector.connect("a", "http://a/graphql").unwrap();
        assert!(Arc::ptr_eq(&first, &connector.connect("a", "http://a/graphql").unwrap()));
        assert!(!Arc::ptr_eq(&first, &connector.connect("a", "http://b/graphql").unwrap()));
    }
}
