//! The parts of an operation, planned one by one and put together.

use std::time::{Duration, Instant};

use super::super::contexts::{self, Later, Split};
use super::super::operation::Operation;
use super::super::{Pipeline, print};
use super::serial;
use crate::planner::{PlanError, PlanNode, QueryPlan};

/// The plan of an operation that is split for contexts, or not.
pub(in super::super) fn plan(
    pipeline: &Pipeline,
    operation: &Operation,
    split: Option<Split>,
) -> Result<QueryPlan, PlanError> {
    let planning = Planning { pipeline, deadline: Instant::now() + pipeline.planning_timeout };
    let Some(split) = split else { return planning.whole(operation) };
    let reserved = split.reserved.clone();
    let parts = serial::parts_of_one_field(operation);
    let root = if parts.len() < 2 { planning.split(split)? } else { planning.serial(&parts, &reserved)? };
    Ok(QueryPlan { root: Some(root), places_differ: true, reserved: Some(reserved) })
}

struct Planning<'a> {
    pipeline: &'a Pipeline,
    /// For all parts together.
    deadline: Instant,
}

impl Planning<'_> {
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn whole(&self, operation: &Operation) -> Result<QueryPlan, PlanError> {
        let Some(text) = print::print(operation, &self.pipeline.schema) else { return Ok(QueryPlan::default()) };
        let plan = self.pipeline.planner.plan(&text, self.left())?;
        let parts = plan.root.as_ref().map(|root| serial::parts_of(operation, root)).unwrap_or_default();
        if parts.len() < 2 {
            return Ok(plan);
        }
        // The library may plan a part in another way, so it is looked at again.
        let steps = parts.iter().map(|part| Ok(self.whole(part)?.root)).collect::<Result<Vec<_>, _>>()?;
        let root = sequence(steps.into_iter().flatten());
        Ok(QueryPlan { places_differ: root.tells_places_apart(), root: Some(root), reserved: None })
    }

    fn serial(&self, parts: &[Operation], reserved: &str) -> Result<PlanNode, PlanError> {
        let mut steps = Vec::with_capacity(parts.len());
        for part in parts {
            match contexts::split_with(part, reserved, &self.pipeline.contexts, &self.pipeline.schema) {
                Some(split) => steps.push(self.split(split)?),
                None => steps.extend(self.whole(part)?.root),
            }
        }
        Ok(sequence(steps))
    }

    fn split(&self, split: Split) -> Result<PlanNode, PlanError> {
        let first = self.whole(&split.first)?.root;
        let later = self.later(split.later)?;
        Ok(match first {
            Some(first) => as_soon_as_possible(first, later, &split.reserved),
            None => later,
        })
    }

    fn later(&self, later: Vec<Later>) -> Result<PlanNode, PlanError> {
        let steps = later.into_iter().map(|later| self.one(later));
        Ok(parallel(steps.collect::<Result<_, _>>()?))
    }

    fn one(&self, later: Later) -> Result<PlanNode, PlanError> {
        let text = print::print(&later.operation, &self.pipeline.schema).unwrap_or_default();
        let own = self.pipeline.planner.plan_below(&text, &later.entry, self.left())?;
        let then = if later.then.is_empty() { None } else { Some(self.later(later.then)?) };
        Ok(sequence(own.into_iter().chain(then)))
    }
}

/// What comes later needs nothing of the first steps but what is fetched for it, under keys that begin with `reserved`. Of every
/// entity that it is about there is such a key, so the entity and all around it is there, too. Other steps need not be waited for.
fn as_soon_as_possible(first: PlanNode, later: PlanNode, reserved: &str) -> PlanNode {
    let mut needed = match first {
        PlanNode::Sequence(steps) => steps,
        step => vec![step],
    };
    let last = needed.iter().rposition(|step| step.asks_for(reserved));
    let mut others = needed.split_off(last.map_or(needed.len(), |last| last + 1));
    if let Some(PlanNode::Parallel(steps)) = needed.pop_if(|step| matches!(step, PlanNode::Parallel(_))) {
        let (asking, beside): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.asks_for(reserved));
        needed.push(parallel(asking));
        if !beside.is_empty() {
            others.insert(0, parallel(beside));
        }
    }
    let then = if others.is_empty() { later } else { PlanNode::Parallel(vec![sequence(others), later]) };
    sequence(needed.into_iter().chain([then]))
}

fn parallel(mut steps: Vec<PlanNode>) -> PlanNode {
    if steps.len() == 1 { steps.remove(0) } else { PlanNode::Parallel(steps) }
}

fn sequence(steps: impl IntoIterator<Item = PlanNode>) -> PlanNode {
    let flat = steps.into_iter().flat_map(|step| match step {
        PlanNode::Sequence(steps) => steps,
        step => vec![step],
    });
    let mut flat: Vec<PlanNode> = flat.collect();
    if flat.len() == 1 { flat.remove(0) } else { PlanNode::Sequence(flat) }
}
