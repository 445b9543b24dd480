//! How many objects an operation asks for, where subgraphs say how long their lists are.

use serde_json::json;

use crate::common::{codes, composed_as_written};

const SHOP: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@listSize"])
    type Query {
      shelf: [Product] @listSize(assumedSize: 30)
      some(count: Int = 4, more: Int): [Product] @listSize(slicingArguments: ["count", "more"], requireOneSlicingArgument: false)
      page(limit: Int): Page @listSize(assumedSize: 20, slicingArguments: ["limit"], sizedFields: ["items"])
      byDefault(first: Int = 25): [Product]
      plain: [Product]
      kept: Kept
    }
    union Kept = Shelf | Box
    type Shelf { things(first: Int): Shelved @listSize(slicingArguments: ["first"], sizedFields: ["edges"]) }
    type Box { list(first: Int): Boxed @listSize(slicingArguments: ["first"], sizedFields: ["nodes"]) }
    type Shelved { edges: [Product] nodes: [Product] }
    type Boxed { nodes: [Product] edges: [Product] }
    type Page { items: [Product] tags: [Tag] }
    type Tag { name: String }
    type Product { id: ID! parts: [Product] @listSize(assumedSize: 3) }"#;

/// The most objects for which an operation is refused.
async fn objects(query: &str, variables: serde_json::Value) -> u64 {
    // The answer is between these.
    let (mut refused, mut enough) = (0, 100_000);
    while enough - refused > 1 {
        let nodes = u64::midpoint(refused, enough);
        let graph = composed_as_written(&[("shop", SHOP)]).data("shop", json!({}));
        let graph = graph.settings(|settings| settings.limits.nodes = nodes).build();
        let codes = codes(&graph.query_with(query, variables.clone()).await);
        if codes == ["COST_LIMIT_EXCEEDED"] { refused = nodes } else { enough = nodes }
    }
    enough
}

#[tokio::test]
async fn lists_count_as_often_as_subgraphs_say_that_they_are_long() {
    let nothing = json!({});
    for (query, variables, counted) in [
        ("{ shelf { id } }", &nothing, 30),
        ("{ plain { id } }", &nothing, 1),
        ("{ shelf { parts { parts { id } } } }", &nothing, 30 * (1 + 3 * (1 + 3))),
        ("{ some { id } }", &nothing, 4),
        ("{ some(count: 7) { id } }", &nothing, 7),
        ("{ some(count: 7, more: 9) { id } }", &nothing, 9),
        ("query($n: Int) { some(more: $n) { id } }", &json!({ "n": 2_000 }), 2_000),
        ("query($n: Int) { some(more: $n) { id } }", &nothing, 4),
        ("{ page { items { id } tags { name } } }", &nothing, 1 + 20 + 1),
        ("{ page(limit: 5) { items { id } tags { name } } }", &nothing, 1 + 5 + 1),
        ("{ byDefault { id } }", &nothing, 25),
        ("{ a: shelf { id } ... on Query { a: shelf { parts { id } } } }", &nothing, 30 * (1 + 3)),
    ] {
        assert_eq!(objects(query, variables.clone()).await, counted, "{query} {variables}");
    }
}

#[tokio::test]
async fn pages_of_one_key_on_different_types_count_for_the_lists_that_they_size() {
    let nothing = json!({});
    for (shelf, in_box, counted) in [
        ("things(first: 50) { edges { id } }", "list(first: 40) { nodes { id } }", 2 + 50 + 40),
        ("things(first: 40) { edges { id } }", "list(first: 50) { nodes { id } }", 2 + 40 + 50),
        ("things(first: 50) { edges { id } }", "list(first: 50) { nodes { id } }", 2 + 50 + 50),
        (
            "things(first: 50) { edges { parts { id } } }",
            "list(first: 2) { edges { id } nodes { id } }",
            2 + 50 * 4 + 2,
        ),
    ] {
        let query = format!("{{ kept {{ ... on Shelf {{ c: {shelf} }} ... on Box {{ c: {in_box} }} }} }}");
        assert_eq!(objects(&query, nothing.clone()).await, counted, "{query}");
    }
}

#[tokio::test]
async fn list_sizes_count_under_the_names_that_a_link_gives_them() {
    let renamed =
        SHOP.replace("\"@listSize\"", "{ name: \"@listSize\", as: \"@length\" }").replace(" @listSize(", " @length(");
    let graph = composed_as_written(&[("shop", &renamed)]).data("shop", json!({}));
    let graph = graph.settings(|settings| settings.limits.nodes = 29).build();
    assert_eq!(codes(&graph.query("{ shelf { id } }").await), ["COST_LIMIT_EXCEEDED"]);
}
