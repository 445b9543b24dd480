//! Merging: one merged type per name, over all subgraphs that have it.

mod arguments;
mod authorization;
mod context;
mod demand_control;
mod description;
mod directive;
mod r#enum;
mod external;
mod field;
mod input;
mod interface;
pub(crate) mod marks;
pub(crate) mod model;
mod object;
mod overriding;
mod scalar;
mod sharing;
pub(crate) mod typing;
mod union;

use crate::map::{HashSet, IndexMap};
use std::collections::BTreeMap;

use async_graphql_parser::Pos;
use async_graphql_value::Name;

use self::{
    model::{Graph, GraphId, JoinType, Merged, MergedKind, MergedType},
    typing::Hierarchy,
};
use crate::{
    Code,
    diagnostics::{Place, Report},
    model::{Kind, Schema, TypeDef},
};

/// A type of one subgraph.
pub(crate) type TypeSource<'a> = (GraphId, &'a TypeDef);

/// Merges all subgraphs. What it returns is only whole when the report holds no errors.
pub(crate) fn merge(schemas: &[Schema], report: &mut Report) -> Merged {
    let mut composer = Composer::new(schemas, report);
    let mut merged = Merged {
        graphs: schemas.iter().map(graph).collect(),
        types: IndexMap::default(),
        directives: Vec::new(),
        links: BTreeMap::new(),
    };
    directive::merge(&mut composer, &mut merged);
    let grouped = composer.grouped();
    let (enums, others): (Vec<_>, Vec<_>) =
        grouped.iter().partition(|(_, sources)| matches!(sources[0].1.kind, Kind::Enum(_)));
    for (name, sources) in others {
        composer.merge_type(name, sources, &mut merged);
    }
    interface::fill_implementations(&mut composer, &mut merged);
    authorization::spread(&mut merged);
    // How an enum merges depends on where the merged types use it.
    let usage = r#enum::Usage::of(&merged);
    for (name, sources) in enums {
        r#enum::merge(&mut composer, &usage, name, sources, &mut merged);
    }
    merged.types.sort_unstable_keys();
    if !merged.types.contains_key("Query") {
        let message = "No subgraph has a query: the type Query needs a field in at least one of them.";
        composer.report.error(Code::NoQueries, message, Vec::new());
    }
    merged
}

fn graph(schema: &Schema) -> Graph {
    Graph { name: schema.name.clone(), value: schema.graph.clone(), url: schema.url.clone() }
}

/// What every merge step needs.
pub(crate) struct Composer<'a, 'r> {
    pub(crate) schemas: &'a [Schema],
    pub(crate) report: &'r mut Report,
    pub(crate) hierarchy: Hierarchy,
    /// Names of custom directives that stay in the supergraph → whether they are repeatable.
    pub(crate) kept_directives: BTreeMap<Name, bool>,
}

impl<'a, 'r> Composer<'a, 'r> {
    fn new(schemas: &'a [Schema], report: &'r mut Report) -> Self {
        Self { schemas, report, hierarchy: Hierarchy::of(schemas), kept_directives: BTreeMap::new() }
    }

    pub(crate) fn place(&self, graph: GraphId, pos: Pos) -> Place {
        self.schemas[graph].place(pos)
    }

    pub(crate) fn places(&self, sources: impl IntoIterator<Item = (GraphId, Pos)>) -> Vec<Place> {
        sources.into_iter().map(|(graph, pos)| self.place(graph, pos)).collect()
    }

    /// Names of subgraphs for a message: `"a", "b" and "c"`.
    pub(crate) fn names(&self, graphs: impl IntoIterator<Item = GraphId>) -> String {
        list(graphs.into_iter().map(|graph| format!("\"{}\"", self.schemas[graph].name)))
    }

    fn grouped(&self) -> BTreeMap<&'a Name, Vec<TypeSource<'a>>> {
        let mut grouped: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (graph, schema) in self.schemas.iter().enumerate() {
            for (name, ty) in &schema.types {
                grouped.entry(name).or_default().push((graph, ty));
            }
        }
        grouped
    }

    fn merge_type(&mut self, name: &Name, sources: &[TypeSource<'a>], merged: &mut Merged) {
        if !self.kinds_agree(name, sources) {
            return;
        }
        self.has_base(name, sources);
        let kind = match &sources[0].1.kind {
            _ if sources.iter().any(|(_, ty)| ty.kind.is_interface()) => interface::merge(self, name, sources),
            Kind::Object(_) | Kind::Interface(_) => object::merge(self, name, sources),
            Kind::Union(_) => union::merge(self, name, sources),
            Kind::Input(_) => input::merge(self, name, sources),
            Kind::Scalar | Kind::Enum(_) => MergedKind::Scalar,
        };
        let ty = self.finish(name, sources, kind);
        merged.types.insert(name.clone(), ty);
    }

    /// What all kinds of types have in common.
    pub(crate) fn finish(&mut self, name: &Name, sources: &[TypeSource<'a>], kind: MergedKind) -> MergedType {
        let described = sources.iter().map(|(graph, ty)| (*graph, ty.pos, ty.description.as_ref()));
        let description = description::merge(self, || name.to_string(), described);
        let marked: Vec<_> = sources.iter().map(|(graph, ty)| (*graph, ty.pos, &ty.marks)).collect();
        let mut marks = marks::merge(self, || name.to_string(), &marked);
        if matches!(kind, MergedKind::Scalar) {
            scalar::check_specification(self, name, sources, &mut marks);
        }
        MergedType { name: name.clone(), description, kind, joins: self.joins(name, sources), marks }
    }

    fn joins(&self, name: &Name, sources: &[TypeSource<'a>]) -> Vec<JoinType> {
        if *name == "Query" {
            // Every subgraph has a Query: at least the one that answers `_entities`.
            return (0..self.schemas.len()).map(JoinType::plain).collect();
        }
        sources.iter().flat_map(|(graph, ty)| join_types(*graph, ty)).collect()
    }

    fn kinds_agree(&mut self, name: &Name, sources: &[TypeSource<'a>]) -> bool {
        let first = effective_kind(sources[0].1);
        let odd = sources.iter().find(|(_, ty)| effective_kind(ty) != first);
        if odd.is_none() {
            return true;
        }
        let kinds =
            sources.iter().map(|(graph, ty)| format!("{} in \"{}\"", ty.kind.word(), self.schemas[*graph].name));
        let message = format!("\"{name}\" is {}: make it the same kind everywhere, or rename it.", list(kinds));
        let places = self.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
        self.report.error(Code::TypeKindMismatch, message, places);
        false
    }

    fn has_base(&mut self, name: &Name, sources: &[TypeSource<'a>]) {
        let root = matches!(name.as_str(), "Query" | "Mutation" | "Subscription");
        if root || sources.iter().any(|(_, ty)| !ty.extension) {
            return;
        }
        let message = format!(
            "\"{name}\" is only extended ({}), no subgraph defines it: write it without `extend` in one of them.",
            self.names(sources.iter().map(|(graph, _)| *graph))
        );
        let places = self.places(sources.iter().map(|(graph, ty)| (*graph, ty.pos)));
        self.report.error(Code::ExtensionWithNoBase, message, places);
    }
}

/// An interface object counts as the interface that it stands for.
fn effective_kind(ty: &TypeDef) -> &'static str {
    if ty.marks.interface_object.is_some() { "interface" } else { ty.kind.word() }
}

fn join_types(graph: GraphId, ty: &TypeDef) -> Vec<JoinType> {
    let interface_object = ty.marks.interface_object.is_some();
    let mut seen = HashSet::default();
    let mut joins = Vec::new();
    for key in &ty.marks.keys {
        let text = key.fields.to_string();
        if seen.insert(text.clone()) {
            let (extension, resolvable) = (ty.extension, key.resolvable);
            joins.push(JoinType { graph, key: Some(text), extension, resolvable, interface_object });
        }
    }
    if joins.is_empty() {
        joins.push(JoinType { interface_object, ..JoinType::plain(graph) });
    }
    joins
}

/// `a, b and c`.
pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut items: Vec<_> = items.into_iter().collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} and {last}", items.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}
