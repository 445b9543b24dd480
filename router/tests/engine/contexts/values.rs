//! Which values an argument is given.

use super::shop::{IMPORTS, PEOPLE, SHOP, answering, graph, people, strict};
use crate::common::{Graph, codes, composed_with};
use crate::subgraph::Subgraph;
use serde_json::{Value, json};

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
