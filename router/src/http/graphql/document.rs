//! What has to be known of a document before it may run: whether it only reads, and whether it only opens sessions.

use async_graphql_parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection};
use http::StatusCode;
use reel_document::DocumentBounds;
use reel_error::ErrorCode;

use super::answer::Refusal;

/// The mutations that someone whose token is stale needs, and that need no token.
const SESSION_MUTATIONS: [&str; 3] = ["register", "logIn", "renewSession"];

/// Whether the selected operation is a query. A document that selects no operation counts as one: it fails later, with
/// the error that says why.
pub(super) fn is_read_only(text: &str, operation_name: Option<&str>) -> Result<bool, Refusal> {
    let document = parse(text)?;
    Ok(selected(&document, operation_name).is_none_or(|operation| operation.ty == OperationType::Query))
}

/// Whether the selected operation does nothing but open sessions.
pub(super) fn only_opens_sessions(text: &str, operation_name: Option<&str>) -> bool {
    let Ok(document) = parse(text) else { return false };
    let Some(operation) = selected(&document, operation_name) else { return false };
    operation.ty == OperationType::Mutation
        && operation.selection_set.node.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => SESSION_MUTATIONS.contains(&field.node.name.node.as_str()),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        })
}

fn parse(text: &str) -> Result<ExecutableDocument, Refusal> {
    // The engine checks with its own, tighter bounds; these only keep this look harmless.
    let checked = reel_document::check(text, &DocumentBounds::subgraph()).map_err(|error| {
        let code = ErrorCode::from_name(error.code_name()).unwrap_or(ErrorCode::GraphqlParseFailed);
        Refusal::of_request(code, StatusCode::BAD_REQUEST, error.to_string())
    })?;
    Ok(checked.document)
}

fn selected<'d>(document: &'d ExecutableDocument, name: Option<&str>) -> Option<&'d OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map(|operation| &operation.node),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().map(|operation| &operation.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const BOTH: &str = "query A { viewer { id } } mutation B { logOut(input: {}) { user { id } } }";

    #[test]
    fn only_the_selected_operation_decides_whether_a_document_reads() {
        assert!(is_read_only("{ viewer { id } }", None).unwrap());
        assert!(is_read_only(BOTH, Some("A")).unwrap());
        assert!(!is_read_only(BOTH, Some("B")).unwrap());
        assert!(!is_read_only("mutation { a }", None).unwrap());
        assert!(!is_read_only("mutation { a }", Some("other")).unwrap());
        assert!(!is_read_only("mutation Named { a }", None).unwrap());
        assert!(!is_read_only("subscription { a }", None).unwrap());
        assert!(is_read_only("{", None).is_err());
    }

    #[test]
    fn logging_in_is_told_apart_from_everything_else() {
        assert!(only_opens_sessions("mutation { logIn(input: {}) { session { accessToken } } }", None));
        assert!(only_opens_sessions("mutation { a: register(input: {}) { user { id } } renewSession { user { id } } }", None));
        for other in [BOTH, "{ viewer { id } }", "mutation { logIn { user { id } } logOut { user { id } } }", "{"] {
            assert!(!only_opens_sessions(other, None), "{other}");
        }
        assert!(!only_opens_sessions("mutation { ...F } fragment F on Mutation { likeVideo { video { id } } }", None));
    }
}
