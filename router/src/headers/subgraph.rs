use std::sync::Arc;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};
use indexmap::IndexMap;

use super::{ClientHeaders, PassedHeaders, secret};
use crate::config::{HeaderMerge, SubgraphHeaderSettings};

/// What one subgraph gets of a client's headers, and what the client gets of its headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct SubgraphHeaders {
    sent: Vec<(HeaderName, Source)>,
    /// The same, when it is the same for every request.
    fixed: PassedHeaders,
    answered: Vec<(HeaderName, HeaderMerge)>,
}

/// Where a header's value comes from.
#[derive(Debug, Clone)]
enum Source {
    Client { name: HeaderName, default: Option<HeaderValue> },
    Fixed(HeaderValue),
}

impl SubgraphHeaders {
    /// What the settings say for this subgraph.
    pub(crate) fn new(settings: &SubgraphHeaderSettings, subgraph: &str) -> Self {
        let (mut sent, mut answered) = (IndexMap::new(), IndexMap::new());
        for rules in settings.of(subgraph) {
            for header in &rules.propagate {
                let default = header.default.as_ref().map(|value| value.0.clone());
                sent.insert(header.sent_as.clone(), Source::Client { name: header.name.clone(), default });
            }
            for header in &rules.insert {
                sent.insert(header.name.0.clone(), Source::Fixed(header.value.0.clone()));
            }
            for name in &rules.remove {
                sent.shift_remove(&name.0);
            }
            answered.extend(rules.answers.iter().map(|header| (header.name.0.clone(), header.merge)));
        }
        let sent: Vec<_> = sent.into_iter().collect();
        let is_fixed = sent.iter().all(|(_, source)| matches!(source, Source::Fixed(_)));
        let fixed = if is_fixed { collect(&sent, None) } else { None };
        Self { sent, fixed, answered: answered.into_iter().collect() }
    }

    /// Nothing passes.
    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.answered.is_empty()
    }

    /// Whether clients get its cookies.
    pub(crate) fn hands_out_cookies(&self) -> bool {
        self.answered.iter().any(|(name, _)| *name == SET_COOKIE)
    }

    /// What it gets with a fetch for this client.
    pub(crate) fn sent(&self, client: Option<&ClientHeaders>) -> PassedHeaders {
        if self.fixed.is_some() { self.fixed.clone() } else { collect(&self.sent, client) }
    }

    /// The names of the headers of its answers that clients get.
    pub(crate) fn answered(&self) -> Vec<HeaderName> {
        self.answered.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Gives the client what it gets of an answer's headers.
    pub(crate) fn give(&self, passed: &PassedHeaders, client: &ClientHeaders) {
        let Some(passed) = passed else { return };
        for (name, merge) in &self.answered {
            let values: Vec<&HeaderValue> =
                passed.iter().filter(|(passed, _)| passed == name).map(|(_, value)| value).collect();
            if !values.is_empty() {
                client.take(name, &values, *merge);
            }
        }
    }
}

/// The headers of an answer that have these names.
pub(crate) fn selected(names: &[HeaderName], headers: &HeaderMap) -> PassedHeaders {
    let mut passed = Vec::new();
    for name in names {
        passed.extend(headers.get_all(name).iter().map(|value| (name.clone(), secret(value))));
    }
    non_empty(passed)
}

fn collect(sent: &[(HeaderName, Source)], client: Option<&ClientHeaders>) -> PassedHeaders {
    let mut headers = Vec::with_capacity(sent.len());
    for (sent_as, source) in sent {
        let (name, default) = match source {
            Source::Fixed(value) => {
                headers.push((sent_as.clone(), value.clone()));
                continue;
            }
            Source::Client { name, default } => (name, default),
        };
        let before = headers.len();
        let received = client.into_iter().flat_map(|client| client.received.get_all(name));
        headers.extend(received.map(|value| (sent_as.clone(), value.clone())));
        if headers.len() == before {
            headers.extend(default.iter().map(|value| (sent_as.clone(), value.clone())));
        }
    }
    non_empty(headers)
}

fn non_empty(headers: Vec<(HeaderName, HeaderValue)>) -> PassedHeaders {
    (!headers.is_empty()).then(|| Arc::from(headers))
}
