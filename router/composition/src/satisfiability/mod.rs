//! Whether every field of the API schema can be reached from a root, whatever way leads to its type.
//!
//! The check walks the API schema from the roots. On the way it knows in which subgraphs the value at hand can be
//! (every one of them is a choice that a planner has), and from there which others a key leads to. A field that none
//! of those resolves is an error, shown with the query that leads to it. What follows from a place depends only on the
//! type and on the subgraphs within reach, so each such pair is visited once.

mod graph_set;
mod labels;
mod message;
mod reach;
mod world;

use crate::map::{HashMap, HashSet};
use std::collections::VecDeque;

use async_graphql_value::Name;

use self::{
    graph_set::GraphSet,
    message::Step,
    reach::Reach,
    world::{Standpoint, World},
};
use crate::{
    compose::model::{Merged, MergedKind},
    diagnostics::Report,
    model::{Schema, named},
};

/// Errors beyond these would mostly repeat the same missing key.
const MAX_ERRORS: usize = 20;

/// Checks every path from the roots, whatever the labels of overrides are set to.
pub(crate) fn check(merged: &Merged, schemas: &[Schema], report: &mut Report) {
    let mut errors = HashSet::default();
    for labels in labels::settings(merged) {
        let world = World::new(merged, schemas, labels);
        check_world(&world, report, &mut errors);
    }
}

fn check_world<'a>(world: &World<'a>, report: &mut Report, errors: &mut HashSet<Coordinate<'a>>) {
    let merged = world.merged;
    let mut walk = Walk { world, report, steps: Vec::new(), seen: HashMap::default(), queue: VecDeque::new(), errors };
    for root in ["Query", "Mutation", "Subscription"] {
        if let Some(ty) = merged.types.get(root) {
            let graphs = ty.joins.iter().map(|join| Standpoint::at(join.graph)).collect();
            let step = walk.push(Step::Root(&ty.name));
            walk.enter(&ty.name, graphs, &world.no_contexts(), step);
        }
    }
    walk.run();
}

/// A place on the way: a type, and where its value can be.
struct Place<'a> {
    ty: &'a Name,
    reach: Reach<'a>,
    /// What can be taken from the contexts that types on the way set.
    contexts: GraphSet,
    /// How it was reached: an index into the steps.
    step: usize,
}

/// What has been walked from one type: where its values could be, under which contexts.
type Seen<'a> = Vec<(Reach<'a>, GraphSet)>;

/// A field of a type.
type Coordinate<'a> = (&'a Name, &'a Name);

struct Walk<'a, 'r> {
    world: &'r World<'a>,
    report: &'r mut Report,
    steps: Vec<Step<'a>>,
    /// What has been visited, by type: walking a subset again could only find the same.
    seen: HashMap<&'a Name, Seen<'a>>,
    queue: VecDeque<Place<'a>>,
    /// Fields that are already reported.
    errors: &'r mut HashSet<Coordinate<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn run(&mut self) {
        while let Some(place) = self.queue.pop_front() {
            self.visit(&place);
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
        }
    }

    /// Goes on to a type, unless nothing new can be found there.
    fn enter(&mut self, ty: &'a Name, from: Vec<Standpoint<'a>>, contexts: &GraphSet, step: usize) {
        let Some(merged) = self.world.merged.types.get(ty).filter(|ty| !ty.marks.inaccessible) else { return };
        match merged.kind {
            MergedKind::Object(_) => self.enter_object(ty, from, contexts, step),
            MergedKind::Interface(_) | MergedKind::Union(_) => self.enter_abstract(ty, &from, contexts, step),
            _ => {}
        }
    }

    fn enter_object(&mut self, ty: &'a Name, from: Vec<Standpoint<'a>>, contexts: &GraphSet, step: usize) {
        let reach = Reach::from(self.world, ty, from);
        let seen = self.seen.entry(ty).or_default();
        if seen.iter().any(|(earlier, under)| earlier.is_subset_of(&reach) && under.is_subset_of(contexts)) {
            return;
        }
        seen.push((reach.clone(), contexts.clone()));
        self.queue.push_back(Place { ty, reach, contexts: contexts.clone(), step });
    }

    /// An abstract value is one of its objects; only subgraphs that know the object can say so.
    fn enter_abstract(&mut self, ty: &'a Name, from: &[Standpoint<'a>], contexts: &GraphSet, step: usize) {
        let reach = Reach::from(self.world, ty, from.to_vec());
        for object in self.world.possible_types(ty) {
            let knowing: Vec<_> = reach.standpoints().filter_map(|at| self.world.cast(&at, ty, object)).collect();
            if !knowing.is_empty() {
                let step = self.push(Step::Cast { on: object, after: step });
                self.enter_object(object, knowing, contexts, step);
            }
        }
    }

    fn push(&mut self, step: Step<'a>) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    fn visit(&mut self, place: &Place<'a>) {
        let Some(composite) = self.world.merged.types.get(place.ty).and_then(|ty| ty.kind.composite()) else { return };
        let mut below = place.contexts.clone();
        self.world.set_contexts(place.ty, &place.reach, &mut below);
        for (name, field) in composite.fields.iter().filter(|(_, field)| !field.marks.inaccessible) {
            let mut resolving = place.reach.resolving(self.world, place.ty, name);
            resolving.retain(|at| self.world.has_contexts(at.graph, place.ty, name, &place.contexts));
            if resolving.is_empty() {
                self.unreachable(place, name);
                continue;
            }
            let target = named(&field.ty);
            let Some((target, _)) = self.world.merged.types.get_key_value(target) else { continue };
            let step = self.push(Step::Field { name, after: place.step });
            self.enter(target, resolving, &below, step);
        }
    }

    fn unreachable(&mut self, place: &Place<'a>, field: &'a Name) {
        if self.errors.insert((place.ty, field)) {
            message::report(self.world, self.report, &self.steps, place, field);
        }
    }
}
