//! From the subgraphs that have a value, those that keys lead to.

use async_graphql_value::Name;

use super::world::{Standpoint, World};
use crate::{field_set::Selection, model::named};

/// Selections nest, keys lead to keys: deeper than this, a schema is not worth following.
const MAX_DEPTH: usize = 16;

/// All standpoints that a planner can choose from for one value.
#[derive(Clone)]
pub(super) struct Reach<'a> {
    standpoints: Vec<Standpoint<'a>>,
}

impl<'a> Reach<'a> {
    pub(super) fn from(world: &World<'a>, ty: &Name, from: Vec<Standpoint<'a>>) -> Self {
        Self::within(world, ty, from, 0)
    }

    fn within(world: &World<'a>, ty: &Name, from: Vec<Standpoint<'a>>, depth: usize) -> Self {
        let mut reach = Self { standpoints: from };
        if *ty == "Query" {
            // Every subgraph can be asked from the top at any time.
            reach.standpoints = (0..world.schemas.len()).map(Standpoint::at).collect();
            return reach;
        }
        let mut waiting: Vec<_> = world.holders(ty).iter().copied().filter(|graph| !reach.has(*graph)).collect();
        // A subgraph that comes into reach may hold the key to the next.
        while depth < MAX_DEPTH {
            let before = waiting.len();
            waiting.retain(|graph| {
                let opens = reach.opens(world, ty, *graph, depth);
                if opens {
                    reach.standpoints.push(Standpoint::at(*graph));
                }
                !opens
            });
            if waiting.len() == before {
                break;
            }
        }
        reach
    }

    pub(super) fn standpoints(&self) -> impl Iterator<Item = &Standpoint<'a>> {
        self.standpoints.iter()
    }

    fn has(&self, graph: usize) -> bool {
        self.standpoints.iter().any(|at| at.graph == graph)
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.standpoints.iter().all(|at| other.standpoints.contains(at))
    }

    /// Whether a key of the type in that subgraph can be put together from here.
    fn opens(&self, world: &World<'a>, ty: &Name, graph: usize, depth: usize) -> bool {
        let Some(local) = world.local(graph, ty) else { return false };
        let keys = local.marks.keys.iter().filter(|key| key.resolvable);
        keys.into_iter().any(|key| self.satisfies(world, ty, &key.fields.selections, depth + 1))
    }

    /// Whether all of a selection can be resolved from here.
    fn satisfies(&self, world: &World<'a>, ty: &Name, selections: &[Selection], depth: usize) -> bool {
        depth < MAX_DEPTH && selections.iter().all(|selection| self.satisfies_one(world, ty, selection, depth))
    }

    fn satisfies_one(&self, world: &World<'a>, ty: &Name, selection: &Selection, depth: usize) -> bool {
        match selection {
            Selection::Field { name, .. } if *name == "__typename" => true,
            Selection::Field { name, children, .. } => {
                let resolving = self.resolving_within(world, ty, name, depth);
                !resolving.is_empty()
                    && (children.is_empty() || self.child(world, ty, name, resolving, children, depth))
            }
            Selection::Fragment { on, children, .. } => {
                let on = on.as_ref().unwrap_or(ty);
                if on == ty {
                    return self.satisfies(world, ty, children, depth);
                }
                let knowing: Vec<_> = self.standpoints.iter().filter_map(|at| world.cast(at, ty, on)).collect();
                // Nobody here can have such an object, so nothing is missing.
                knowing.is_empty() || Self::within(world, on, knowing, depth).satisfies(world, on, children, depth)
            }
        }
    }

    fn child(
        &self,
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
        Self::within(world, target, resolving, depth).satisfies(world, target, children, depth)
    }

    /// Where a field's value can be after resolving it from here; empty when nobody in reach can.
    pub(super) fn resolving(&self, world: &World<'a>, ty: &Name, field: &Name) -> Vec<Standpoint<'a>> {
        self.resolving_within(world, ty, field, 0)
    }

    fn resolving_within(&self, world: &World<'a>, ty: &Name, field: &Name, depth: usize) -> Vec<Standpoint<'a>> {
        let mut after = Vec::new();
        for at in &self.standpoints {
            if let Some(next) = self.step(world, ty, field, at, depth) {
                if !after.contains(&next) {
                    after.push(next);
                }
            }
        }
        after
    }

    fn step(
        &self,
        world: &World<'a>,
        ty: &Name,
        field: &Name,
        at: &Standpoint<'a>,
        depth: usize,
    ) -> Option<Standpoint<'a>> {
        if *field == "__typename" {
            return Some(at.clone());
        }
        let mut provided = under_field(&at.provided, field);
        let own = world.field(at.graph, ty, field);
        if provided.is_none() && !(world.resolves(at.graph, ty, field) && self.requirement(world, ty, field, at, depth))
        {
            return None;
        }
        let mut below = provided.take().unwrap_or_default();
        if let Some(provides) = own.and_then(|own| own.marks.provides.as_ref()) {
            below.extend(provides.selections.iter());
        }
        Some(Standpoint { graph: at.graph, provided: below, narrowed: world.narrowed(at.graph, ty, field) })
    }

    /// Whether what `@requires` asks for can be fetched, and handed over by a key.
    fn requirement(&self, world: &World<'a>, ty: &Name, field: &Name, at: &Standpoint<'a>, depth: usize) -> bool {
        let own = world.field(at.graph, ty, field);
        let Some(requires) = own.and_then(|own| own.marks.requires.as_ref()) else { return true };
        *ty == "Query"
            || self.opens(world, ty, at.graph, depth) && self.satisfies(world, ty, &requires.selections, depth + 1)
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
