//! Whether a document only opens sessions, which somebody with a stale token must still be able to do.

use async_graphql_parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use reel_document::DocumentBounds;

/// The mutations that someone whose token is stale needs, and that need no token.
const SESSION_MUTATIONS: [&str; 3] = ["register", "logIn", "renewSession"];

/// Whether the selected operation does nothing but open sessions.
pub(super) fn only_opens_sessions(text: &str, operation_name: Option<&str>, bounds: &DocumentBounds) -> bool {
    let Ok(checked) = reel_document::check(text, bounds) else { return false };
    let Some(operation) = selected(&checked.document, operation_name) else { return false };
    operation.ty == OperationType::Mutation
        && operation.selection_set.node.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => SESSION_MUTATIONS.contains(&field.node.name.node.as_str()),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        })
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
    use super::*;

    const BOTH: &str = "query A { viewer { id } } mutation B { logOut(input: {}) { user { id } } }";

    #[test]
    fn logging_in_is_told_apart_from_everything_else() {
        assert!(only_opens_sessions(
            "mutation { logIn(input: {}) { session { accessToken } } }",
            None,
            &DocumentBounds::default()
        ));
        assert!(only_opens_sessions(
            "mutation { a: register(input: {}) { user { id } } renewSession { user { id } } }",
            None,
            &DocumentBounds::default()
        ));
        for other in [BOTH, "{ viewer { id } }", "mutation { logIn { user { id } } logOut { user { id } } }", "{"] {
            assert!(!only_opens_sessions(other, None, &DocumentBounds::default()), "{other}");
        }
        assert!(!only_opens_sessions(
            "mutation { ...F } fragment F on Mutation { likeVideo { video { id } } }",
            None,
            &DocumentBounds::default()
        ));
    }
}
