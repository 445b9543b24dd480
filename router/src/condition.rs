//! `@skip` and `@include` by variables.

use async_graphql_value::{ConstValue, Name, Variables};

/// `@include(if: $variable)` or, with `expected` false, `@skip`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The variable.
    pub variable: Name,
    /// The value that includes the selection.
    pub expected: bool,
}

impl Condition {
    /// Whether the selection is included.
    pub fn holds(&self, variables: &Variables) -> bool {
        matches!(variables.get(&self.variable), Some(ConstValue::Boolean(true))) == self.expected
    }
}

/// Whether all of them hold.
pub(crate) fn all_hold(conditions: &[Condition], variables: &Variables) -> bool {
    conditions.iter().all(|condition| condition.holds(variables))
}
