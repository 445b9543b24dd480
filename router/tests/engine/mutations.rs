//! Mutations run in series: each begins when the one before is complete, with what other subgraphs add to it.

use std::sync::{Arc, Mutex};

use reel_router::transport::TransportError;
use serde_json::{Map, Value, json};

use crate::common::{Graph, composed, entities};

const BOOKS: &str = r#"
    type Query { book: Book }
    type Mutation { print(copies: Int): Book }
    type Book @key(fields: "id") { id: ID! }"#;
const SHOPS: &str = r#"
    type Mutation { restock(count: Int): Int }
    type Book @key(fields: "id") { id: ID! price: Int }"#;

/// Everything that happened, in order: mutations by the keys that they were sent under, prices.
type Log = Arc<Mutex<Vec<String>>>;

/// A graph in which a book costs as much as mutations happened, and its first price cannot be had if `fails`.
fn world(fails: bool) -> (Graph, Log) {
    let log = Log::default();
    let (printed, restocked) = (Arc::clone(&log), Arc::clone(&log));
    let graph = composed(&[("books", BOOKS), ("shops", SHOPS)])
        .on("books", move |document, _| {
            Ok(json!({ "data": happen(&printed, document, "print", |_| json!({ "__typename": "Book", "id": "9" })) }))
        })
        .on("shops", move |document, variables| {
            if !document.contains("_entities") {
                return Ok(json!({ "data": happen(&restocked, document, "restock", Value::from) }));
            }
            let mut log = restocked.lock().unwrap();
            let happened = log.iter().filter(|entry| *entry != "price").count();
            let is_first = !log.contains(&"price".to_owned());
            log.push("price".to_owned());
            if fails && is_first {
                return Err(TransportError::Unavailable("away".into()));
            }
            Ok(json!({ "data": entities(variables, |_| json!({ "price": happened })) }))
        });
    (graph.build(), log)
}

/// Executes the mutations of a document in its order, those of one key as one, as subgraphs do. All are sent under aliases.
fn happen(log: &Log, document: &str, name: &str, answer: impl Fn(usize) -> Value) -> Map<String, Value> {
    let mut log = log.lock().unwrap();
    let mut data = Map::new();
    for (end, _) in document.match_indices(&format!(": {name}")) {
        let key = document[..end].rsplit(|sign: char| !sign.is_alphanumeric() && sign != '_').next().unwrap();
        if !data.contains_key(key) {
            log.push(key.to_owned());
            data.insert(key.to_owned(), answer(log.len()));
        }
    }
    data
}

/// The answer, what happened, and how many requests of subgraphs that took.
async fn run(query: &str, variables: Value) -> (Value, Vec<String>, usize) {
    let (graph, log) = world(false);
    let answer = graph.query_with(query, variables).await;
    let happened = log.lock().unwrap().clone();
    (answer, happened, graph.asked().len())
}

#[tokio::test]
async fn what_is_added_to_a_mutation_is_from_before_the_next_one_of_the_same_subgraph() {
    let query = "mutation { a: print(copies: 1) { price } b: print(copies: 2) { id price } }";
    let (answer, happened, _) = run(query, json!({})).await;
    assert_eq!(answer, json!({ "data": { "a": { "price": 1 }, "b": { "id": "9", "price": 2 } } }));
    assert_eq!(happened, ["a", "price", "b", "price"]);
}

#[tokio::test]
async fn neighbours_of_one_subgraph_are_one_fetch_up_to_one_that_others_add_to() {
    let query = "mutation { __typename a: print { id } b: print { price } c: print { id } id: print { price id } d: print { id } }";
    let (answer, happened, requests) = run(query, json!({})).await;
    let data = json!({ "__typename": "Mutation", "a": { "id": "9" }, "b": { "price": 2 }, "c": { "id": "9" },
        "id": { "price": 4, "id": "9" }, "d": { "id": "9" } });
    assert_eq!(answer, json!({ "data": data }));
    assert_eq!((happened.join(" ").replace("_as_", ""), requests), ("a b price c id price d".into(), 5));
}

#[tokio::test]
async fn mutations_that_nobody_adds_to_stay_one_fetch_of_their_subgraph() {
    let query =
        "mutation($yes: Boolean!) { a: print { id } b: print @include(if: $yes) { id } ... { c: print { id } } }";
    let (_, happened, requests) = run(query, json!({ "yes": true })).await;
    assert_eq!((happened.join(" "), requests), ("a b c".into(), 1));
}

#[tokio::test]
async fn mutations_under_conditions_keep_their_order() {
    let apart = "mutation($yes: Boolean!) {
        ... @include(if: $yes) { a: print { id } } b: print { id } ... @include(if: $yes) { c: print { id } } }";
    let across = "mutation($yes: Boolean!) {
        ... @include(if: $yes) { a: print { id } } b: restock ... @include(if: $yes) { c: print { id } } }";
    let added = "mutation($yes: Boolean!) { ... @include(if: $yes) { a: print { price } d: print { price id } }
        b: print @skip(if: $yes) { price } c: print @include(if: $yes) { price } a: print @include(if: $yes) { id } }";
    for (query, yes, no) in
        [(apart, "a b c", "b"), (across, "a b c", "b"), (added, "a price d price c price", "b price")]
    {
        for (value, expected) in [(true, yes), (false, no)] {
            let (answer, happened, _) = run(query, json!({ "yes": value })).await;
            assert!(answer.get("errors").is_none(), "{query}: {answer}");
            // Where some are left out of a request, the subgraph reads it from the document.
            let keys = answer["data"].as_object().unwrap();
            let is_there = |entry: &&String| *entry == "price" || keys.contains_key(entry.as_str());
            let happened: Vec<&str> = happened.iter().filter(is_there).map(String::as_str).collect();
            assert_eq!(happened.join(" "), expected, "{query} {value}");
        }
    }
    let (answer, ..) = run(added, json!({ "yes": true })).await;
    let data = json!({ "a": { "price": 1, "id": "9" }, "d": { "price": 2, "id": "9" }, "c": { "price": 3 } });
    assert_eq!(answer, json!({ "data": data }));
}

#[tokio::test]
async fn what_cannot_be_added_to_a_mutation_is_an_error_there_and_the_next_one_happens() {
    let (graph, log) = world(true);
    let answer = graph.query("mutation { a: print { id price } b: print { price } c: restock }").await;
    assert_eq!(answer["data"], json!({ "a": { "id": "9", "price": null }, "b": { "price": 2 }, "c": 5 }));
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"][0]["path"], json!(["a", "price"]));
    assert_eq!(*log.lock().unwrap(), ["a", "price", "b", "price", "c"]);
}
