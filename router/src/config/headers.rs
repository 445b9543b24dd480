//! Headers that pass between clients and subgraphs (`router.subgraph_headers.*`).

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use serde::Deserialize;

use crate::headers::{may_be_propagated, may_be_sent, may_reach_clients};

/// Headers that pass between clients and subgraphs over HTTP (`router.subgraph_headers.*`). None by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubgraphHeaderSettings {
    /// What holds for every subgraph.
    pub all: HeaderRules,
    /// What holds besides for single subgraphs, by name. Where both name a header, this decides.
    pub by_name: BTreeMap<String, HeaderRules>,
}

impl SubgraphHeaderSettings {
    /// Whether no header passes.
    pub fn is_empty(&self) -> bool {
        std::iter::once(&self.all).chain(self.by_name.values()).all(HeaderRules::is_empty)
    }
}

/// Which headers pass. Of the rules for one header `remove` goes before `insert`, and that before `propagate`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeaderRules {
    /// Headers of clients' requests that are sent on.
    pub propagate: Vec<PropagatedHeader>,
    /// Headers that are sent with a fixed value.
    pub insert: Vec<InsertedHeader>,
    /// Headers that are not sent.
    pub remove: Vec<SentName>,
    /// Headers of subgraphs' answers that reach the client.
    pub answers: Vec<AnswerHeader>,
}

impl HeaderRules {
    fn is_empty(&self) -> bool {
        let Self { propagate, insert, remove, answers } = self;
        propagate.is_empty() && insert.is_empty() && remove.is_empty() && answers.is_empty()
    }
}

/// A header of clients' requests that is sent on. It is written as `name`, and `rename` and `default` where needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenHeader")]
pub struct PropagatedHeader {
    /// Its name in clients' requests.
    pub name: HeaderName,
    /// Its name in requests to subgraphs.
    pub sent_as: HeaderName,
    /// What is sent when the client sends none.
    pub default: Option<FixedValue>,
}

/// A header that is sent with a fixed value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsertedHeader {
    /// Its name.
    pub name: SentName,
    /// Its value.
    pub value: FixedValue,
}

/// A header of subgraphs' answers that reaches the client.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerHeader {
    /// Its name.
    pub name: AnswerName,
    /// What becomes of the values of several answers. `Set-Cookie` is always appended.
    #[serde(default)]
    pub merge: HeaderMerge,
}

/// What becomes of a header that several answers have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderMerge {
    /// The client gets it as the answer has it that arrived first.
    First,
    /// The client gets it as the answer has it that arrived last.
    #[default]
    Last,
    /// The client gets all of them, each as a line of its own.
    Append,
}

/// The name of a header that may be sent to a subgraph.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SentName(pub HeaderName);

/// The name of a header that may reach a client.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AnswerName(pub HeaderName);

/// A header's value. It may be a secret, so it is not printed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FixedValue(pub HeaderValue);

impl SubgraphHeaderSettings {
    /// The rules for this subgraph. Later ones decide.
    pub fn of(&self, name: &str) -> impl Iterator<Item = &HeaderRules> {
        std::iter::once(&self.all).chain(self.by_name.get(name))
    }

    /// The rules for any subgraph.
    pub fn rules(&self) -> impl Iterator<Item = &HeaderRules> {
        std::iter::once(&self.all).chain(self.by_name.values())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHeader {
    name: String,
    #[serde(default)]
    rename: Option<String>,
    #[serde(default)]
    default: Option<FixedValue>,
}

impl TryFrom<WrittenHeader> for PropagatedHeader {
    type Error = String;

    fn try_from(written: WrittenHeader) -> Result<Self, String> {
        let name = header_name(&written.name)?;
        may_be_propagated(&name)?;
        let sent_as = written.rename.as_deref().map_or_else(|| Ok(name.clone()), header_name)?;
        may_be_sent(&sent_as)?;
        Ok(Self { name, sent_as, default: written.default })
    }
}

impl TryFrom<String> for SentName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name = header_name(&text)?;
        may_be_sent(&name)?;
        Ok(Self(name))
    }
}

impl TryFrom<String> for AnswerName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let name = header_name(&text)?;
        may_reach_clients(&name)?;
        Ok(Self(name))
    }
}

impl TryFrom<String> for FixedValue {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let value = HeaderValue::from_str(&text);
        let mut value = value.map_err(|_| "a header's value is one line of visible characters".to_owned())?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| format!("{text:?} is not the name of a header"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(written: serde_json::Value) -> Result<HeaderRules, String> {
        serde_json::from_value(written).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_router_writes_itself_cannot_be_sent_whatever_the_rule() {
        for name in ["Host", "content-length", "TE", "x-reel-call", "X-Reel-Anything", "traceparent", "x-request-id"] {
            for written in [
                json!({ "propagate": [{ "name": name }] }),
                json!({ "propagate": [{ "name": "x-a", "rename": name }] }),
                json!({ "insert": [{ "name": name, "value": "1" }] }),
            ] {
                let error = rules(written).unwrap_err();
                assert!(error.contains(&name.to_lowercase()), "{error}");
            }
        }
        assert!(rules(json!({ "propagate": [{ "name": "host", "rename": "x-forwarded-host" }] })).is_ok());
        assert!(rules(json!({ "propagate": [{ "name": "connection", "rename": "x-connection" }] })).is_err());
    }

    #[test]
    fn what_the_router_answers_itself_cannot_come_from_a_subgraph() {
        for name in
            ["content-type", "Cache-Control", "transfer-encoding", "access-token", "access-control-allow-origin"]
        {
            assert!(rules(json!({ "answers": [{ "name": name }] })).is_err(), "{name}");
        }
        assert!(rules(json!({ "answers": [{ "name": "set-cookie" }, { "name": "x-a", "merge": "append" }] })).is_ok());
    }

    #[test]
    fn a_value_is_one_line_and_is_not_printed() {
        let written = json!({ "insert": [{ "name": "x-key", "value": "hush" }] });
        assert!(!format!("{:?}", rules(written).unwrap()).contains("hush"));
        assert!(rules(json!({ "insert": [{ "name": "x-key", "value": "a\r\nb: c" }] })).is_err());
        assert!(rules(json!({ "insert": [{ "name": "x key", "value": "1" }] })).is_err());
    }
}
