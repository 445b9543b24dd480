//! Random sets of subgraphs: whatever they look like, composition is one function of them, and what it makes is sound.
//!
//! `WRITE_SETS=DIR` writes every set with its outcome, for the comparison in `tests/oracle`.
#![expect(clippy::expect_used, reason = "tests")]

mod chance;
mod generator;

use std::{fs, path::Path};

use async_graphql_parser::{
    parse_schema,
    types::{BaseType, ConstDirective, Type, TypeKind, TypeSystemDefinition},
};
use generator::subgraphs;
use hive_router_query_planner::{
    planner::{Planner, QueryPlannerOptions},
    utils::parsing::safe_parse_schema,
};
use reel_composition::{Diagnostic, Subgraph, Supergraph, compose};

const SETS: u64 = 600;

/// Few sets that compose would make the other tests empty.
const AT_LEAST_COMPOSED: usize = 150;

#[test]
fn the_order_of_subgraphs_does_not_matter_and_neither_does_the_time() {
    for seed in 0..SETS {
        let mut set = subgraphs(seed);
        let first = outcome(&set);
        assert_eq!(first, outcome(&set), "composed twice, seed {seed}");
        set.rotate_left(1);
        assert_eq!(first, outcome(&set), "in another order, seed {seed}");
    }
}

#[test]
fn every_supergraph_loads_in_the_planner() {
    let mut composed = 0;
    for (seed, supergraph) in supergraphs() {
        let schema = safe_parse_schema(&supergraph.supergraph_sdl);
        let schema = schema.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let planner = Planner::new_from_supergraph(&schema, QueryPlannerOptions::default());
        assert!(planner.is_ok(), "seed {seed}: {:?}", planner.err());
        composed += 1;
    }
    assert!(composed >= AT_LEAST_COMPOSED, "only {composed} of {SETS} sets compose");
}

#[test]
fn every_api_schema_is_whole_and_holds_nothing_of_federation() {
    for (seed, supergraph) in supergraphs() {
        let document = parse_schema(&supergraph.api_sdl).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let types: Vec<_> = document
            .definitions
            .iter()
            .map(|definition| match definition {
                TypeSystemDefinition::Type(ty) => &ty.node,
                other => panic!("seed {seed}: {other:?}"),
            })
            .collect();
        let is_known = |name: &str| {
            matches!(name, "Int" | "Float" | "String" | "Boolean" | "ID") || types.iter().any(|ty| ty.name.node == name)
        };
        for ty in &types {
            for name in mentioned(&ty.kind) {
                assert!(is_known(&name), "seed {seed}: {} uses {name}, which is not in the API schema", ty.name.node);
            }
            for directive in applied(&ty.kind) {
                assert_eq!(directive.name.node, "deprecated", "seed {seed}: on {}", ty.name.node);
            }
        }
    }
}

#[test]
fn every_error_says_where_it_comes_from() {
    for seed in 0..SETS {
        let set = subgraphs(seed);
        let diagnostics = match compose(&set) {
            Ok(supergraph) => supergraph.hints,
            Err(errors) => errors,
        };
        for diagnostic in diagnostics {
            assert!(!diagnostic.places.is_empty(), "seed {seed}: {diagnostic}");
            for place in &diagnostic.places {
                let source = set.iter().find(|subgraph| subgraph.name == place.subgraph).expect("a subgraph's name");
                let line = source.sdl.lines().nth(place.line - 1).expect("a line of the subgraph");
                assert!(place.column <= line.chars().count(), "seed {seed}: {diagnostic}");
            }
        }
    }
}

#[test]
fn composing_a_supergraphs_only_subgraph_again_changes_nothing() {
    // The API schema of a composed graph is itself a subgraph's schema: alone, it composes to itself.
    for (seed, supergraph) in supergraphs() {
        let alone = Subgraph { name: "alone".to_owned(), url: None, sdl: supergraph.api_sdl.clone() };
        let again = compose(&[alone]).unwrap_or_else(|errors| panic!("seed {seed}: {}", text(&errors)));
        assert_eq!(supergraph.api_sdl, again.api_sdl, "seed {seed}");
    }
}

#[test]
fn sets_are_written_for_the_oracle_on_request() {
    let folder = std::env::var_os("WRITE_SETS");
    for seed in 0..SETS {
        let set = subgraphs(seed);
        let names: Vec<_> = set.iter().map(|subgraph| subgraph.name.as_str()).collect();
        assert!(names.len() >= 2 && names.is_sorted(), "seed {seed}: {names:?}");
        let Some(folder) = &folder else { continue };
        let folder = Path::new(folder).join(seed.to_string());
        fs::create_dir_all(folder.join("subgraphs")).unwrap();
        for subgraph in &set {
            fs::write(folder.join("subgraphs").join(format!("{}.graphql", subgraph.name)), &subgraph.sdl).unwrap();
        }
        match compose(&set) {
            Ok(supergraph) => fs::write(folder.join("supergraph.graphql"), supergraph.supergraph_sdl).unwrap(),
            Err(errors) => fs::write(folder.join("diagnostics.txt"), text(&errors)).unwrap(),
        }
    }
}

fn supergraphs() -> impl Iterator<Item = (u64, Supergraph)> {
    (0..SETS).filter_map(|seed| Some((seed, compose(&subgraphs(seed)).ok()?)))
}

fn outcome(subgraphs: &[Subgraph]) -> (String, String) {
    match compose(subgraphs) {
        Ok(supergraph) => (supergraph.supergraph_sdl + &supergraph.api_sdl, text(&supergraph.hints)),
        Err(errors) => (String::new(), text(&errors)),
    }
}

fn text(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

/// The types that a type's parts name.
fn mentioned(kind: &TypeKind) -> Vec<String> {
    match kind {
        TypeKind::Object(it) => of_fields(&it.implements, &it.fields),
        TypeKind::Interface(it) => of_fields(&it.implements, &it.fields),
        TypeKind::Union(it) => it.members.iter().map(|member| member.node.to_string()).collect(),
        TypeKind::InputObject(it) => it.fields.iter().map(|field| named(&field.node.ty.node)).collect(),
        TypeKind::Scalar | TypeKind::Enum(_) => Vec::new(),
    }
}

type Names = [async_graphql_parser::Positioned<async_graphql_value::Name>];
type Fields = [async_graphql_parser::Positioned<async_graphql_parser::types::FieldDefinition>];

fn of_fields(implements: &Names, fields: &Fields) -> Vec<String> {
    let mut names: Vec<_> = implements.iter().map(|name| name.node.to_string()).collect();
    for field in fields {
        names.push(named(&field.node.ty.node));
        names.extend(field.node.arguments.iter().map(|argument| named(&argument.node.ty.node)));
    }
    names
}

fn named(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => named(inner),
    }
}

/// The directives on a type's fields and values.
fn applied(kind: &TypeKind) -> Vec<ConstDirective> {
    let directives: Vec<_> = match kind {
        TypeKind::Object(it) => it.fields.iter().flat_map(|field| &field.node.directives).collect(),
        TypeKind::Interface(it) => it.fields.iter().flat_map(|field| &field.node.directives).collect(),
        TypeKind::Enum(it) => it.values.iter().flat_map(|value| &value.node.directives).collect(),
        TypeKind::InputObject(it) => it.fields.iter().flat_map(|field| &field.node.directives).collect(),
        TypeKind::Scalar | TypeKind::Union(_) => Vec::new(),
    };
    directives.into_iter().map(|directive| directive.node.clone()).collect()
}
