//! What these tests are about: a shop whose prices and greetings depend on who buys.

use crate::common::{Graph, GraphBuilder, composed_with};
use crate::subgraph::Subgraph;
use serde_json::{Value, json};

pub(super) const IMPORTS: [&str; 7] =
    ["@key", "@shareable", "@external", "@requires", "@context", "@fromContext", "@interfaceObject"];

pub(super) const SHOP: &str = "type Query { customers: [Customer] }
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
pub(super) const PEOPLE: &str = "type Query { people: Int }
    type Customer @key(fields: \"id\") { id: ID! currency: String }
    type Maker @key(fields: \"id\") { id: ID! name: String }";

/// Anna pays in euros, Bo in crowns, Cem in euros; what Bo and Cem want is the same item.
pub(super) fn shop() -> Subgraph {
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

pub(super) fn people() -> Subgraph {
    let entities = json!({
        "Customer:a": { "currency": "EUR" }, "Customer:b": { "currency": "DKK" }, "Customer:c": { "currency": "EUR" },
        "Maker:m": { "name": "M" },
    });
    Subgraph::new(PEOPLE, "Customer | Maker", json!({ "entities": entities }))
}

pub(super) fn answering(builder: GraphBuilder, name: &str, subgraph: Subgraph) -> GraphBuilder {
    builder.on(name, move |text, variables| Ok(subgraph.answer(text, variables)))
}

pub(super) fn graph() -> Graph {
    let graph = composed_with(&IMPORTS, &[("shop", SHOP), ("people", PEOPLE)]);
    answering(answering(graph, "shop", shop()), "people", people()).build()
}

/// What a subgraph was asked, in order.
pub(super) fn asked(graph: &Graph, name: &str) -> Vec<(String, Value)> {
    let calls = graph.calls().into_iter().filter(|(asked, ..)| asked == name);
    calls.map(|(_, text, variables)| (text, variables)).collect()
}

/// The shop with an argument that must not be null.
pub(super) fn strict() -> Subgraph {
    shop().with_schema(|schema| schema.replace("locale: String @from", "locale: String! @from"))
}

/// A shop of so many customers, each with a favourite of its own in a country of its own.
pub(super) fn crowd(customers: usize, country: impl Fn(usize) -> Value) -> Value {
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
pub(super) fn crowded(data: Value) -> GraphBuilder {
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
