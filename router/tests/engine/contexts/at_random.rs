//! Whatever is asked of a graph with contexts, the answer is the one of a single server that has all of it.

use async_graphql_parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql_value::Value as Argument;
use proptest::prelude::*;
use reel_router::GraphqlRequest;
use serde_json::{Map, Value, json};

use crate::common::{Graph, composed_with, context, variables};
use crate::subgraph::{Subgraph, merge};

const TREES: &str = "type Query { root: Tree }
    interface Node { id: ID! leaf: Leaf nodes: [Node] }
    type Tree implements Node @key(fields: \"id\") @context(name: \"of\") {
        id: ID! name: String @external leaf: Leaf nodes: [Node] }
    type Box implements Node { id: ID! leaf: Leaf nodes: [Node] }
    type Leaf @key(fields: \"id\") { id: ID!
        label(of: String @fromContext(field: \"$of { name }\"), upper: Boolean): String
        twin(of: String @fromContext(field: \"$of { name }\")): Twin }
    type Twin { text: String node: Node }";
const NAMES: &str = "type Query { names: Int }
    type Tree @key(fields: \"id\") { id: ID! name: String }
    type Leaf @key(fields: \"id\") { id: ID! colour: String }";

/// A node with what is below it.
fn node(ty: &str, id: &str, leaf: &str, nodes: Value) -> Value {
    let leaf = if leaf.is_empty() { Value::Null } else { json!({ "ref": format!("Leaf:{leaf}") }) };
    let mut node = json!({ "__typename": ty, "is": ["Node"], "id": id, "leaf": leaf });
    node["nodes"] = nodes;
    node
}

fn root() -> Value {
    let small =
        node("Box", "b1", "l1", json!([node("Tree", "t1", "l1", Value::Null), node("Box", "b2", "l2", json!([]))]));
    let nameless = node("Tree", "none", "l2", json!([node("Box", "b3", "l1", Value::Null)]));
    node(
        "Tree",
        "t0",
        "l0",
        json!([small, nameless, null, node("Tree", "t2", "", json!([node("Box", "b4", "l0", Value::Null)]))]),
    )
}

/// What hangs on the twin of a leaf.
fn twin_of(leaf: &str) -> Value {
    match leaf {
        "l0" => node("Tree", "t3", "l1", json!([node("Box", "b5", "l2", Value::Null)])),
        "l1" => node("Box", "b6", "l2", json!([node("Tree", "t1", "l0", Value::Null)])),
        _ => Value::Null,
    }
}

fn name_of(tree: &str) -> Value {
    if tree == "none" { Value::Null } else { format!("name of {tree}").into() }
}

fn label(leaf: &str, of: &Value, upper: bool) -> Value {
    let label = format!("{leaf} in {of}");
    if upper { label.to_uppercase().into() } else { label.into() }
}

fn graph() -> Graph {
    let leaves = json!({ "Leaf:l0": {}, "Leaf:l1": {}, "Leaf:l2": {} });
    let ids = ["t0", "t1", "t2", "t3", "none"];
    let mut trees = leaves.clone();
    ids.iter().for_each(|id| trees[format!("Tree:{id}")] = json!({}));
    let trees = Subgraph::new(TREES, "Tree | Leaf", json!({ "roots": { "root": root() }, "entities": trees }))
        .resolving(|object, field, given| {
            let id = object["id"].as_str().unwrap_or_default();
            match field {
                "label" => Some(label(id, &given["of"], given["upper"] == true)),
                "twin" => Some(json!({ "text": given["of"], "node": twin_of(id) })),
                _ => None,
            }
        });
    let mut names = json!({});
    ids.iter().for_each(|id| names[format!("Tree:{id}")] = json!({ "name": name_of(id) }));
    for leaf in ["l0", "l1", "l2"] {
        names[format!("Leaf:{leaf}")] = json!({ "colour": format!("colour of {leaf}") });
    }
    let names = Subgraph::new(NAMES, "Tree | Leaf", json!({ "entities": names }));
    let imports = ["@key", "@external", "@context", "@fromContext"];
    composed_with(&imports, &[("trees", TREES), ("names", NAMES)])
        .on("trees", move |text, variables| Ok(trees.answer(text, variables)))
        .on("names", move |text, variables| Ok(names.answer(text, variables)))
        .build()
}

/// The single server.
struct Reference(ExecutableDocument);

impl Reference {
    /// `name` is the one of the nearest tree around the object.
    fn object(&self, set: &SelectionSet, object: &Value, name: &Value, shown: &mut Map<String, Value>) {
        for selection in set.items.iter().map(|item| &item.node) {
            let excluded = |directive: &async_graphql_parser::types::Directive| {
                let Argument::Variable(given) = &directive.get_argument("if").unwrap().node else { panic!() };
                (directive.name.node == "include") != (given == "yes")
            };
            if selection.directives().iter().any(|directive| excluded(&directive.node)) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let value = self.field(&field.node, object, name);
                    merge(shown.entry(field.node.response_key().node.to_string()).or_insert(Value::Null), value);
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    if on.is_none_or(|on| on == "Node" || object["__typename"] == on) {
                        self.object(&fragment.node.selection_set.node, object, name, shown);
                    }
                }
                Selection::FragmentSpread(_) => panic!("no query here has one"),
            }
        }
    }

    fn field(&self, field: &Field, object: &Value, name: &Value) -> Value {
        let id = object["id"].as_str().unwrap_or_default();
        let below = if object["__typename"] == "Tree" { &name_of(id) } else { name };
        let value = match field.name.node.as_str() {
            "name" => return name_of(id),
            "label" => return label(id, name, !field.arguments.is_empty()),
            "colour" => return format!("colour of {id}").into(),
            "twin" => json!({ "text": name, "node": twin_of(id) }),
            "leaf" => match object["leaf"]["ref"].as_str().and_then(|leaf| leaf.strip_prefix("Leaf:")) {
                Some(id) => json!({ "__typename": "Leaf", "id": id }),
                None => Value::Null,
            },
            other => object[other].clone(),
        };
        self.value(&field.selection_set.node, value, below)
    }

    fn value(&self, set: &SelectionSet, value: Value, name: &Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.value(set, item, name)).collect(),
            Value::Object(_) => {
                let mut shown = Map::new();
                self.object(set, &value, name, &mut shown);
                shown.into()
            }
            leaf => leaf,
        }
    }
}

/// Selections on a node.
fn selections() -> impl Strategy<Value = String> {
    let leaf =
        prop::collection::vec(prop::sample::select(&["id", "colour", "label", "LABEL: label(upper: $yes)"][..]), 1..3);
    let start = prop_oneof![
        Just("id".to_owned()),
        Just("__typename id".to_owned()),
        leaf.prop_map(|leaf| format!("leaf {{ {} }}", leaf.join(" "))),
    ];
    start.prop_recursive(5, 40, 4, |inner| {
        let ways = prop::sample::select(
            &[
                "nodes { % }",
                "nodes { % }",
                "more: nodes { % }",
                "nodes @skip(if: $no) { % }",
                "... on Tree { name ... on Node { % } }",
                "... on Box { ... on Node { % } }",
                "... on Node { % }",
                "... @include(if: $yes) { % }",
                "... on Tree @include(if: $no) { ... on Node { % } }",
                "leaf { twin { text node { % } } }",
                "leaf { id twin @include(if: $yes) { node { % } } }",
                "other: leaf { label twin { node { % } } }",
            ][..],
        );
        prop::collection::vec((ways, inner), 1..4).prop_map(|parts| {
            let parts: Vec<_> = parts.into_iter().map(|(way, inner)| way.replace('%', &inner)).collect();
            parts.join(" ")
        })
    })
}

/// Whether the answer is that of a single server.
fn check(selections: &str) -> Result<(), TestCaseError> {
    let query = format!(
        "query ($yes: Boolean!, $no: Boolean!) {{ root {{ a: id @include(if: $yes) b: id @skip(if: $no) ... on Node {{ {selections} }} }} }}"
    );
    let reference = Reference(async_graphql_parser::parse_query(&query).unwrap());
    let operation = reference.0.operations.iter().next().unwrap().1.node.selection_set.node.clone();
    let mut expected = Map::new();
    reference.object(&operation, &json!({ "root": root() }), &Value::Null, &mut expected);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let given = variables(json!({ "yes": true, "no": false }));
    let request = GraphqlRequest { query: query.clone(), variables: given, trusted: true, ..GraphqlRequest::default() };
    let response = runtime.block_on(graph().engine.execute(request, context(None)));
    let answer: Value = serde_json::from_slice(&response.body).unwrap();
    prop_assert_eq!(&answer, &json!({ "data": expected }), "{}", query);
    Ok(())
}

#[test]
fn a_field_that_is_selected_with_a_condition_and_without_is_answered() {
    let selections = "nodes { nodes { leaf { id } } }
        ... on Node { leaf { id twin @include(if: $yes) { node { id } } } leaf { twin { text node { id } } } }";
    check(selections).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_answer_is_the_one_of_a_single_server(selections in selections()) {
        check(&selections)?;
    }
}
