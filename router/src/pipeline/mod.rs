//! What happens to a document before anything is fetched. One file a stage, in this order:
//! [`parse`], [`validate`], [`operation`] (resolved against the schema), [`scalars`], [`limits`], [`cost`], `apart`,
//! [`authorize`], `contexts`, [`caching`], [`plan`]; then, per request, [`variables`] and the limits that depend on them.

mod apart;
pub mod authorize;
pub mod caching;
mod contexts;
pub mod cost;
mod explain;
pub mod limits;
pub mod operation;
pub mod parse;
pub mod plan;
mod print;
pub mod scalars;
pub mod validate;
pub mod variables;

use std::sync::Arc;
use std::time::Duration;

use reel_document::DocumentBounds;
use reel_telemetry::Span;

use crate::error::GraphqlError;
use crate::grants::Grants;
use crate::planner::{Contexts, SharedPlanner};
use crate::schema::Schema;

use contexts::Split;

pub use authorize::OnDenied;
pub use limits::{Limits, PageArgument};
pub use operation::{Operation, OperationKind};
pub use plan::{CompiledOperation, PlanCache, PlanKey};

/// Whose document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Anyone's: all limits hold.
    Client,
    /// Ours, checked in with the code: only the bounds that keep the process safe hold.
    Trusted,
}

/// The stages with what they need.
pub struct Pipeline {
    /// The API schema.
    pub schema: Arc<Schema>,
    /// The rules that documents are validated by.
    pub validator: validate::Validator,
    /// Plans what is left of the operation after authorization.
    pub planner: SharedPlanner,
    /// The fields that take arguments from what is around them.
    pub contexts: Arc<Contexts>,
    /// The limits of clients' documents.
    pub limits: Limits,
    /// Whether `__schema` and `__type` may be asked.
    pub introspection: bool,
    /// What becomes of requests for what their caller may not have.
    pub on_denied: OnDenied,
    /// How long planning one operation may take.
    pub planning_timeout: Duration,
}

impl Pipeline {
    /// Runs every stage that depends only on the document and on what its caller was granted. It computes for
    /// milliseconds, sometimes more: call it off the async threads. Its steps are recorded below `span`.
    ///
    /// # Errors
    ///
    /// Why the request is refused.
    pub fn compile(
        &self,
        text: &str,
        operation_name: Option<&str>,
        grants: &Grants,
        trust: Trust,
        span: Option<&Span>,
    ) -> Result<CompiledOperation, Vec<GraphqlError>> {
        let normalizing = span.map(|span| span.child("graphql.normalize"));
        let Checked { operation, apart, split, page_arguments, counted } =
            self.check(text, operation_name, grants, trust)?;
        drop(normalizing);
        let _planning = span.map(|span| span.child("graphql.plan.compute"));
        let taken = split.as_ref().map(|split| split.values.as_slice()).unwrap_or_default();
        let cache_rules = caching::CacheRules::of(&operation, taken, &self.schema);
        let compiled = plan::compile(self, operation, split, page_arguments, grants).map_err(|error| vec![error])?;
        Ok(CompiledOperation { counted, cache_rules, apart, ..compiled })
    }

    /// The stages before the plan.
    fn check(
        &self,
        text: &str,
        operation_name: Option<&str>,
        grants: &Grants,
        trust: Trust,
    ) -> Result<Checked, Vec<GraphqlError>> {
        let trusted = DocumentBounds::subgraph();
        let bounds = if trust == Trust::Client { &self.limits.document } else { &trusted };
        let document = parse::parse(text, bounds).map_err(|error| vec![error])?;
        self.validator.validate(text)?;
        let mut operation = operation::resolve(&self.schema, &document, operation_name).map_err(|error| vec![error])?;
        if !self.introspection {
            operation.refuse_introspection().map_err(|error| vec![error])?;
        }
        scalars::check(&operation, &self.schema).map_err(|error| vec![error])?;
        let page_arguments = match trust {
            Trust::Client => limits::check(&operation, &self.limits).map_err(|error| vec![error])?,
            Trust::Trusted => limits::pages_in_variables(&operation, &self.limits),
        };
        let variables_decide = trust == Trust::Client
            && cost::settle(&operation, &self.schema, &self.limits).map_err(|error| vec![error])?;
        let apart = apart::keep_apart(&mut operation, text, &self.schema);
        authorize::authorize(&mut operation, &self.schema, grants);
        contexts::authorize(&mut operation, &self.contexts, &self.schema, grants);
        let split = contexts::split(&operation, text, &self.contexts, &self.schema).map_err(|error| vec![error])?;
        let counted = variables_decide.then(|| operation.selections.clone());
        Ok(Checked { operation, apart, split, page_arguments, counted })
    }
}

/// An operation as its caller may have it.
struct Checked {
    operation: Operation,
    /// What keys begin with that are sent in place of the client's.
    apart: Option<String>,
    /// Its parts, where a field of it takes arguments from what is around it.
    split: Option<Split>,
    page_arguments: Vec<PageArgument>,
    /// Where its variables decide whether that is too much.
    counted: Option<Vec<operation::Selection>>,
}
