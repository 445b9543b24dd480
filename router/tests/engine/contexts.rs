//! `@context` and `@fromContext`: arguments that the router fills in with values from further up.

use crate::common::{Graph, GraphBuilder, codes, composed_with, context};
use crate::subgraph::Subgraph;
use reel_router::GraphqlRequest;
use reel_router::pipeline::OnDenied;
use reel_router::transport::TransportError;
use serde_json::{Value, json};

const IMPORTS: [&str; 7] =
    ["@key", "@shareable", "@external", "@requires", "@context", "@fromContext", "@interfaceObject"];

const SHOP: &str = "type Query { customers: [Customer] }
    type Mutation { sell(item: ID!): Customer }
    type Customer @key(fields: \"id\") @context(name: \"buyer\") {
        id: ID! currency: String @external country: Country carts: [[Item]] favourite: Item }
    type Country { locale: String }
    type Item @key(fields: \"id\") { id: ID! stock: Int
        price(currency: String @fromContext(field: \"$buyer { currency }\"),
            locale: String @fromContext(field: \"$buyer { country { locale } }\"), digits: Int): Price }
    type Price { text: String maker: Maker }
    type Maker @key(fields: \"id\") { id: ID!
        greeting(locale: String @fromContext(field: \"$buyer { country { locale } }\")): String }";
const PEOPLE: &str = "type Query { people: Int }
    type Customer @key(fields: \"id\") { id: ID! currency: String }
    type Maker @key(fields: \"id\") { id: ID! name: String }";

/// Anna pays in euros, Bo in crowns, Cem in euros; what Bo and Cem want is the same item.
fn shop() -> Subgraph {
    let data = json!({
        "roots": { "customers": [{ "ref": "Customer:a" }, { "ref": "Customer:b" }, { "ref": "Customer:c" }] },
        "entities": {
            "Customer:a": { "country": { "locale": "de" }, "favourite": { "ref": "Item:1" },
                "carts": [[{ "ref": "Item:1" }, { "ref": "Item:2" }], []] },
            "Customer:b": { "country": { "locale": "da" }, "favourite": { "ref": "Item:2" }, "carts": [null, [null]] },
            "Customer:c": { "country": null, "favourite": { "ref": "Item:2" }, "carts": null },
            "Item:1": { "stock": 3 }, "Item:2": { "stock": 4 }, "Maker:m": {},
        },
    });
    Subgraph::new(SHOP, "Customer | Item | Maker", data).resolving(|object, field, given| match field {
        "price" => {
            let text = format!("{} {} {} {}", object["id"], given["currency"], given["locale"], given["digits"]);
            Some(json!({ "text": text.replace('"', ""), "maker": { "ref": "Maker:m" } }))
        }
        "greeting" => Some(format!("hello in {}", given["locale"]).into()),
        "sell" => Some(json!({ "ref": "Customer:a" })),
        _ => None,
    })
}

fn people() -> Subgraph {
    let entities = json!({
        "Customer:a": { "currency": "EUR" }, "Customer:b": { "currency": "DKK" }, "Customer:c": { "currency": "EUR" },
        "Maker:m": { "name": "M" },
    });
    Subgraph::new(PEOPLE, "Customer | Maker", json!({ "entities": entities }))
}

fn answering(builder: GraphBuilder, name: &str, subgraph: Subgraph) -> GraphBuilder {
    builder.on(name, move |text, variables| Ok(subgraph.answer(text, variables)))
}

fn graph() -> Graph {
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    answering(answering(graph, "shop", shop()), "people", people()).build()
}

/// What a subgraph was asked, in order.
fn asked(graph: &Graph, name: &str) -> Vec<(String, Value)> {
    let calls = graph.calls().into_iter().filter(|(asked, ..)| asked == name);
    calls.map(|(_, text, variables)| (text, variables)).collect()
}

#[tokio::test]
async fn each_entity_is_given_what_is_around_it_even_where_it_is_the_same() {
    let graph = graph();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    let price = |text: &str| json!({ "favourite": { "price": { "text": text } } });
    let expected = [price("1 EUR de null"), price("2 DKK da null"), price("2 EUR null null")];
    assert_eq!(answer, json!({ "data": { "customers": expected } }));
    assert_eq!(graph.asked(), ["shop", "people", "shop"], "one request for all values");
}

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
async fn a_value_that_failed_is_no_value_and_says_so_where_it_was_needed() {
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    let graph = answering(graph, "shop", shop()).build();
    let answer = graph.query("{ customers { id favourite { stock price { text } } } }").await;
    let expected = json!({ "id": "a", "favourite": { "stock": 3, "price": null } });
    assert_eq!(answer["data"]["customers"][0], expected);
    let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    let path = |place: i32| json!(["customers", place, "favourite", "price"]);
    assert_eq!(paths, [path(0), path(1), path(2)], "{answer}");
    assert_eq!(codes(&answer)[0], "SERVICE_UNAVAILABLE");
    assert_eq!(asked(&graph, "shop").len(), 1, "nobody is asked with a value that is none");
}

#[tokio::test]
async fn an_object_that_is_lost_for_a_value_of_it_has_the_error() {
    let shop_of = SHOP.replace("locale: String }", "locale: String! }");
    let data = json!({
        "roots": { "customers": [{ "ref": "Customer:a" }] },
        "entities": { "Customer:a": { "country": { "error": "BROKEN" }, "favourite": { "ref": "Item:1" } } },
    });
    let broken = Subgraph::new(&shop_of, "Customer | Item | Maker", data);
    let graph = composed_with(&IMPORTS, &[("shop", &shop_of), ("people", PEOPLE)]);
    let graph = graph
        .on("shop", move |text, variables| {
            let mut answer = broken.answer(text, variables);
            // As if the country could not be null.
            answer["data"]["customers"] = json!([null]);
            Ok(answer)
        })
        .build();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    assert_eq!(answer["data"], json!({ "customers": [null] }));
    assert_eq!(answer["errors"][0]["path"], json!(["customers", 0]), "{answer}");
}

#[tokio::test]
async fn an_argument_that_must_have_a_value_is_not_given_null() {
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]).changed(|supergraph| {
        supergraph.replace("name: \"locale\", type: \"String\"", "name: \"locale\", type: \"String!\"")
    });
    let graph = answering(answering(graph, "shop", strict()), "people", people()).build();
    let answer = graph.query("{ customers { favourite { stock price { text } } } }").await;
    let texts: Vec<_> = (0..3).map(|place| &answer["data"]["customers"][place]["favourite"]["price"]).collect();
    assert_eq!(texts, [&json!({ "text": "1 EUR de null" }), &json!({ "text": "2 DKK da null" }), &Value::Null]);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["customers", 2, "favourite", "price"]));
}

/// The shop with an argument that must not be null.
fn strict() -> Subgraph {
    shop().with_schema(|schema| schema.replace("locale: String @from", "locale: String! @from"))
}

#[tokio::test]
async fn clients_see_neither_the_arguments_nor_the_contexts() {
    let graph = graph();
    let answer = graph
        .query(
            "{ __type(name: \"Item\") { fields { name args { name } } } __schema { directives { name }
        types { name } queryType { fields { name } } } }",
        )
        .await;
    let price = json!({ "name": "price", "args": [{ "name": "digits" }] });
    assert!(answer["data"]["__type"]["fields"].as_array().unwrap().contains(&price), "{answer}");
    assert!(!answer.to_string().to_lowercase().contains("context"), "{answer}");
    let refused = graph.query("{ customers { favourite { price(currency: \"EUR\") { text } } } }").await;
    assert_eq!(codes(&refused), ["GRAPHQL_VALIDATION_FAILED"]);
    let refused = graph.query("{ _contextual_SHOP_Item { stock } }").await;
    assert_eq!(codes(&refused), ["GRAPHQL_VALIDATION_FAILED"]);
}

const NESTED: &str = "type Query { site: Site place: Place }
    interface Node { id: ID! part: Part }
    union Place @context(name: \"of\") = House | Tent
    type Site implements Node @key(fields: \"id\") @context(name: \"of\") {
        id: ID! name: String nodes: [Node] part: Part }
    type Plain implements Node { id: ID! name: String part: Part }
    type House { id: ID! owner: String part: Part }
    type Tent { id: ID! pitch: Pitch part: Part }
    type Pitch { name: String }
    type Part @key(fields: \"id\") { id: ID!
        label(of: String @fromContext(
            field: \"$of ... on Site { name } ... on House { owner } ... on Tent { pitch { name } }\")): String }";

fn nested() -> Graph {
    let part = |id: &str| json!({ "ref": format!("Part:{id}") });
    let site = |name: &str, nodes: Value| {
        let part = part(name);
        json!({ "__typename": "Site", "is": ["Node"], "id": name, "name": name, "nodes": nodes, "part": part })
    };
    let plain = json!({ "__typename": "Plain", "is": ["Node"], "id": "p", "name": "not this", "part": part("plain") });
    let inner = site("inner", json!([plain]));
    let data = json!({
        "roots": {
            "site": site("outer", json!([plain, inner])),
            "place": { "__typename": "Tent", "is": ["Place"], "id": "t", "pitch": { "name": "pitch" },
                "part": part("tent") },
        },
        "entities": { "Part:outer": {}, "Part:inner": {}, "Part:plain": {}, "Part:tent": {} },
    });
    let label = |part: &Value, given: &Value| format!("{} of {}", part["id"], given["of"]).replace('"', "");
    let subgraph = Subgraph::new(NESTED, "Part | Site", data)
        .resolving(move |part, field, given| (field == "label").then(|| label(part, given).into()));
    answering(composed_with(&IMPORTS, &[("a", NESTED)]), "a", subgraph).build()
}

#[tokio::test]
async fn of_several_objects_around_the_nearest_of_a_type_that_sets_the_context_counts() {
    let graph = nested();
    let query = "{ site { part { label } nodes { id part { label } ... on Site { nodes { part { label } } } } }
        place { ... on House { part { label } } ... on Tent { part { label } } } }";
    let answer = graph.query(query).await;
    let part = |text: &str| json!({ "label": text });
    let inner = json!({ "id": "inner", "part": part("inner of inner"), "nodes": [{ "part": part("plain of inner") }] });
    let nodes = json!([{ "id": "p", "part": part("plain of outer") }, inner]);
    assert_eq!(
        answer,
        json!({ "data": {
            "site": { "part": part("outer of outer"), "nodes": nodes },
            "place": { "part": part("tent of pitch") },
        }})
    );
}

const GUARDED: &str = "type Query { tops: [Top] }
    type Top @key(fields: \"id\") @context(name: \"top\") { id: ID! secret: String below: Below }
    type Below @key(fields: \"id\") { id: ID! open: Int text(of: String @fromContext(field: \"$top { secret }\")): String }";

#[tokio::test]
async fn who_may_not_have_the_value_may_not_have_what_is_made_of_it() {
    let data = json!({
        "roots": { "tops": [{ "ref": "Top:1" }] },
        "entities": { "Top:1": { "secret": "s", "below": { "ref": "Below:1" } }, "Below:1": { "open": 1 } },
    });
    let subgraph = Subgraph::new(GUARDED, "Top | Below", data)
        .resolving(|_, field, given| (field == "text").then(|| given["of"].clone()));
    // Our own composition demands the same protection of both.
    let graph = composed_with(&IMPORTS, &[("a", GUARDED)]).changed(|supergraph| {
        assert!(supergraph.contains("secret: String"));
        supergraph.replace("secret: String", "secret: String @authenticated")
    });
    let graph = answering(graph, "a", subgraph).build();
    let query = "{ tops { below { open text } } }";
    let answer = graph.query(query).await;
    assert_eq!(answer["data"], json!({ "tops": [{ "below": { "open": 1, "text": null } }] }));
    assert_eq!(codes(&answer), ["UNAUTHENTICATED"]);
    assert_eq!(answer["errors"][0]["path"], json!(["tops", 0, "below", "text"]));
    assert!(graph.calls().iter().all(|(_, text, _)| !text.contains("secret")), "{:?}", graph.calls());
    let answer = graph.query_as_viewer(query).await;
    assert_eq!(answer, json!({ "data": { "tops": [{ "below": { "open": 1, "text": "s" } }] } }));
}

const PARCELS: &str = "type Query { routes: [Route] }
    type Route @key(fields: \"id\") @context(name: \"route\") { id: ID! zone: String parcels: [Parcel] }
    type Parcel @key(fields: \"id\") { id: ID! weight: Int @external owner: Owner @external
        fee(zone: String @fromContext(field: \"$route { zone }\")): String @requires(fields: \"weight owner { id }\") }
    type Owner @key(fields: \"id\") { id: ID! }";
const SCALES: &str = "type Query { scale: Int } type Owner @key(fields: \"id\") { id: ID! }
    type Parcel @key(fields: \"id\") { id: ID! weight: Int owner: Owner }";

#[tokio::test]
async fn a_field_that_requires_others_besides_has_both() {
    let routes = json!({
        "roots": { "routes": [{ "ref": "Route:1" }, { "ref": "Route:2" }] },
        "entities": {
            "Route:1": { "zone": "A", "parcels": [{ "ref": "Parcel:1" }, { "ref": "Parcel:2" }] },
            "Route:2": { "zone": "B", "parcels": [{ "ref": "Parcel:1" }] },
            "Parcel:1": {}, "Parcel:2": {},
        },
    });
    let routes = Subgraph::new(PARCELS, "Route | Parcel | Owner", routes).resolving(|parcel, field, given| {
        let fee = format!("{} kg of {} to {}", parcel["weight"], parcel["owner"]["id"], given["zone"]);
        (field == "fee").then(|| fee.replace('"', "").into())
    });
    let scales = json!({ "entities": {
        "Parcel:1": { "weight": 3, "owner": { "id": "o" } }, "Parcel:2": { "weight": 4, "owner": { "id": "p" } },
    }});
    let scales = Subgraph::new(SCALES, "Parcel | Owner", scales);
    let graph = composed_with(&IMPORTS, &[("routes", PARCELS), ("scales", SCALES)]);
    let graph = answering(answering(graph, "routes", routes), "scales", scales).build();
    let answer = graph.query("{ routes { parcels { weight: id id: weight fee } } }").await;
    let parcel = |id: &str, weight: i32, fee: &str| json!({ "weight": id, "id": weight, "fee": fee });
    let first = json!({ "parcels": [parcel("1", 3, "3 kg of o to A"), parcel("2", 4, "4 kg of p to A")] });
    let second = json!({ "parcels": [parcel("1", 3, "3 kg of o to B")] });
    assert_eq!(answer, json!({ "data": { "routes": [first, second] } }));
}

const LABELS: &str = "type Query { shelf: Shelf }
    type Shelf @key(fields: \"id\") @context(name: \"shelf\") { id: ID! room: String }
    type Jar @key(fields: \"id\") { id: ID! label(room: String @fromContext(field: \"$shelf { room }\")): String @shareable }";
const JARS: &str = "type Query { jars: Int } interface Thing { id: ID! label: String }
    type Shelf @key(fields: \"id\") { id: ID! things: [Thing] }
    type Jar implements Thing @key(fields: \"id\") { id: ID! label: String @shareable }
    type Tool implements Thing @key(fields: \"id\") { id: ID! label: String }";

#[tokio::test]
async fn a_field_that_other_subgraphs_know_without_the_argument_is_asked_for_with_it() {
    let labels = json!({
        "roots": { "shelf": { "ref": "Shelf:1" } }, "entities": { "Shelf:1": { "room": "cellar" }, "Jar:j": {} },
    });
    let labels = Subgraph::new(LABELS, "Shelf | Jar", labels)
        .resolving(|_, field, given| (field == "label").then(|| given["room"].clone()));
    let thing = |ty: &str, id: &str| json!({ "__typename": ty, "is": ["Thing"], "id": id, "label": "plain" });
    let jars = json!({ "entities": { "Shelf:1": { "things": [thing("Jar", "j"), thing("Tool", "t")] } } });
    let graph = composed_with(&IMPORTS, &[("labels", LABELS), ("jars", JARS)]);
    let graph = answering(graph, "labels", labels);
    let graph = answering(graph, "jars", Subgraph::new(JARS, "Shelf | Jar | Tool", jars)).build();
    let answer = graph.query("{ shelf { things { id label } } }").await;
    let things = json!([{ "id": "j", "label": "cellar" }, { "id": "t", "label": "plain" }]);
    assert_eq!(answer, json!({ "data": { "shelf": { "things": things } } }));
}

const SHARED: &str = "type Query { holders: [Holder] }
    interface Holder @context(name: \"holder\") { name: String part: Part }
    type Hook implements Holder { name: String part: Part }
    type Hand implements Holder { name: String part: Part }
    type Part @key(fields: \"id\") { id: ID! held(by: String @fromContext(field: \"$holder { name }\")): Held }
    type Held @context(name: \"held\") { text: String core: Core }
    type Core @key(fields: \"id\") { id: ID! within(text: String @fromContext(field: \"$held { text }\")): String }";

#[tokio::test]
async fn a_context_may_be_set_by_an_interface_or_inside_of_a_field_that_takes_another() {
    let holder =
        |ty: &str, name: &str| json!({ "__typename": ty, "is": ["Holder"], "name": name, "part": { "ref": "Part:p" } });
    let data = json!({
        "roots": { "holders": [holder("Hook", "hook"), holder("Hand", "hand")] },
        "entities": { "Part:p": {}, "Core:c": {} },
    });
    let subgraph = Subgraph::new(SHARED, "Part | Core", data).resolving(|_, field, given| match field {
        "held" => Some(json!({ "text": format!("by {}", given["by"]).replace('"', ""), "core": { "ref": "Core:c" } })),
        "within" => Some(given["text"].clone()),
        _ => None,
    });
    let graph = answering(composed_with(&IMPORTS, &[("a", SHARED)]), "a", subgraph).build();
    let answer = graph.query("{ holders { part { held { core { within } } } } }").await;
    let held = |by: &str| json!({ "part": { "held": { "core": { "within": by } } } });
    assert_eq!(answer, json!({ "data": { "holders": [held("by hook"), held("by hand")] } }));
    assert!(!graph.calls()[0].1.contains("Hook"), "the value is one of the interface: {:?}", graph.calls()[0]);
}

#[tokio::test]
async fn errors_of_a_field_are_where_it_is() {
    let failing = shop().resolving(|object, field, given| match field {
        "price" if given["currency"] == "DKK" => Some(json!({ "error": "INVALID_ARGUMENT" })),
        "price" => Some(json!({ "text": object["id"], "maker": { "ref": "Maker:m" } })),
        "greeting" => Some(json!({ "error": "NOT_FOUND" })),
        _ => None,
    });
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    let graph = answering(answering(graph, "shop", failing), "people", people()).build();
    let answer = graph.query("{ customers { favourite { cost: price { text maker { greeting } } } } }").await;
    let texts: Vec<_> = (0..3).map(|place| &answer["data"]["customers"][place]["favourite"]["cost"]["text"]).collect();
    assert_eq!(texts, [&json!("1"), &Value::Null, &json!("2")]);
    let mut errors: Vec<_> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let path = error["path"].as_array().unwrap();
            (path[1].as_u64().unwrap(), Value::from(&path[3..]), error["extensions"]["code"].clone())
        })
        .collect();
    errors.sort_by_key(|(place, ..)| *place);
    let greeting = json!(["cost", "maker", "greeting"]);
    assert_eq!(
        errors,
        [
            (0, greeting.clone(), json!("NOT_FOUND")),
            (1, json!(["cost"]), json!("INVALID_ARGUMENT")),
            (2, greeting, json!("NOT_FOUND")),
        ]
    );
}

#[tokio::test]
async fn a_request_is_refused_for_a_value_that_its_caller_may_not_have() {
    let graph = composed_with(&IMPORTS, &[("a", GUARDED)])
        .changed(|supergraph| supergraph.replace("secret: String", "secret: String @authenticated"))
        .settings(|settings| settings.on_denied = OnDenied::RefuseRequest)
        .build();
    let answer = graph.query("{ tops { below { text } } }").await;
    assert_eq!((answer["data"].clone(), codes(&answer)), (Value::Null, vec!["UNAUTHENTICATED".to_owned()]));
    assert_eq!(graph.calls().len(), 0);
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
async fn a_hidden_value_is_guarded_as_a_visible_one() {
    let data = json!({
        "roots": { "tops": [{ "ref": "Top:1" }] },
        "entities": { "Top:1": { "secret": "s", "below": { "ref": "Below:1" } }, "Below:1": { "open": 1 } },
    });
    let subgraph = Subgraph::new(GUARDED, "Top | Below", data)
        .resolving(|_, field, given| (field == "text").then(|| given["of"].clone()));
    let guards = "secret: String @authenticated @inaccessible";
    let graph = composed_with(&IMPORTS, &[("a", GUARDED)]).changed(|sdl| sdl.replace("secret: String", guards));
    let graph = answering(graph, "a", subgraph).build();
    let query = "{ tops { below { open text } } }";
    let answer = graph.query(query).await;
    assert_eq!(answer["data"], json!({ "tops": [{ "below": { "open": 1, "text": null } }] }));
    assert_eq!(codes(&answer), ["UNAUTHENTICATED"]);
    assert!(graph.calls().iter().all(|(_, text, _)| !text.contains("secret")), "{:?}", graph.calls());
    let answer = graph.query_as_viewer(query).await;
    assert_eq!(answer, json!({ "data": { "tops": [{ "below": { "open": 1, "text": "s" } }] } }));
}

const OWNED: &str = "type Query { tops: [Top] }
    interface Owner { name: String }
    type Person implements Owner { name: String }
    type Admin implements Owner { name: String }
    type Top @key(fields: \"id\") @context(name: \"top\") { id: ID! owner: Owner below: Below }
    type Below @key(fields: \"id\") { id: ID! text(of: String @fromContext(field: \"$top { owner { name } }\")): String }";

#[tokio::test]
async fn a_value_that_may_be_of_a_guarded_object_is_guarded_as_that() {
    let admin = json!({ "__typename": "Admin", "is": ["Owner"], "name": "root" });
    let data = json!({
        "roots": { "tops": [{ "ref": "Top:1" }] },
        "entities": { "Top:1": { "owner": admin, "below": { "ref": "Below:1" } }, "Below:1": {} },
    });
    let subgraph = Subgraph::new(OWNED, "Top | Below", data)
        .resolving(|_, field, given| (field == "text").then(|| given["of"].clone()));
    let graph = composed_with(&IMPORTS, &[("a", OWNED)]).changed(|supergraph| {
        let guarded = supergraph.replace("type Admin implements Owner", "type Admin implements Owner @authenticated");
        assert_ne!(guarded, supergraph);
        guarded
    });
    let graph = answering(graph, "a", subgraph).build();
    let query = "{ tops { below { text } } }";
    let answer = graph.query(query).await;
    assert_eq!(answer["data"], json!({ "tops": [{ "below": { "text": null } }] }), "{answer}");
    assert_eq!(codes(&answer), ["UNAUTHENTICATED"]);
    let answer = graph.query_as_viewer(query).await;
    assert_eq!(answer, json!({ "data": { "tops": [{ "below": { "text": "root" } }] } }));
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

/// A shop of so many customers, each with a favourite of its own in a country of its own.
fn crowd(customers: usize, country: impl Fn(usize) -> Value) -> Value {
    let mut entities = serde_json::Map::new();
    for number in 0..customers {
        let favourite = json!({ "ref": format!("Item:{number}") });
        entities.insert(format!("Customer:{number}"), json!({ "country": country(number), "favourite": favourite }));
        entities.insert(format!("Item:{number}"), json!({}));
    }
    let customers: Vec<_> = (0..customers).map(|number| json!({ "ref": format!("Customer:{number}") })).collect();
    json!({ "roots": { "customers": customers }, "entities": entities })
}

/// Where nothing is said of currencies.
fn crowded(data: Value) -> GraphBuilder {
    let shop = Subgraph::new(SHOP, "Customer | Item | Maker", data).resolving(|item, field, given| match field {
        "price" => Some(json!({ "text": format!("{} {}", item["id"], given["locale"]).replace('"', "") })),
        _ => None,
    });
    let people = |_: &str, variables: &Value| {
        let representations = variables.as_object().unwrap().values().next().unwrap().as_array().unwrap();
        let unknown: Vec<_> = representations.iter().map(|_| json!({})).collect();
        Ok(json!({ "data": { "_entities": unknown } }))
    };
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]).on("people", people);
    answering(graph, "shop", shop)
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

#[tokio::test]
async fn what_failed_in_many_requests_is_reported_once() {
    let data = crowd(100, |number| json!({ "locale": format!("l{number}") }));
    let shop = Subgraph::new(SHOP, "Customer | Item | Maker", data);
    let graph = crowded(json!({})).on("shop", move |text, variables| match text.contains("price(") {
        true => Err(TransportError::Unavailable("it is down".into())),
        false => Ok(shop.answer(text, variables)),
    });
    let graph = graph.build();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    assert_eq!(asked(&graph, "shop").len(), 11);
    assert_eq!(codes(&answer), ["SERVICE_UNAVAILABLE"; 20]);
    let price = |place: usize| json!(["customers", place, "favourite", "price"]);
    assert_eq!((&answer["errors"][0]["path"], &answer["errors"][19]["path"]), (&price(0), &price(19)));
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

#[tokio::test]
async fn a_value_that_failed_makes_no_null_elsewhere_a_failure() {
    let entities = json!({
        "Customer:a": { "currency": { "error": "NOT_FOUND" } }, "Customer:b": { "currency": null },
        "Customer:c": { "currency": "EUR" }, "Maker:m": { "name": "M" },
    });
    let people = Subgraph::new(PEOPLE, "Customer | Maker", json!({ "entities": entities }));
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    let graph = answering(answering(graph, "shop", shop()), "people", people).build();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    let texts: Vec<_> = (0..3).map(|place| &answer["data"]["customers"][place]["favourite"]["price"]["text"]).collect();
    assert_eq!(texts, [&Value::Null, &json!("2 null da null"), &json!("2 EUR null null")], "{answer}");
    assert_eq!(codes(&answer), ["NOT_FOUND"]);
    assert_eq!(answer["errors"][0]["path"], json!(["customers", 0, "favourite", "price"]));
}

#[tokio::test]
async fn a_value_that_failed_at_more_places_than_are_listed_is_none_at_any() {
    let graph = crowded(crowd(30, |_| Value::Null)).on("people", |_, _| Err(TransportError::Timeout)).build();
    let answer = graph.query("{ customers { favourite { price { text } } } }").await;
    assert_eq!(codes(&answer), ["TIMEOUT"; 20]);
    assert_eq!(answer["data"]["customers"][29]["favourite"], json!({ "price": null }));
    assert_eq!(asked(&graph, "shop").len(), 1, "nobody is asked with a value that is none");
}
