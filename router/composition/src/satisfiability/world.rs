//! The subgraphs as satisfiability sees them: who has which type, who resolves which field.

use crate::map::{HashMap, HashSet};
use std::{cell::RefCell, rc::Rc};

use async_graphql_value::Name;

use super::{graph_set::GraphSet, reach::Reach};
use crate::{
    compose::model::{ContextArgument, GraphId, JoinField, Merged, MergedField, MergedKind},
    field_set::{FieldSet, Selection},
    model::{External, Field, Kind, Schema, TypeDef, named},
};

/// A subgraph that has the value at hand, with what `@provides` on the way there adds to what it can resolve.
#[derive(Clone)]
pub(super) struct Standpoint<'a> {
    pub(super) graph: GraphId,
    pub(super) provided: Vec<&'a Selection>,
    /// The subgraph's own type for the value, where that is narrower than the merged one.
    pub(super) narrowed: Option<&'a Name>,
}

impl Standpoint<'_> {
    pub(super) fn at(graph: GraphId) -> Self {
        Self { graph, provided: Vec::new(), narrowed: None }
    }

    /// Whether there is nothing to it but the subgraph.
    pub(super) fn is_plain(&self) -> bool {
        self.provided.is_empty() && self.narrowed.is_none()
    }
}

/// Provided selections are the same when they are written in the same place.
impl PartialEq for Standpoint<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.graph == other.graph
            && self.narrowed == other.narrowed
            && self.provided.len() == other.provided.len()
            && self.provided.iter().zip(&other.provided).all(|(own, other)| std::ptr::eq(*own, *other))
    }
}

/// The merged schema and its subgraphs, with the questions that the walk asks.
pub(super) struct World<'a> {
    pub(super) merged: &'a Merged,
    pub(super) schemas: &'a [Schema],
    objects: HashMap<&'a Name, Vec<&'a Name>>,
    /// Which subgraphs have a type, an interface object standing for it included.
    holders: HashMap<&'a Name, Vec<GraphId>>,
    /// What is taken from contexts, by the context's name in the supergraph and by what is selected.
    taken: HashMap<(String, &'a str), Taken<'a>>,
    /// The labels of overrides that are on.
    labels: HashSet<&'a str>,
    /// What single subgraphs lead to, by type.
    reached: RefCell<HashMap<Name, Reached>>,
}

/// A value that arguments take from a context.
struct Taken<'a> {
    number: usize,
    selection: &'a FieldSet,
}

/// What each subgraph leads to, for one type.
type Reached = HashMap<GraphId, Rc<GraphSet>>;

impl<'a> World<'a> {
    pub(super) fn new(merged: &'a Merged, schemas: &'a [Schema], labels: HashSet<&'a str>) -> Self {
        let mut world = Self {
            merged,
            schemas,
            objects: HashMap::default(),
            holders: HashMap::default(),
            taken: HashMap::default(),
            labels,
            reached: RefCell::default(),
        };
        for ty in merged.types.values() {
            match &ty.kind {
                MergedKind::Object(object) => {
                    for interface in object.implements.keys() {
                        world.objects.entry(interface).or_default().push(&ty.name);
                    }
                }
                MergedKind::Union(members) => {
                    world.objects.entry(&ty.name).or_default().extend(members.keys());
                }
                _ => {}
            }
        }
        world.find_holders();
        world.find_taken();
        world
    }

    fn find_taken(&mut self) {
        for schema in self.schemas {
            let fields = schema.types.values().flat_map(|ty| ty.kind.fields()).flat_map(|fields| fields.values());
            let arguments = fields.flat_map(|field| field.arguments.values());
            for from in arguments.filter_map(|argument| argument.marks.from_context.as_ref()) {
                let number = self.taken.len();
                let key = (format!("{}__{}", schema.name, from.context), from.text.as_str());
                self.taken.entry(key).or_insert(Taken { number, selection: &from.selection });
            }
        }
    }

    fn find_holders(&mut self) {
        for (graph, schema) in self.schemas.iter().enumerate() {
            for ty in schema.types.values() {
                self.holders.entry(&ty.name).or_default().push(graph);
                let objects = ty.marks.interface_object.and_then(|_| self.objects.get(&ty.name));
                for object in objects.into_iter().flatten().filter(|object| !schema.types.contains_key(**object)) {
                    self.holders.entry(object).or_default().push(graph);
                }
            }
        }
        self.holders.values_mut().for_each(Vec::dedup);
    }

    pub(super) fn holders(&self, ty: &Name) -> &[GraphId] {
        self.holders.get(ty).map_or(&[], Vec::as_slice)
    }

    /// A set with room for everything that is taken from contexts.
    pub(super) fn no_contexts(&self) -> GraphSet {
        GraphSet::empty(self.taken.len())
    }

    /// Adds what can be taken from the contexts that a type sets, itself or by its interfaces and unions, and removes what
    /// cannot: nothing further up counts there.
    pub(super) fn set_contexts(&self, ty: &Name, reach: &Reach<'a>, to: &mut GraphSet) {
        if self.taken.is_empty() {
            return;
        }
        for setting in self.merged.types.values().filter(|it| !it.marks.contexts.is_empty()) {
            if setting.name != *ty && !self.possible_types(&setting.name).contains(&ty) {
                continue;
            }
            for ((context, _), taken) in &self.taken {
                if !setting.marks.contexts.contains(context) {
                    continue;
                }
                if reach.has_all(self, ty, &taken.selection.selections) {
                    to.insert(taken.number);
                } else {
                    to.remove(taken.number);
                }
            }
        }
    }

    /// Whether a subgraph's field can be given all that it takes from contexts.
    pub(super) fn has_contexts(&self, graph: GraphId, ty: &Name, field: &Name, given: &GraphSet) -> bool {
        self.taken_contexts(graph, ty, field).into_iter().flatten().all(|argument| {
            let taken = self.taken.get(&(argument.context.clone(), argument.selection.as_str()));
            taken.is_some_and(|taken| given.contains(taken.number))
        })
    }

    fn taken_contexts(&self, graph: GraphId, ty: &Name, field: &Name) -> Option<&'a [ContextArgument]> {
        if self.taken.is_empty() {
            return None;
        }
        let join = self.merged_field(ty, field)?.joins.iter().find(|join| join.graph == Some(graph))?;
        Some(join.context_arguments.as_slice())
    }

    /// What was found to be in reach of a subgraph.
    pub(super) fn remembered(&self, ty: &Name, graph: GraphId) -> Option<Rc<GraphSet>> {
        self.reached.borrow().get(ty)?.get(&graph).cloned()
    }

    pub(super) fn remember(&self, ty: &Name, graph: GraphId, reached: Rc<GraphSet>) {
        self.reached.borrow_mut().entry(ty.clone()).or_default().insert(graph, reached);
    }

    /// The objects that an interface or union can be.
    pub(super) fn possible_types(&self, ty: &Name) -> &[&'a Name] {
        self.objects.get(ty).map_or(&[], Vec::as_slice)
    }

    /// What a subgraph has for a type: the type, or the interface object that stands for one of its interfaces.
    pub(super) fn local(&self, graph: GraphId, ty: &Name) -> Option<&'a TypeDef> {
        let schema = &self.schemas[graph];
        if let Some(found) = schema.types.get(ty) {
            return Some(found);
        }
        let interfaces = self.merged.types.get(ty)?.kind.composite()?.implements.keys();
        let standing_in = |name: &Name| schema.types.get(name).filter(|ty| ty.marks.interface_object.is_some());
        interfaces.filter_map(standing_in).next()
    }

    /// The subgraph's own definition of a field of a type.
    pub(super) fn field(&self, graph: GraphId, ty: &Name, field: &str) -> Option<&'a Field> {
        self.local(graph, ty)?.kind.fields()?.get(field)
    }

    fn merged_field(&self, ty: &Name, field: &str) -> Option<&'a MergedField> {
        self.merged.types.get(ty)?.kind.composite()?.fields.get(field)
    }

    /// The subgraphs that a field's joins name; `None` when it may be any that has the type.
    pub(super) fn resolvers(&self, ty: &Name, field: &str) -> Option<impl Iterator<Item = GraphId> + 'a> {
        let joins = &self.merged_field(ty, field)?.joins;
        let named = !joins.is_empty() && joins.iter().all(|join| join.graph.is_some());
        named.then(|| joins.iter().filter_map(|join| join.graph))
    }

    /// Whether a subgraph resolves a field on its own account (requirements aside).
    pub(super) fn resolves(&self, graph: GraphId, ty: &Name, field: &str) -> bool {
        let Some(own) = self.field(graph, ty, field).filter(|own| own.external != External::Yes) else { return false };
        let holder = self.local(graph, ty).map_or(ty, |local| &local.name);
        let Some(merged) = self.merged_field(holder, &own.name) else { return false };
        let asked = |join: &JoinField| join.graph == Some(graph) && !join.used_overridden && self.is_on(join);
        merged.joins.is_empty() || merged.joins.iter().any(asked)
    }

    /// With the label on, the new owner resolves the field, with the label off, the old one.
    fn is_on(&self, join: &JoinField) -> bool {
        join.override_label.as_deref().is_none_or(|label| self.labels.contains(label) == join.overrides.is_some())
    }

    /// The setting of the labels, for a message; empty when the graph has none.
    pub(super) fn setting(&self, ty: &Name, field: &str) -> String {
        let joins = self.merged_field(ty, field).map_or(&[][..], |field| &field.joins);
        let Some(label) = joins.iter().find_map(|join| join.override_label.as_deref()) else { return String::new() };
        let state = if self.labels.contains(label) { "on" } else { "off" };
        format!(" while the @override label \"{label}\" is {state}")
    }

    /// The same standpoint, knowing that the value is a certain object; `None` when the subgraph cannot know that.
    pub(super) fn cast(&self, at: &Standpoint<'a>, from: &Name, object: &Name) -> Option<Standpoint<'a>> {
        let schema = &self.schemas[at.graph];
        let from = at.narrowed.unwrap_or(from);
        let possible = match schema.types.get(from).map(|ty| &ty.kind) {
            Some(Kind::Union(members)) => members.contains_key(object),
            Some(Kind::Interface(_)) => {
                let found = schema.types.get(object).and_then(|ty| ty.kind.composite());
                found.is_some_and(|composite| composite.implements.contains_key(from))
            }
            // Also false for an interface object: it cannot say what it stands for.
            Some(Kind::Object(it)) => from == object && !it.fields.is_empty(),
            _ => false,
        };
        possible.then(|| Standpoint { provided: under_cast(&at.provided, object), ..Standpoint::at(at.graph) })
    }

    /// A subgraph's own type of a field, where it differs from the merged one.
    pub(super) fn narrowed(&self, graph: GraphId, ty: &Name, field: &str) -> Option<&'a Name> {
        let own = named(&self.field(graph, ty, field)?.ty);
        let merged = named(&self.merged_field(ty, field)?.ty);
        (own != merged).then_some(own)
    }
}

/// What is provided on one object of an abstract type.
fn under_cast<'a>(provided: &[&'a Selection], object: &Name) -> Vec<&'a Selection> {
    let mut under = Vec::new();
    for selection in provided {
        match selection {
            Selection::Fragment { on, children, .. } if on.as_ref().is_none_or(|on| on == object) => {
                under.extend(children.iter());
            }
            Selection::Fragment { .. } => {}
            Selection::Field { .. } => under.push(*selection),
        }
    }
    under
}
