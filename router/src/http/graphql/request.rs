//! Reading the request's parameters.

use std::sync::Arc;

use async_graphql_value::Variables;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::known::{Asked, Found, KnownDocuments};
use crate::GraphqlRequest;
use crate::documents::{DocumentHash, NotAHash};
use crate::meters::OperationMeter;

/// Reads a JSON body.
pub(super) fn from_json(body: &[u8]) -> Result<Parameters, Refusal> {
    let body = serde_json::from_slice::<Value>(body).map_err(|_| malformed("The body is not JSON."))?;
    match body {
        Value::Object(parameters) => from_parameters(parameters),
        Value::Array(_) => Err(malformed("Batches are not supported; send one operation per request.")),
        _ => Err(malformed("The body is a JSON object with query, operationName, variables and extensions.")),
    }
}

/// Reads the query of a URL, where `variables` and `extensions` are JSON texts.
pub(super) fn from_query(query: &str) -> Result<Parameters, Refusal> {
    let pairs = serde_urlencoded::from_str::<Vec<(String, String)>>(query)
        .map_err(|_| malformed("The query of the URL cannot be read."))?;
    let mut parameters = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => {
                serde_json::from_str(&text).map_err(|_| malformed(format!("{name} is not JSON.")))?
            }
            "operationName" if text.is_empty() => Value::Null,
            _ => Value::String(text),
        };
        parameters.entry(name).or_insert(value);
    }
    from_parameters(parameters)
}

/// A request with its document.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) request: GraphqlRequest,
    /// What measures it.
    pub(super) meter: Option<Arc<OperationMeter>>,
}

/// The parameters of a request.
#[derive(Debug)]
pub(super) struct Parameters {
    asked: Asked,
    operation_name: Option<String>,
    variables: Variables,
}

impl Parameters {
    /// The request, with the document that it names.
    pub(super) async fn with_document(self, documents: &KnownDocuments) -> Result<Known, Refusal> {
        let found = documents.find(self.asked).await?;
        let Self { operation_name, variables, .. } = self;
        // Clients send an empty name for none.
        let operation_name = operation_name.filter(|name| !name.is_empty());
        let meter = documents.meter(&found, operation_name.as_deref());
        let request = match found {
            Found::Trusted(document) => {
                let operation_name = operation_name.or_else(|| document.only_operation().map(str::to_owned));
                let query = document.text.to_string();
                GraphqlRequest { query, operation_name, variables, read_only: false, trusted: true }
            }
            Found::Sent(query) => GraphqlRequest { query, operation_name, variables, read_only: false, trusted: false },
        };
        Ok(Known { request, meter })
    }
}

fn from_parameters(mut parameters: Map<String, Value>) -> Result<Parameters, Refusal> {
    let mut take = |name| parameters.remove(name).unwrap_or(Value::Null);
    let text = match take("query") {
        Value::String(query) => Some(query),
        Value::Null => None,
        _ => return Err(malformed("query is a string.")),
    };
    let operation_name = match take("operationName") {
        Value::String(name) => Some(name),
        Value::Null => None,
        _ => return Err(malformed("operationName is a string or null.")),
    };
    let variables = match take("variables") {
        variables @ Value::Object(_) => Variables::from_json(variables),
        Value::Null => Variables::default(),
        _ => return Err(malformed("variables is an object or null.")),
    };
    let id = take("documentId");
    let hash = match take("extensions") {
        Value::Object(extensions) => persisted(extensions.get("persistedQuery"))?.or(document_id(&id)?),
        Value::Null => document_id(&id)?,
        _ => return Err(malformed("extensions is an object or null.")),
    };
    if text.is_none() && hash.is_none() {
        return Err(malformed("query is missing."));
    }
    Ok(Parameters { asked: Asked { text, hash }, operation_name, variables })
}

/// The extension of automatic persisted queries.
fn persisted(extension: Option<&Value>) -> Result<Option<DocumentHash>, Refusal> {
    let Some(extension) = extension.filter(|extension| !extension.is_null()) else { return Ok(None) };
    if extension["version"] != 1 {
        return Err(malformed("extensions.persistedQuery.version is 1."));
    }
    let hash = extension["sha256Hash"].as_str().and_then(|text| text.parse().ok());
    hash.map(Some).ok_or_else(|| malformed("extensions.persistedQuery.sha256Hash is 64 hexadecimal digits."))
}

/// The parameter of persisted documents in GraphQL over HTTP.
fn document_id(id: &Value) -> Result<Option<DocumentHash>, Refusal> {
    let text = match id {
        Value::Null => return Ok(None),
        id => id.as_str().unwrap_or_default(),
    };
    let hash = text.strip_prefix("sha256:").unwrap_or(text).parse();
    hash.map(Some).map_err(|NotAHash| malformed("documentId is sha256: and 64 hexadecimal digits."))
}

fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::malformed(text)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn parameters_are_read_from_json() {
        let request =
            from_json(br#"{"query":"{a}","operationName":null,"variables":{"id":"1"},"extensions":{}}"#).unwrap();
        assert_eq!((request.asked.text.as_deref(), request.operation_name), (Some("{a}"), None));
        assert_eq!(request.variables.len(), 1);
    }

    #[test]
    fn parameters_of_another_type_are_refused() {
        for body in [
            "",
            "{",
            "[]",
            r#"[{"query":"{a}"}]"#,
            "1",
            "{}",
            r#"{"query":1}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","operationName":{}}"#,
            r#"{"query":"{a}","extensions":"x"}"#,
        ] {
            assert_eq!(from_json(body.as_bytes()).err().unwrap().status(), StatusCode::BAD_REQUEST, "{body}");
        }
    }

    #[test]
    fn parameters_are_read_from_a_url() {
        let request = from_query("query=%7Ba%7D&variables=%7B%22id%22%3A1%7D&operationName=").unwrap();
        assert_eq!(
            (request.asked.text.as_deref(), request.operation_name, request.variables.len()),
            (Some("{a}"), None, 1)
        );
        assert!(from_query("query=%7Ba%7D&variables=x").is_err());
        assert!(from_query("").is_err());
    }
}
