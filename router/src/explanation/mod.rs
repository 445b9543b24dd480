//! How an operation is executed, for people who want to see it and for tools: the operation as it is planned, the plan, and
//! its fetches. [`Engine::explain`](crate::Engine::explain) makes it; its JSON has the names of the fields here.

mod steps;
mod text;

use async_graphql_value::Variables;
use serde::Serialize;

use crate::planner::QueryPlan;

/// Every step between an operation and what subgraphs are asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The operation that the plan is made of: fragments in place, equal fields merged, without what the router answers
    /// itself. `None` when nothing is left for subgraphs.
    pub normalised: Option<String>,
    /// In which order the fetches are sent; `None` when there are none.
    pub plan: Option<Step>,
    /// What is sent, by the numbers in the plan.
    pub fetches: Vec<ExplainedFetch>,
}

/// A step of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub enum Step {
    /// One after the other.
    Sequence {
        /// What.
        steps: Vec<Step>,
    },
    /// At the same time.
    Parallel {
        /// What.
        steps: Vec<Step>,
    },
    /// What a variable decides.
    Condition {
        /// The variable, without its `$`.
        variable: String,
        /// If it is true.
        then: Option<Box<Step>>,
        /// If it is not.
        otherwise: Option<Box<Step>>,
    },
    /// A fetch.
    Fetch {
        /// Its number among [`Explanation::fetches`].
        number: usize,
    },
}

/// What is sent to one subgraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedFetch {
    /// From 1, in the order of the plan.
    pub number: usize,
    /// Whom it is sent to.
    pub subgraph: String,
    /// What is sent.
    pub operation: String,
    /// The client's variables that it takes, without their `$`.
    pub variables: Vec<String>,
    /// The variables that take values from what is around the objects. There is one request, with a field for each, for some
    /// different choices of values; more are sent in several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contexts: Vec<ExplainedContext>,
    /// The objects whose fields it fetches. Empty when it fetches fields of the root, which are merged at the top.
    pub entities: Vec<ExplainedEntities>,
    /// It is sent only if all of one of these lists hold. Empty when it always is.
    pub when: Vec<Vec<ExplainedCondition>>,
    /// Keys of its answer that are not the client's, because those would have collided.
    pub renames: Vec<ExplainedRename>,
    /// Whether the variables at hand exclude it; absent when there are none at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<bool>,
}

/// A list of representations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedEntities {
    /// The variable that carries them, without its `$`.
    pub variable: String,
    /// Where the objects are in the answer, and where what is fetched of them is merged. Lists are passed through; `|` goes
    /// before the types that alone are meant.
    pub paths: Vec<String>,
    /// What a representation consists of, as a selection of the object.
    pub requires: String,
    /// Objects of which the subgraph knows only an interface.
    pub typenames: Vec<ExplainedTypename>,
}

/// A variable that takes its value from what is around the objects (`@fromContext`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedContext {
    /// The variable, without its `$`.
    pub variable: String,
    /// Where the value is, written as [`ExplainedEntities::paths`] are. The first that is there counts.
    pub paths: Vec<String>,
}

/// A type name that representations have instead of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedTypename {
    /// Of these types, or of types that implement them.
    pub types: Vec<String>,
    /// What is sent.
    pub name: String,
}

/// A key of an answer that is renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedRename {
    /// Where it is in the answer, written as [`ExplainedEntities::paths`] are.
    pub path: String,
    /// The client's key.
    pub to: String,
}

/// What a variable has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedCondition {
    /// The variable, without its `$`.
    pub variable: String,
    /// Its value.
    pub value: bool,
}

impl Explanation {
    /// Of a plan and the operation that it was made of. With variables it says which fetches they exclude.
    pub(crate) fn of(normalised: &str, plan: &QueryPlan, variables: Option<&Variables>) -> Self {
        let (plan, fetches) = steps::explain(plan, variables);
        Self { normalised: Some(pretty(normalised)), plan, fetches }
    }
}

/// A document with a line for each field.
fn pretty(document: &str) -> String {
    match graphql_tools::parser::parse_query::<String>(document) {
        Ok(document) => document.to_string(),
        Err(_) => document.to_owned(),
    }
}
