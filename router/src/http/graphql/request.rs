//! Reading the request's parameters.

use async_graphql_value::Variables;
use http::StatusCode;
use reel_error::ErrorCode;
use serde_json::{Map, Value};

use super::answer::Refusal;
use crate::GraphqlRequest;

/// Reads a JSON body.
pub(super) fn from_json(body: &[u8]) -> Result<GraphqlRequest, Refusal> {
    let body = serde_json::from_slice::<Value>(body).map_err(|_| malformed("The body is not JSON."))?;
    match body {
        Value::Object(parameters) => from_parameters(parameters),
        Value::Array(_) => Err(malformed("Batches are not supported; send one operation per request.")),
        _ => Err(malformed("The body is a JSON object with query, operationName, variables and extensions.")),
    }
}

/// Reads the query of a URL, where `variables` and `extensions` are JSON texts.
pub(super) fn from_query(query: &str) -> Result<GraphqlRequest, Refusal> {
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

fn from_parameters(mut parameters: Map<String, Value>) -> Result<GraphqlRequest, Refusal> {
    let mut take = |name| parameters.remove(name).unwrap_or(Value::Null);
    let query = match take("query") {
        Value::String(query) => query,
        Value::Null => return Err(malformed("query is missing.")),
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
    match take("extensions") {
        Value::Object(_) | Value::Null => Ok(GraphqlRequest { query, operation_name, variables, read_only: false }),
        _ => Err(malformed("extensions is an object or null.")),
    }
}

fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::InvalidArgument, StatusCode::BAD_REQUEST, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_from_json() {
        let request =
            from_json(br#"{"query":"{a}","operationName":null,"variables":{"id":"1"},"extensions":{}}"#).unwrap();
        assert_eq!((request.query.as_str(), request.operation_name), ("{a}", None));
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
        assert_eq!((request.query.as_str(), request.operation_name, request.variables.len()), ("{a}", None, 1));
        assert!(from_query("query=%7Ba%7D&variables=x").is_err());
        assert!(from_query("").is_err());
    }
}
