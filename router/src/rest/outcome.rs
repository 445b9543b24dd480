//! From what the engine answers to data or a failure.

use async_graphql_value::ConstValue;
use reel_error::ErrorCode;

use crate::ExecutedOperation;
use crate::http::Failure;

/// The data of an operation that succeeded: without errors, and without user errors in a mutation's payload. Half an
/// answer is none here, because the documented objects have no way to say that a part is missing.
pub(super) fn settle(executed: ExecutedOperation) -> Result<ConstValue, Failure> {
    if let Some(error) = executed.errors.into_iter().next() {
        return Err(Failure::new(error.code).english(error.message));
    }
    match user_error(&executed.data) {
        Some(failure) => Err(failure),
        None => Ok(executed.data),
    }
}

fn user_error(data: &ConstValue) -> Option<Failure> {
    let ConstValue::Object(roots) = data else { return None };
    roots.values().find_map(|payload| match member(payload, "userErrors")? {
        ConstValue::List(errors) => errors.first().map(failure),
        _ => None,
    })
}

fn failure(error: &ConstValue) -> Failure {
    // A name that this version does not know comes from a newer subgraph.
    let code = member(error, "code").and_then(text).and_then(ErrorCode::from_name);
    let failure = Failure::new(code.unwrap_or(ErrorCode::InvalidArgument));
    match member(error, "message").and_then(text) {
        Some(message) => failure.english(message),
        None => failure,
    }
}

fn member<'v>(value: &'v ConstValue, name: &str) -> Option<&'v ConstValue> {
    match value {
        ConstValue::Object(members) => members.get(name),
        _ => None,
    }
}

/// Enum values arrive as such in process, and as strings over HTTP.
fn text(value: &ConstValue) -> Option<&str> {
    match value {
        ConstValue::String(text) => Some(text),
        ConstValue::Enum(name) => Some(name.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use reel_error::Language;
    use serde_json::json;

    use super::*;
    use crate::GraphqlError;

    fn settled(data: serde_json::Value, errors: Vec<GraphqlError>) -> Result<ConstValue, Failure> {
        settle(ExecutedOperation { data: ConstValue::from_json(data).unwrap(), errors })
    }

    #[test]
    fn a_user_error_fails_with_its_code_and_in_english_with_its_text() {
        let data = json!({"payload": {"user": null, "userErrors": [{"code": "USERNAME_TAKEN", "message": "Taken."}]}});
        let failure = settled(data, vec![]).unwrap_err();
        assert_eq!(failure.code, ErrorCode::UsernameTaken);
        assert_eq!(failure.message(Language::English), "Taken.");
        assert_eq!(failure.message(Language::Chinese), ErrorCode::UsernameTaken.message(Language::Chinese));
    }

    #[test]
    fn an_error_fails_even_when_there_is_data() {
        let errors = vec![GraphqlError::generic(ErrorCode::ServiceUnavailable)];
        assert_eq!(settled(json!({"user": {"id": "1"}}), errors).unwrap_err().code, ErrorCode::ServiceUnavailable);
        assert!(settled(json!({"payload": {"userErrors": []}}), vec![]).is_ok());
        assert!(settled(json!({"user": null}), vec![]).is_ok());
    }
}
