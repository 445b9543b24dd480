//! Headers that pass between clients and subgraphs, as far as the settings say so: [`HeaderPassage`] knows what of a
//! request is needed, [`ClientHeaders`] carries it and gathers what comes back, [`SubgraphHeaders`] says what one subgraph gets.

mod names;
mod subgraph;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{CONNECTION, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::{HeaderMerge, SubgraphHeaderSettings};

pub(crate) use names::{may_be_propagated, may_be_sent, may_reach_clients};
pub(crate) use subgraph::{SubgraphHeaders, selected};

/// Headers on their way, in a fixed order; `None` when there are none.
pub type PassedHeaders = Option<Arc<[(HeaderName, HeaderValue)]>>;

/// How many lines, and how many bytes of them, one answer to a client may get from subgraphs.
const MOST_LINES: usize = 64;
const MOST_BYTES: usize = 16 * 1024;

/// What is needed of clients' requests, by the settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeaderPassage {
    /// The headers that go to some subgraph.
    wanted: Vec<HeaderName>,
    /// The headers that may come back from some subgraph.
    answered: Vec<HeaderName>,
}

/// What of one request may go to subgraphs, and what of their answers goes back.
#[derive(Debug, Default)]
pub struct ClientHeaders {
    received: HeaderMap,
    answered: Mutex<Answered>,
}

#[derive(Debug, Default)]
struct Answered {
    headers: HeaderMap,
    bytes: usize,
}

impl HeaderPassage {
    pub(crate) fn new(settings: &SubgraphHeaderSettings) -> Self {
        let propagated = settings.rules().flat_map(|rules| &rules.propagate).map(|header| header.name.clone());
        let answered = settings.rules().flat_map(|rules| &rules.answers).map(|header| header.name.0.clone());
        Self { wanted: each_once(propagated), answered: each_once(answered) }
    }

    /// What passes of this request; `None` when nothing ever does.
    pub(crate) fn of(&self, request: &HeaderMap) -> Option<Arc<ClientHeaders>> {
        if self.wanted.is_empty() && self.answered.is_empty() {
            return None;
        }
        let mut received = HeaderMap::with_capacity(self.wanted.len());
        for name in self.wanted.iter().filter(|name| !is_of_the_connection(name, request)) {
            for value in request.get_all(name) {
                received.append(name.clone(), secret(value));
            }
        }
        Some(Arc::new(ClientHeaders { received, answered: Mutex::default() }))
    }

    /// Tells caches which of the request's headers an answer may depend on.
    pub(crate) fn vary(&self, answer: &mut HeaderMap) {
        for name in &self.wanted {
            answer.append(VARY, name.clone().into());
        }
    }

    /// The headers that clients may send for subgraphs.
    pub(crate) fn wanted(&self) -> &[HeaderName] {
        &self.wanted
    }

    /// The headers that clients may get from subgraphs.
    pub(crate) fn answered(&self) -> &[HeaderName] {
        &self.answered
    }
}

impl ClientHeaders {
    /// Takes over a header of a subgraph's answer. An equal line is there once, and the whole is bounded.
    fn take(&self, name: &HeaderName, values: &[&HeaderValue], merge: HeaderMerge) {
        let mut answered = self.answered();
        match merge {
            _ if *name == SET_COOKIE => {}
            HeaderMerge::First if answered.headers.contains_key(name) => return,
            HeaderMerge::Last => answered.remove(name),
            HeaderMerge::First | HeaderMerge::Append => {}
        }
        for value in values {
            answered.add(name, value);
        }
    }

    /// Puts what subgraphs answered into the headers of the answer to the client.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.answered().headers {
            headers.append(name, value.clone());
        }
    }

    /// A panic elsewhere leaves it usable: every change of it is whole.
    fn answered(&self) -> MutexGuard<'_, Answered> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answered {
    fn remove(&mut self, name: &HeaderName) {
        let removed: usize = self.headers.get_all(name).iter().map(|value| name.as_str().len() + value.len()).sum();
        self.headers.remove(name);
        self.bytes -= removed;
    }

    fn add(&mut self, name: &HeaderName, value: &HeaderValue) {
        let bytes = self.bytes + name.as_str().len() + value.len();
        if self.headers.get_all(name).iter().any(|known| known == value) {
            return;
        }
        if self.headers.len() >= MOST_LINES || bytes > MOST_BYTES {
            tracing::warn!(header = name.as_str(), "subgraphs answer too many headers for the client; one is left out");
            return;
        }
        self.bytes = bytes;
        self.headers.append(name.clone(), value.clone());
    }
}

/// A header that the request's `Connection` names is for the next hop only (RFC 9110 section 7.6.1).
fn is_of_the_connection(name: &HeaderName, request: &HeaderMap) -> bool {
    let options = request.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    options.flat_map(|value| value.split(',')).any(|option| option.trim().eq_ignore_ascii_case(name.as_str()))
}

fn each_once(names: impl Iterator<Item = HeaderName>) -> Vec<HeaderName> {
    let mut once: Vec<HeaderName> = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// Whatever passes may be a credential: it is not printed and not put into HTTP/2's compression table.
fn secret(value: &HeaderValue) -> HeaderValue {
    let mut value = value.clone();
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: HeaderName = SET_COOKIE;
    const SERVER: HeaderName = HeaderName::from_static("x-server");

    fn lines(client: &ClientHeaders, name: &HeaderName) -> Vec<String> {
        let mut headers = HeaderMap::new();
        client.announce(&mut headers);
        headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    fn taken(name: &HeaderName, answers: &[&'static str], merge: HeaderMerge) -> Vec<String> {
        let client = ClientHeaders::default();
        for answer in answers {
            client.take(name, &[&HeaderValue::from_static(answer)], merge);
        }
        lines(&client, name)
    }

    #[test]
    fn the_merge_decides_which_answers_the_client_gets_and_cookies_are_always_appended() {
        let answers = ["a", "b", "a", "c"];
        assert_eq!(taken(&SERVER, &answers, HeaderMerge::First), ["a"]);
        assert_eq!(taken(&SERVER, &answers, HeaderMerge::Last), ["c"]);
        for (name, merge) in [(SERVER, HeaderMerge::Append), (COOKIE, HeaderMerge::First), (COOKIE, HeaderMerge::Last)]
        {
            assert_eq!(taken(&name, &answers, merge), ["a", "b", "c"], "an equal line is there once");
        }
    }

    #[test]
    fn what_subgraphs_answer_for_a_client_is_bounded_and_replacing_makes_room() {
        let client = ClientHeaders::default();
        for number in 0..=MOST_LINES {
            client.take(&COOKIE, &[&HeaderValue::from(number)], HeaderMerge::Append);
        }
        assert_eq!(lines(&client, &COOKIE).len(), MOST_LINES);
        let client = ClientHeaders::default();
        let large = |letter: &str| HeaderValue::from_str(&letter.repeat(MOST_BYTES / 2)).unwrap();
        for letter in ["a", "b", "c"] {
            client.take(&SERVER, &[&large(letter)], HeaderMerge::Last);
            client.take(&COOKIE, &[&large(letter)], HeaderMerge::Append);
        }
        assert!(lines(&client, &SERVER)[0].starts_with('c'));
        assert_eq!(lines(&client, &COOKIE).len(), 0, "both together are more than the bound");
    }
}
