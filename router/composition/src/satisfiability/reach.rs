//! From the subgraphs that have a value, those that keys lead to.

use std::rc::Rc;

use async_graphql_value::Name;

use super::{
    graph_set::GraphSet,
    world::{Standpoint, World},
};
use crate::{compose::model::GraphId, field_set::Selection, model::named};

/// Selections nest, keys lead to keys: deeper than this, a schema is not worth following.
const MAX_DEPTH: usize = 16;

/// What is found deeper than this may have been cut off, so it is not kept for later.
const MAX_REMEMBERED_DEPTH: usize = 4;

/// All standpoints that a planner can choose from for one value.
#[derive(Clone)]
pub(super) struct Reach<'a> {
    /// Subgraphs that have the value and nothing more than their schema says.
    plain: GraphSet,
    /// Those where something is provided on the way, or the type is narrower.
    special: Vec<Standpoint<'a>>,
}

impl<'a> Reach<'a> {
    pub(super) fn from(world: &World<'a>, ty: &Name, from: Vec<Standpoint<'a>>) -> Self {
        Self::within(world, ty, from, 0)
    }

    fn within(world: &World<'a>, ty: &Name, from: Vec<Standpoint<'a>>, depth: usize) -> Self {
        let mut reach = Self { plain: GraphSet::empty(world.schemas.len()), special: Vec::new() };
        if *ty == "Query" {
            // Every subgraph can be asked from the top at any time.
            (0..world.schemas.len()).for_each(|graph| reach.plain.insert(graph));
            return reach;
        }
        // A planner goes on from one of the standpoints: keys are put together from what that one leads to.
        for start in from {
            if start.is_plain() {
                reach.plain.unite(&Self::around_graph(world, ty, start.graph, depth));
            } else {
                let around = Self::around(world, ty, start, depth);
                reach.plain.unite(&around.plain);
                reach.special.extend(around.special);
            }
        }
        reach
    }

    /// What one subgraph leads to, found once for each type.
    fn around_graph(world: &World<'a>, ty: &Name, graph: GraphId, depth: usize) -> Rc<GraphSet> {
        if let Some(known) = world.remembered(ty, graph) {
            return known;
        }
        let found = Rc::new(Self::around(world, ty, Standpoint::at(graph), depth).plain);
        if depth <= MAX_REMEMBERED_DEPTH {
            world.remember(ty, graph, Rc::clone(&found));
        }
        found
    }

    /// What one standpoint leads to.
    fn around(world: &World<'a>, ty: &Name, start: Standpoint<'a>, depth: usize) -> Self {
        let graph = start.graph;
        let mut reach = Self { plain: GraphSet::empty(world.schemas.len()), special: Vec::new() };
        if start.is_plain() {
            reach.plain.insert(graph);
        } else {
            reach.special.push(start);
        }
        // A subgraph that comes into reach may hold the key to the next.
        let mut grows = depth < MAX_DEPTH;
        while grows {
            grows = false;
            for holder in world.holders(ty).iter().copied().filter(|holder| *holder != graph) {
                if !reach.plain.contains(holder) && reach.opens(world, ty, holder, depth) {
                    reach.plain.insert(holder);
                    if let Some(known) = world.remembered(ty, holder) {
                        reach.plain.unite(&known);
                    }
                    grows = true;
                }
            }
        }
        reach
    }

    pub(super) fn standpoints(&self) -> impl Iterator<Item = Standpoint<'a>> {
        self.special.iter().cloned().chain(self.plain.iter().map(Standpoint::at))
    }

    /// The standpoints that may resolve a field; most fields belong to few of many subgraphs.
    fn candidates(&self, world: &World<'a>, ty: &Name, field: &Name) -> impl Iterator<Item = Standpoint<'a>> {
        let resolvers = world.resolvers(ty, field);
        let any = if resolvers.is_none() { Some(self.plain.iter()) } else { None };
        let named = resolvers.into_iter().flatten().filter(|graph| self.plain.contains(*graph));
        self.special.iter().cloned().chain(named.chain(any.into_iter().flatten()).map(Standpoint::at))
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.plain.is_subset_of(&other.plain) && self.special.iter().all(|at| other.special.contains(at))
    }

    /// Whether a key of the type in that subgraph can be put together from here.
    fn opens(&self, world: &World<'a>, ty: &Name, graph: GraphId, depth: usize) -> bool {
        let Some(local) = world.local(graph, ty) else { return false };
        let mut keys = local.marks.keys.iter().filter(|key| key.resolvable);
        keys.any(|key| self.satisfies(world, ty, &key.fields.selections, depth + 1))
    }

    /// Whether all of what a context selects can be resolved from here.
    pub(super) fn has_all(&self, world: &World<'a>, ty: &Name, selections: &[Selection]) -> bool {
        self.satisfies(world, ty, selections, 1)
    }

    /// Whether all of a selection can be resolved from here.
    fn satisfies(&self, world: &World<'a>, ty: &Name, selections: &[Selection], depth: usize) -> bool {
        depth < MAX_DEPTH && selections.iter().all(|selection| self.satisfies_one(world, ty, selection, depth))
    }

    fn satisfies_one(&self, world: &World<'a>, ty: &Name, selection: &Selection, depth: usize) -> bool {
        match selection {
            Selection::Field { name, .. } if *name == "__typename" => true,
            Selection::Field { name, children, .. } if children.is_empty() => {
                self.candidates(world, ty, name).any(|at| Self::step(world, ty, name, &at, depth).is_some())
            }
            Selection::Field { name, children, .. } => {
                let resolving = self.resolving_within(world, ty, name, depth);
                !resolving.is_empty() && Self::child(world, ty, name, resolving, children, depth)
            }
            Selection::Fragment { on, children, .. } => {
                let on = on.as_ref().unwrap_or(ty);
                if on == ty {
                    return self.satisfies(world, ty, children, depth);
                }
                let knowing: Vec<_> = self.standpoints().filter_map(|at| world.cast(&at, ty, on)).collect();
                // Nobody here can have such an object, so nothing is missing.
                knowing.is_empty() || Self::within(world, on, knowing, depth).satisfies(world, on, children, depth)
            }
        }
    }

    fn child(
        world: &World<'a>,
        ty: &Name,
        name: &Name,
        resolving: Vec<Standpoint<'a>>,
        children: &[Selection],
        depth: usize,
    ) -> bool {
        let merged = world.merged.types.get(ty).and_then(|ty| ty.kind.composite());
        let Some(field) = merged.and_then(|composite| composite.fields.get(name)) else { return false };
        let target = named(&field.ty);
        Self::within(world, target, resolving, depth).satisfies(world, target, children, depth + 1)
    }

    /// Where a field's value can be after resolving it from here; empty when nobody in reach can.
    pub(super) fn resolving(&self, world: &World<'a>, ty: &Name, field: &Name) -> Vec<Standpoint<'a>> {
        self.resolving_within(world, ty, field, 0)
    }

    fn resolving_within(&self, world: &World<'a>, ty: &Name, field: &Name, depth: usize) -> Vec<Standpoint<'a>> {
        self.candidates(world, ty, field).filter_map(|at| Self::step(world, ty, field, &at, depth)).collect()
    }

    fn step(world: &World<'a>, ty: &Name, field: &Name, at: &Standpoint<'a>, depth: usize) -> Option<Standpoint<'a>> {
        if *field == "__typename" {
            return Some(at.clone());
        }
        // Inside a requirement, nothing above it is at hand.
        if depth > 0 && !world.has_contexts(at.graph, ty, field, &world.no_contexts()) {
            return None;
        }
        let provided = under_field(&at.provided, field);
        let resolves = || world.resolves(at.graph, ty, field) && Self::requirement(world, ty, field, at, depth);
        if provided.is_none() && !resolves() {
            return None;
        }
        let mut below = provided.unwrap_or_default();
        let own = world.field(at.graph, ty, field);
        if let Some(provides) = own.and_then(|own| own.marks.provides.as_ref()) {
            below.extend(provides.selections.iter());
        }
        Some(Standpoint { graph: at.graph, provided: below, narrowed: world.narrowed(at.graph, ty, field) })
    }

    /// Whether what `@requires` asks for can be fetched, and handed over by a key.
    fn requirement(world: &World<'a>, ty: &Name, field: &Name, at: &Standpoint<'a>, depth: usize) -> bool {
        let own = world.field(at.graph, ty, field);
        let Some(requires) = own.and_then(|own| own.marks.requires.as_ref()) else { return true };
        if depth >= MAX_DEPTH {
            return false;
        }
        let around = Self::within(world, ty, vec![at.clone()], depth + 1);
        let reentered = *ty == "Query" || around.opens(world, ty, at.graph, depth);
        reentered && around.satisfies(world, ty, &requires.selections, depth + 1)
    }
}

/// What is provided below a field; `None` when the field is not provided.
fn under_field<'a>(provided: &[&'a Selection], wanted: &Name) -> Option<Vec<&'a Selection>> {
    let mut found = None;
    for selection in provided {
        match selection {
            Selection::Field { name, children, .. } if name == wanted => {
                found.get_or_insert_with(Vec::new).extend(children.iter());
            }
            Selection::Field { .. } => {}
            Selection::Fragment { children, .. } => {
                let children: Vec<_> = children.iter().collect();
                if let Some(below) = under_field(&children, wanted) {
                    found.get_or_insert_with(Vec::new).extend(below);
                }
            }
        }
    }
    found
}
