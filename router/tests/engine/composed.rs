//! What only some graphs have, over graphs that our own composition made.

use crate::common::{composed, entities};
use serde_json::{Value, json};

const ACCOUNTS: &str = "type Query { owner: Account }
    interface Account @key(fields: \"id\") { id: ID! }
    type Admin implements Account @key(fields: \"id\") { id: ID! level: Int }
    type Guest implements Account @key(fields: \"id\") { id: ID! host: Account }";
const NAMES: &str = "type Query { accounts: [Account] }
    type Account @key(fields: \"id\") @interfaceObject { id: ID! name: String }";

#[tokio::test]
async fn the_type_of_an_interface_object_is_learned_from_whoever_knows_it() {
    let graph = composed(&[("accounts", ACCOUNTS), ("names", NAMES)])
        .data(
            "names",
            json!({ "accounts": [
                { "__typename": "Account", "id": "1", "name": "A" },
                { "__typename": "Account", "id": "2", "name": "B" },
            ]}),
        )
        .on("accounts", |_, variables| {
            let found = |id: &str| match id {
                "1" => json!({ "__typename": "Admin", "level": 3 }),
                _ => json!({ "__typename": "Guest" }),
            };
            Ok(json!({ "data": entities(variables, found) }))
        })
        .build();
    let answer = graph.query("{ accounts { __typename name ... on Admin { level } } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "accounts": [
            { "__typename": "Admin", "name": "A", "level": 3 },
            { "__typename": "Guest", "name": "B" },
        ]}})
    );
    assert_eq!(graph.calls()[1].2["representations"][0], json!({ "__typename": "Account", "id": "1" }));
}

#[tokio::test]
async fn a_subgraph_that_knows_the_interface_as_an_object_is_asked_by_the_interfaces_name() {
    let graph = composed(&[("accounts", ACCOUNTS), ("names", NAMES)])
        .data("accounts", json!({ "owner": { "__typename": "Guest", "id": "2" } }))
        .on("names", |_, variables| {
            assert_eq!(variables["representations"], json!([{ "__typename": "Account", "id": "2" }]));
            Ok(json!({ "data": entities(variables, |_| json!({ "__typename": "Account", "name": "B" })) }))
        })
        .build();
    let answer = graph.query("{ owner { __typename name } }").await;
    assert_eq!(answer, json!({ "data": { "owner": { "__typename": "Guest", "name": "B" } } }));
}

const PRICES: &str = "type Query { item: Item }
    type Item @key(fields: \"id\") { id: ID! price(currency: String): Int }";
const TAXES: &str = "type Item @key(fields: \"id\") { id: ID! price(currency: String): Int @external
    tax: Int @requires(fields: \"price(currency: \\\"EUR\\\")\") }";

#[tokio::test]
async fn a_field_required_with_other_arguments_than_the_client_chose_is_fetched_beside_it() {
    let graph = composed(&[("prices", PRICES), ("taxes", TAXES)])
        .on("prices", |document, _| {
            let aliased = document.split_once(": price(currency: \"EUR\")").unwrap().0;
            let alias = aliased.rsplit(['{', ' ', '}']).next().unwrap();
            let item = json!({ "__typename": "Item", "id": "1", "price": 11, alias: 10 });
            Ok(json!({ "data": { "item": item } }))
        })
        .on("taxes", |_, variables| {
            let tax = |item: &Value| json!({ "tax": item["price"].as_i64().unwrap() / 10 });
            let found: Vec<_> = variables["representations"].as_array().unwrap().iter().map(tax).collect();
            Ok(json!({ "data": { "_entities": found } }))
        })
        .build();
    let answer = graph.query("{ item { price(currency: \"USD\") tax } }").await;
    assert_eq!(answer, json!({ "data": { "item": { "price": 11, "tax": 1 } } }));
}

const BOOKS: &str = "type Query { books: [Book] } type Book @key(fields: \"isbn\") { isbn: ID! code: Code } \
    type Code @key(fields: \"value\") { value: ID }";
const CODES: &str = "type Code @key(fields: \"value\") { value: ID text: String }";

#[tokio::test]
async fn an_entity_without_its_key_is_not_asked_for() {
    let graph = composed(&[("books", BOOKS), ("codes", CODES)])
        .data(
            "books",
            json!({ "books": [
                { "code": { "__typename": "Code", "value": null } },
                { "code": null },
                { "code": { "__typename": "Code", "value": "c" } },
            ]}),
        )
        .on("codes", |_, variables| {
            assert_eq!(variables["representations"], json!([{ "__typename": "Code", "value": "c" }]));
            Ok(json!({ "data": { "_entities": [{ "text": "t" }] } }))
        })
        .build();
    let answer = graph.query("{ books { code { text } } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "books": [{ "code": { "text": null } }, { "code": null }, { "code": { "text": "t" } }] } })
    );
}

const LEFT: &str = "type Query { shared: Shared @shareable } type Shared @shareable { a: Int list: [Part] }
    type Part @shareable { x: Int }";
const RIGHT: &str = "type Query { shared: Shared @shareable } type Shared @shareable { b: Int list: [Part] }
    type Part @shareable { x: Int }";

#[tokio::test]
async fn a_root_object_of_two_subgraphs_is_merged_and_outlives_either() {
    let left = json!({ "shared": { "a": 1, "list": [{ "x": 1 }] } });
    let schemas = [("left", LEFT), ("right", RIGHT)];
    let query = "{ shared { a b list { x } } }";
    let both = composed(&schemas).data("left", left.clone()).data("right", json!({ "shared": { "b": 2 } })).build();
    assert_eq!(both.query(query).await, json!({ "data": { "shared": { "a": 1, "b": 2, "list": [{ "x": 1 }] } } }));
    let one = composed(&schemas).data("left", left).build();
    let answer = one.query(query).await;
    assert_eq!(answer["data"]["shared"]["a"], 1);
    assert_eq!(answer["data"]["shared"]["b"], Value::Null);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
}

const SHELVES: &str = "type Query { items: [Item] }
    type Item @key(fields: \"id maker { code }\") { id: ID! title: String maker: Maker } type Maker { code: ID name: String }";
const STOCK: &str =
    "type Item @key(fields: \"id maker { code }\") { id: ID! maker: Maker @external stock: Int room: String }
    type Maker { code: ID @external }";

#[tokio::test]
async fn keys_that_the_client_uses_for_something_else_still_identify() {
    let graph = composed(&[("shelves", SHELVES), ("stock", STOCK)])
        .on("shelves", |document, _| {
            assert!(document.contains("_as_code: name"), "{document}");
            let (maker, title) = (json!({ "code": "m" }), json!({ "_as_code": "Maker" }));
            let item = json!({ "__typename": "Item", "id": "1", "maker": maker, "title": title });
            Ok(json!({ "data": { "items": [item] } }))
        })
        .on("stock", |_, variables| {
            let representation = json!({ "__typename": "Item", "id": "1", "maker": { "code": "m" } });
            assert_eq!(variables["representations"], json!([representation]));
            let failed = json!([{ "message": "no", "path": ["_entities", 0, "_as_maker"] }]);
            Ok(json!({ "data": { "_entities": [{ "_as_id": "cellar", "_as_maker": null }] }, "errors": failed }))
        })
        .build();
    let query = "{ items { id: room maker: stock title: maker { code: name } } }";
    let answer = graph.query(query).await;
    let item = json!({ "id": "cellar", "maker": null, "title": { "code": "Maker" } });
    assert_eq!(answer["data"], json!({ "items": [item] }));
    assert_eq!(answer["errors"][0]["path"], json!(["items", 0, "maker"]));
}
