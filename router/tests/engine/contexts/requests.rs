//! How the entities are asked for that are given values.

use super::shop::{IMPORTS, PEOPLE, SHOP, answering, asked, crowd, crowded, graph, people};
use crate::common::{codes, composed_with, context};
use crate::subgraph::Subgraph;
use reel_router::GraphqlRequest;
use serde_json::{Value, json};

#[tokio::test]
async fn entities_that_are_given_the_same_values_are_asked_for_together_wherever_they_are() {
    let graph = graph();
    let answer = graph.query("{ customers { carts { stock price { text } } } }").await;
    let price = |text: &str, stock: i32| json!({ "stock": stock, "price": { "text": text } });
    let expected = json!([
        { "carts": [[price("1 EUR de null", 3), price("2 EUR de null", 4)], []] },
        { "carts": [null, [null]] },
        { "carts": null },
    ]);
    assert_eq!(answer, json!({ "data": { "customers": expected } }));
    let (text, variables) = asked(&graph, "shop").pop().unwrap();
    assert_eq!(text.matches("_entities").count(), 1, "{text}");
    assert_eq!(variables["_ctxe0"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_clients_own_names_and_arguments_stay_as_they_are() {
    let graph = graph();
    let query = "query ($_ctx0: Int) { c: customers { id: currency _ctx1: id country: id currency: country { locale }
        f: favourite { id: price(digits: $_ctx0) { text } price: price { t: text } __typename } } }";
    let answer = graph.query_with(query, json!({ "_ctx0": 2 })).await;
    assert_eq!(
        answer["data"]["c"][0],
        json!({ "id": "EUR", "_ctx1": "a", "country": "a", "currency": { "locale": "de" },
            "f": { "id": { "text": "1 EUR de 2" }, "price": { "t": "1 EUR de null" }, "__typename": "Item" } })
    );
    assert_eq!(answer["errors"], Value::Null);
}

#[tokio::test]
async fn a_field_that_is_selected_in_several_ways_is_asked_for_once() {
    let graph = graph();
    let query = "query ($no: Boolean!, $yes: Boolean!) { customers {
        favourite { price { text } ...P } ... on Customer @include(if: $yes) { favourite { price { maker { name } } } }
        ... @include(if: $no) { favourite { dear: price { text } } } carts @skip(if: $yes) { price { text } } } }
        fragment P on Item { price { maker { greeting } } }";
    let answer = graph.query_with(query, json!({ "no": false, "yes": true })).await;
    let maker = json!({ "greeting": "hello in \"de\"", "name": "M" });
    let price = json!({ "text": "1 EUR de null", "maker": maker });
    assert_eq!(answer["data"]["customers"][0], json!({ "favourite": { "price": price } }));
    assert_eq!(answer["errors"], Value::Null);
    let texts: Vec<_> = asked(&graph, "shop").into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts.iter().filter(|text| text.contains("price(")).count(), 1, "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains("dear")), "{texts:?}");
}

#[tokio::test]
async fn nothing_is_fetched_for_a_field_that_is_left_out() {
    let graph = graph();
    let query = "query ($no: Boolean!) { customers { id favourite { stock price @include(if: $no) { text } } } }";
    let answer = graph.query_with(query, json!({ "no": false })).await;
    assert_eq!(answer["data"]["customers"][0], json!({ "id": "a", "favourite": { "stock": 3 } }));
    assert_eq!(graph.asked(), ["shop"]);
}

#[tokio::test]
async fn a_field_of_a_mutation_is_finished_before_the_next_begins() {
    let graph = graph();
    let query =
        "mutation { first: sell(item: 1) { favourite { price { text } } } ... { second: sell(item: 2) { id } } }";
    let answer = graph.query(query).await;
    let first = json!({ "favourite": { "price": { "text": "1 EUR de null" } } });
    assert_eq!(answer, json!({ "data": { "first": first, "second": { "id": "a" } } }));
    let texts: Vec<_> = asked(&graph, "shop").into_iter().map(|(text, _)| text).collect();
    assert!(texts[0].contains("first") && texts[1].contains("price(") && texts[2].contains("second"), "{texts:?}");
}

#[tokio::test]
async fn one_request_carries_some_different_values_and_more_are_sent_in_several() {
    let customers = (0..25).map(|number| json!({ "ref": format!("Customer:{number}") }));
    let mut entities: serde_json::Map<String, Value> = (0..25)
        .map(|number| {
            let customer = json!({ "country": { "locale": format!("l{number}") }, "favourite": { "ref": "Item:1" } });
            (format!("Customer:{number}"), customer)
        })
        .collect();
    entities.insert("Item:1".into(), json!({}));
    let data = json!({ "roots": { "customers": customers.collect::<Vec<_>>() }, "entities": entities });
    let shop = Subgraph::new(SHOP, "Customer | Item | Maker", data).resolving(|_, field, given| match field {
        "price" => Some(json!({ "text": given["locale"] })),
        _ => None,
    });
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    let graph = answering(answering(graph, "shop", shop), "people", people()).build();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    assert_eq!(answer["data"]["customers"][24]["favourite"]["price"]["text"], "l24");
    assert_eq!(answer["data"]["customers"][0]["favourite"]["price"]["text"], "l0");
    let fields = asked(&graph, "shop").into_iter().map(|(text, _)| text.matches("_entities").count());
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable();
    assert_eq!(fields, [0, 5, 10, 10]);
}

#[tokio::test]
async fn copies_for_places_that_are_told_apart_count_as_fetched() {
    let customers: Vec<_> = (0..300).map(|_| json!({ "ref": "Customer:c" })).collect();
    let entities = json!({ "Customer:c": { "favourite": { "ref": "Item:2" } }, "Item:2": {} });
    let data = json!({ "roots": { "customers": customers }, "entities": entities });
    let shop = Subgraph::new(SHOP, "Customer | Item | Maker", data)
        .resolving(|_, field, _| (field == "price").then(|| json!({ "text": "t" })));
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    let graph = answering(answering(graph, "shop", shop), "people", people())
        .settings(|settings| settings.execution.fetched_values = 3_500)
        .build();
    // 300 places of some ten values are read, and 300 of 13 would be copied.
    let aliases: String = (0..12).map(|number| format!("a{number}: text ")).collect();
    let answer = graph.query(&format!("{{ customers {{ favourite {{ price {{ {aliases} }} }} }} }}")).await;
    assert_eq!(answer["data"]["customers"][0]["favourite"]["price"]["a0"], "t", "{}", answer["errors"]);
    assert_eq!(answer["data"]["customers"][299]["favourite"]["price"], Value::Null);
    assert_eq!(codes(&answer)[0], "ANSWER_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn an_answer_is_kept_no_longer_than_the_values_that_it_was_made_of() {
    let hints = "enum CacheControlScope { PUBLIC PRIVATE }
        directive @cacheControl(maxAge: Int, scope: CacheControlScope) on FIELD_DEFINITION
        type Query { tops: [Top] @cacheControl(maxAge: 100) }
        type Top @key(fields: \"id\") @context(name: \"top\") {
            id: ID! name: String @cacheControl(maxAge: 7, scope: PRIVATE) below: Below @cacheControl(maxAge: 50) }
        type Below @key(fields: \"id\") { id: ID! open: Int
            text(of: String @fromContext(field: \"$top { name }\")): String @cacheControl(maxAge: 90) }";
    let data = json!({
        "roots": { "tops": [{ "ref": "Top:1" }] },
        "entities": { "Top:1": { "name": "n", "below": { "ref": "Below:1" } }, "Below:1": { "open": 1, "text": "t" } },
    });
    let subgraph = Subgraph::new(hints, "Top | Below", data);
    let graph = answering(composed_with(&IMPORTS, &[("a", hints)]), "a", subgraph).build();
    let mut policies = Vec::new();
    for field in ["open", "text"] {
        let query = format!("{{ tops {{ below {{ {field} }} }} }}");
        let request = GraphqlRequest { query, read_only: true, ..GraphqlRequest::default() };
        let policy = graph.engine.execute(request, context(None)).await.cache.unwrap();
        policies.push((policy.max_age, policy.private));
    }
    assert_eq!(policies, [(50, false), (7, true)]);
}

#[tokio::test]
async fn selections_that_multiply_over_the_objects_of_interfaces_are_refused() {
    let objects = |next: &str| -> String {
        let object = |number| format!("type N{number} implements Node @key(fields: \"id\") {{ id: ID! {next} }} ");
        (0..8).map(object).collect()
    };
    let ways = format!(
        "type Query {{ top: Top }} interface Node {{ id: ID! }} {}
        type Top @key(fields: \"id\") @context(name: \"top\") {{ id: ID! name: String node: Node }}",
        objects("next(of: String @fromContext(field: \"$top { name }\")): Node @shareable")
    );
    let nodes = format!(
        "type Query {{ nodes: Int }} interface Node {{ id: ID! next: Node }} {}",
        objects("next: Node @shareable")
    );
    let entities: Vec<_> = (0..8).map(|number| format!("N{number}")).chain(["Top".to_owned()]).collect();
    let node = json!({ "__typename": "N3", "is": ["Node"], "id": "n" });
    let data = json!({
        "roots": { "top": { "__typename": "Top", "id": "t", "name": "top", "node": node } },
        "entities": { "N3:n": {} },
    });
    let subgraph = Subgraph::new(&ways, &entities.join(" | "), data)
        .resolving(move |_, field, given| (field == "next" && given["of"] == "top").then(|| node.clone()));
    let graph = composed_with(&IMPORTS, &[("ways", &ways), ("nodes", &nodes)]);
    let graph = answering(graph, "ways", subgraph).build();
    let query =
        |depth: usize| format!("{{ top {{ node {{ {} id {} }} }} }}", "next { ".repeat(depth), " }".repeat(depth));
    let answer = graph.query(&query(2)).await;
    assert_eq!(answer, json!({ "data": { "top": { "node": { "next": { "next": { "id": "n" } } } } } }));
    let calls = graph.calls().len();
    let answer = graph.query(&query(7)).await;
    assert_eq!(codes(&answer), ["SELECTION_LIMIT_EXCEEDED"], "{answer}");
    assert_eq!(graph.calls().len(), calls);
}

#[tokio::test]
async fn a_fetch_with_too_many_values_says_so_before_its_deadline() {
    let graph = crowded(crowd(12_000, |number| json!({ "locale": format!("l{number}") }))).build();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    let codes = codes(&answer);
    assert_eq!((codes.len(), codes[0].as_str()), (20, "OVERLOADED"));
    let path = |place: usize| json!(["customers", place, "favourite", "price"]);
    assert_eq!((&answer["errors"][0]["path"], &answer["errors"][19]["path"]), (&path(0), &path(19)));
}

const ZONES: &str = "type Query { route: Route }
    type Route @key(fields: \"id\") @context(name: \"route\") { id: ID! zones: [String] parcels: [Parcel] }
    type Parcel @key(fields: \"id\") { id: ID! fee(zones: [String] @fromContext(field: \"$route { zones }\")): Int }";

#[tokio::test]
async fn a_value_of_many_entities_is_read_once() {
    let zones: Vec<_> = (0..8_000).map(|number| format!("zone {number}")).collect();
    let parcels: Vec<_> = (0..8_000).map(|number| json!({ "id": number.to_string() })).collect();
    let count = parcels.len();
    let routes = json!({ "roots": { "route": { "id": "r", "zones": zones, "parcels": parcels } } });
    let routes = Subgraph::new(ZONES, "Route | Parcel", routes);
    let graph = composed_with(&IMPORTS, &[("a", ZONES)]).on("a", move |text, variables| {
        let Some(asked) = variables["_ctxe0"].as_array() else { return Ok(routes.answer(text, variables)) };
        let fees: Vec<_> =
            asked.iter().map(|_| json!({ "fee": variables["_ctxv0_0"].as_array().unwrap().len() })).collect();
        Ok(json!({ "data": { "_ctxe0": fees } }))
    });
    let answer = graph.build().query("{ route { parcels { fee } } }").await;
    assert_eq!(answer, json!({ "data": { "route": { "parcels": vec![json!({ "fee": 8_000 }); count] } } }));
}
