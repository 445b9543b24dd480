//! From a plan to the steps and fetches of an explanation.

use async_graphql_value::Variables;

use super::{
    ExplainedCondition, ExplainedContext, ExplainedEntities, ExplainedFetch, ExplainedRename, ExplainedTypename, Step,
    pretty,
};
use crate::condition::all_hold;
use crate::planner::{
    ContextValue, ContextualFetch, EntityFetch, EntityInput, FetchedField, KeyRename, PlanNode, QueryPlan, Requirement,
    RewriteSegment, RootFetch,
};

/// The steps of a plan, and its fetches by their numbers.
pub(super) fn explain(plan: &QueryPlan, variables: Option<&Variables>) -> (Option<Step>, Vec<ExplainedFetch>) {
    let mut teller = Teller { variables, fetches: Vec::new() };
    let step = plan.root.as_ref().map(|root| teller.step(root, true));
    (step, teller.fetches)
}

struct Teller<'a> {
    variables: Option<&'a Variables>,
    fetches: Vec<ExplainedFetch>,
}

impl Teller<'_> {
    /// `is_reached` is whether the variables lead here.
    fn step(&mut self, node: &PlanNode, is_reached: bool) -> Step {
        match node {
            PlanNode::Sequence(steps) => {
                Step::Sequence { steps: steps.iter().map(|step| self.step(step, is_reached)).collect() }
            }
            PlanNode::Parallel(steps) => {
                Step::Parallel { steps: steps.iter().map(|step| self.step(step, is_reached)).collect() }
            }
            PlanNode::Condition { variable, then, otherwise } => {
                let holds = |expected| self.variables.is_none_or(|given| is_true(given, variable) == expected);
                let (if_true, if_not) = (holds(true), holds(false));
                let mut branch = |step: &Option<Box<PlanNode>>, holds: bool| {
                    step.as_deref().map(|step| Box::new(self.step(step, is_reached && holds)))
                };
                let (then, otherwise) = (branch(then, if_true), branch(otherwise, if_not));
                Step::Condition { variable: variable.to_string(), then, otherwise }
            }
            PlanNode::Root(fetch) => {
                let fields: Vec<_> = fetch.fields.iter().collect();
                self.fetch(root(fetch), &fields, is_reached)
            }
            PlanNode::Entities(fetch) => self.entities(fetch, Vec::new(), is_reached),
            PlanNode::Contextual(fetch) => self.entities(fetch.of_one(), contexts(fetch), is_reached),
        }
    }

    fn entities(&mut self, fetch: &EntityFetch, contexts: Vec<ExplainedContext>, is_reached: bool) -> Step {
        let fields: Vec<_> = fetch.outputs.iter().flat_map(|output| &output.fields).collect();
        self.fetch(ExplainedFetch { contexts, ..entities(fetch) }, &fields, is_reached)
    }

    /// A fetch is sent as long as it fetches any field.
    fn fetch(&mut self, fetch: ExplainedFetch, fields: &[&FetchedField], is_reached: bool) -> Step {
        let number = self.fetches.len() + 1;
        let is_sent = |given| is_reached && fields.iter().any(|field| all_hold(&field.conditions, given));
        let skipped = self.variables.map(|given| !is_sent(given));
        self.fetches.push(ExplainedFetch { number, skipped, when: when(fields), ..fetch });
        Step::Fetch { number }
    }
}

fn is_true(given: &Variables, variable: &str) -> bool {
    matches!(given.get(variable), Some(async_graphql_value::ConstValue::Boolean(true)))
}

fn when(fields: &[&FetchedField]) -> Vec<Vec<ExplainedCondition>> {
    let mut when = Vec::new();
    for field in fields {
        let conditions = field.conditions.iter();
        let all: Vec<_> = conditions
            .map(|condition| ExplainedCondition { variable: condition.variable.to_string(), value: condition.expected })
            .collect();
        if all.is_empty() {
            return Vec::new();
        }
        if !when.contains(&all) {
            when.push(all);
        }
    }
    when
}

fn root(fetch: &RootFetch) -> ExplainedFetch {
    ExplainedFetch {
        number: 0,
        subgraph: fetch.subgraph.to_string(),
        operation: pretty(fetch.document.text()),
        variables: fetch.variables.iter().map(ToString::to_string).collect(),
        contexts: Vec::new(),
        entities: Vec::new(),
        when: Vec::new(),
        renames: fetch.renames.iter().map(|rename| renamed(rename, None)).collect(),
        skipped: None,
    }
}

fn entities(fetch: &EntityFetch) -> ExplainedFetch {
    let renames = fetch
        .outputs
        .iter()
        .flat_map(|output| output.renames.iter().map(|rename| renamed(rename, Some(output.key.as_str()))));
    ExplainedFetch {
        number: 0,
        subgraph: fetch.subgraph.to_string(),
        operation: pretty(fetch.document.text()),
        variables: fetch.variables.iter().map(ToString::to_string).collect(),
        contexts: Vec::new(),
        entities: fetch.inputs.iter().map(representations).collect(),
        when: Vec::new(),
        renames: renames.collect(),
        skipped: None,
    }
}

/// For the first of its places: the others differ in nothing but types.
fn contexts(fetch: &ContextualFetch) -> Vec<ExplainedContext> {
    let input = fetch.of_one().inputs.first();
    let place = input.and_then(|input| input.paths.first());
    let context = |value: &ContextValue| ExplainedContext {
        variable: ContextualFetch::variable(value, 0).to_string(),
        paths: value.sources.iter().filter_map(|source| Some(source.place(place?).to_string())).collect(),
    };
    fetch.values.iter().map(context).collect()
}

fn representations(input: &EntityInput) -> ExplainedEntities {
    let mut requires = String::new();
    braced(&input.requires, &mut requires);
    let typenames = input.rewrites.iter().map(|rewrite| ExplainedTypename {
        types: rewrite.types.iter().cloned().collect(),
        name: rewrite.replacement.clone(),
    });
    ExplainedEntities {
        variable: input.variable.to_string(),
        paths: input.paths.iter().map(ToString::to_string).collect(),
        requires,
        typenames: typenames.collect(),
    }
}

/// A selection on one line.
fn braced(parts: &[Requirement], out: &mut String) {
    out.push('{');
    for part in parts {
        out.push(' ');
        let inner = match part {
            Requirement::Field(field) => {
                out.push_str(&field.key);
                if field.key != *field.source.name() {
                    out.push_str(": ");
                    out.push_str(field.source.name());
                }
                &field.parts
            }
            Requirement::Fragment { condition, parts } => {
                out.push_str("... on ");
                out.push_str(condition);
                parts
            }
        };
        if !inner.is_empty() {
            out.push(' ');
            braced(inner, out);
        }
    }
    out.push_str(" }");
}

fn renamed(rename: &KeyRename, under: Option<&str>) -> ExplainedRename {
    let mut path = under.unwrap_or_default().to_owned();
    for segment in &rename.path {
        match segment {
            RewriteSegment::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            RewriteSegment::Types(types) => {
                path.push('|');
                path.push_str(&types.iter().map(String::as_str).collect::<Vec<_>>().join("|"));
            }
        }
    }
    ExplainedRename { path, to: rename.to.to_string() }
}
