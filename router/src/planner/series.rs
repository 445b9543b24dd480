//! Mutations in series: each begins when the one before is complete, with all that other subgraphs have to add to it (GraphQL
//! specification, section 6.2.2). The planner library keeps only the mutations themselves in order.

use std::collections::HashSet;

use async_graphql_value::Name;

use super::plan::{EntityFetch, FlattenSegment, PlanNode, RootFetch};

/// The same steps, those of each mutation before the next one.
pub(super) fn in_series(plan: PlanNode) -> PlanNode {
    let mut keys = Vec::new();
    find_mutations(&plan, &mut keys);
    if keys.len() < 2 {
        return plan;
    }
    let mut mutations = Mutations { keys, seen: 0 };
    let parts = mutations.split(plan).into_iter().flatten().flat_map(|part| match part {
        PlanNode::Sequence(steps) => steps,
        step => vec![step],
    });
    PlanNode::Sequence(parts.collect())
}

/// The response keys of each fetch of mutations, in their order.
fn find_mutations(node: &PlanNode, keys: &mut Vec<HashSet<Name>>) {
    match node {
        PlanNode::Sequence(steps) | PlanNode::Parallel(steps) => {
            steps.iter().for_each(|step| find_mutations(step, keys));
        }
        PlanNode::Condition { then, otherwise, .. } => {
            [then, otherwise].into_iter().flatten().for_each(|step| find_mutations(step, keys));
        }
        PlanNode::Root(fetch) if !fetch.document.is_query() => keys.push(keys_of(fetch)),
        PlanNode::Root(_) | PlanNode::Entities(_) | PlanNode::Contextual(_) => {}
    }
}

fn keys_of(fetch: &RootFetch) -> HashSet<Name> {
    let sent = fetch.fields.iter().map(|field| &field.key);
    sent.chain(fetch.renames.iter().map(|rename| &rename.to)).cloned().collect()
}

struct Mutations {
    keys: Vec<HashSet<Name>>,
    /// How many of them were met so far.
    seen: usize,
}

impl Mutations {
    /// The parts of a step by the mutation that they belong to.
    fn split(&mut self, node: PlanNode) -> Vec<Option<PlanNode>> {
        match node {
            PlanNode::Sequence(steps) => self.split_all(steps, PlanNode::Sequence),
            PlanNode::Parallel(steps) => self.split_all(steps, PlanNode::Parallel),
            PlanNode::Condition { variable, then, otherwise } => {
                let mut branch = |step: Option<Box<PlanNode>>| match step {
                    Some(step) => self.split(*step),
                    None => self.nothing(),
                };
                let branches = branch(then).into_iter().zip(branch(otherwise));
                let condition = |(then, otherwise): (Option<PlanNode>, Option<PlanNode>)| {
                    let is_needed = then.is_some() || otherwise.is_some();
                    let (then, otherwise) = (then.map(Box::new), otherwise.map(Box::new));
                    is_needed.then(|| PlanNode::Condition { variable: variable.clone(), then, otherwise })
                };
                branches.map(condition).collect()
            }
            PlanNode::Root(fetch) if !fetch.document.is_query() => {
                self.seen += 1;
                self.only(self.seen - 1, PlanNode::Root(fetch))
            }
            // The library plans neither beside a mutation.
            step @ (PlanNode::Root(_) | PlanNode::Contextual(_)) => self.only(0, step),
            PlanNode::Entities(fetch) => self.only(self.last_of(&fetch), PlanNode::Entities(fetch)),
        }
    }

    fn split_all(
        &mut self,
        steps: Vec<PlanNode>,
        together: impl Fn(Vec<PlanNode>) -> PlanNode,
    ) -> Vec<Option<PlanNode>> {
        let mut parts: Vec<Vec<PlanNode>> = self.keys.iter().map(|_| Vec::new()).collect();
        for step in steps {
            parts.iter_mut().zip(self.split(step)).for_each(|(part, step)| part.extend(step));
        }
        let part = |mut steps: Vec<PlanNode>| match steps.len() {
            0 | 1 => steps.pop(),
            _ => Some(together(steps)),
        };
        parts.into_iter().map(part).collect()
    }

    fn nothing(&self) -> Vec<Option<PlanNode>> {
        self.keys.iter().map(|_| None).collect()
    }

    fn only(&self, at: usize, node: PlanNode) -> Vec<Option<PlanNode>> {
        let mut parts = self.nothing();
        if let Some(part) = parts.get_mut(at) {
            *part = Some(node);
        }
        parts
    }

    /// The last mutation whose result the entities are in.
    fn last_of(&self, fetch: &EntityFetch) -> usize {
        let paths = fetch.inputs.iter().flat_map(|input| &input.paths);
        let first = paths.filter_map(|path| {
            path.0.iter().find_map(|segment| match segment {
                FlattenSegment::Key(key) => Some(key.name()),
                FlattenSegment::Types(_) => None,
            })
        });
        first.filter_map(|key| self.keys.iter().rposition(|keys| keys.contains(key))).max().unwrap_or(0)
    }
}
