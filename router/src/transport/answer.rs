//! What a subgraph answers over HTTP. Its data stays text: the executor reads it with what the document selects at hand.

use std::ops::Range;

use async_graphql_value::{ConstValue, Name};
use bytes::Bytes;
use http::StatusCode;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{PassedHeaders, PathSegment, SubgraphError, SubgraphResponse, TransportError};

/// An answer whose data was not read yet.
#[derive(Debug, Clone)]
pub struct AnswerText {
    pub(crate) body: Bytes,
    /// Where the data is; empty when there is none.
    pub(crate) data: Range<usize>,
    pub(crate) errors: Vec<SubgraphError>,
    /// Those of its headers that clients get.
    pub(super) headers: PassedHeaders,
    /// It sets a cookie, whether or not clients get that.
    pub(super) sets_cookie: bool,
    /// Whether the end of the data was seen, and not only guessed.
    is_exact: bool,
}

const DATA: &[u8] = b"{\"data\":";

impl AnswerText {
    /// Reads an answer. Where it seems to be data and nothing else, only its beginning is looked at.
    ///
    /// # Errors
    /// When it is no GraphQL response.
    pub(super) fn of(status: StatusCode, body: Bytes) -> Result<Self, TransportError> {
        let seems_plain = status.is_success()
            && body.starts_with(DATA)
            && body.get(DATA.len()) == Some(&b'{')
            && memmem::find(&body, b"\"errors\"").is_none();
        if seems_plain {
            let data = DATA.len()..body.len().saturating_sub(1);
            return Ok(Self { body, data, errors: Vec::new(), headers: None, sets_cookie: false, is_exact: false });
        }
        Self::exact(status, body)
    }

    fn exact(status: StatusCode, body: Bytes) -> Result<Self, TransportError> {
        let answer: Answer<'_> = serde_json::from_slice(&body).map_err(|error| match status {
            // Somebody on the way says that there is nobody behind.
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                TransportError::Unavailable(format!("HTTP {status}"))
            }
            status => TransportError::BadAnswer(format!("HTTP {status}: {error}")),
        })?;
        let data = answer.data.map_or("", RawValue::get);
        let errors = answer.errors.unwrap_or_default().into_iter().map(AnswerError::into_error).collect::<Vec<_>>();
        if errors.is_empty() && !data.starts_with('{') {
            return Err(TransportError::BadAnswer(format!("HTTP {status} with neither data nor errors")));
        }
        // The text is a part of the body, so its address says where it begins.
        let start = if data.is_empty() { 0 } else { data.as_ptr() as usize - body.as_ptr() as usize };
        let data = start..start + data.len();
        Ok(Self { data, errors, headers: None, sets_cookie: false, is_exact: true, body })
    }

    /// Whether the data may end here.
    pub(crate) fn ends_at(&self, end: usize) -> bool {
        match self.body.get(end..) {
            _ if self.is_exact => end == self.data.end,
            Some(rest) => rest.trim_ascii() == b"}",
            None => false,
        }
    }

    /// The same, read in full; `None` when it was.
    ///
    /// # Errors
    /// When it is no GraphQL response.
    pub(crate) fn read_in_full(&self) -> Option<Result<Self, TransportError>> {
        (!self.is_exact).then(|| Self::exact(StatusCode::OK, self.body.clone()))
    }

    /// The answer with its data as values.
    ///
    /// # Errors
    /// When it is no GraphQL response.
    pub fn into_response(self) -> Result<SubgraphResponse, TransportError> {
        let read = self.read_in_full().transpose()?;
        let Self { headers, sets_cookie, .. } = &self;
        let (headers, sets_cookie) = (headers.clone(), *sets_cookie);
        let Self { body, data, errors, .. } = read.unwrap_or(self);
        let data = match body.get(data).unwrap_or_default() {
            b"" => ConstValue::Null,
            text => {
                serde_json::from_slice(text).map_err(|error| TransportError::BadAnswer(format!("its data: {error}")))?
            }
        };
        Ok(SubgraphResponse { data, errors, headers, sets_cookie })
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &'static str) -> Result<(String, usize), TransportError> {
        let text = AnswerText::of(StatusCode::OK, Bytes::from_static(body.as_bytes()))?;
        let errors = text.errors.len();
        Ok((text.into_response()?.data.to_string(), errors))
    }

    #[test]
    fn data_is_found_wherever_it_stands() {
        for body in [
            r#"{"data":{"a":1}}"#,
            r#" { "data" : {"a":1} } "#,
            r#"{"extensions":{"data":{}},"data":{"a":1}}"#,
            r#"{"data":{"a":1},"extensions":{}}"#,
            r#"{"data":{"a":1},"errors":null}"#,
        ] {
            assert_eq!(read(body).unwrap(), ("{a: 1}".to_owned(), 0), "{body}");
        }
        assert_eq!(read(r#"{"errors":[{"message":"x"}],"data":{"a":1}}"#).unwrap(), ("{a: 1}".to_owned(), 1));
        assert_eq!(read(r#"{"errors":[{"message":"x"}]}"#).unwrap(), ("null".to_owned(), 1));
        for body in ["", "[]", "{}", r#"{"data":1}"#, r#"{"data":{"a":1}"#, r#"{"data":{"a":1},}"#] {
            assert!(read(body).is_err(), "{body}");
        }
    }

    #[test]
    fn where_data_ends_is_only_guessed_when_nothing_follows() {
        let text = |body: &'static str| AnswerText::of(StatusCode::OK, Bytes::from_static(body.as_bytes())).unwrap();
        let plain = text(r#"{"data":{"a":1}} "#);
        assert!(plain.ends_at(15) && !plain.ends_at(14));
        let more = text(r#"{"data":{"a":1},"hints":{}}"#);
        assert!(!more.ends_at(15));
        let read = more.read_in_full().unwrap().unwrap();
        assert!(read.ends_at(15) && read.data == (8..15));
    }
}
