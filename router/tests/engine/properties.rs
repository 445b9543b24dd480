//! Whatever subgraphs answer, the client gets an answer that fits the schema.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::graph;

const QUERY: &str = "{ people { __typename id name nick friends { nick friends { nick } } }
    books { id title format author { id name } }
    strictBook { id stock }
    shelf { id price }
    items { __typename id ... on Book { title author { nick } } ... on Film { minutes } }
    search { ... on Book { shipping } ... on Vault { code } } }";

const KEYS: &[&str] = &[
    "people",
    "books",
    "strictBook",
    "shelf",
    "items",
    "search",
    "id",
    "name",
    "nick",
    "friends",
    "title",
    "author",
    "format",
    "stock",
    "price",
    "shipping",
    "__typename",
    "_entities",
    "_e0",
    "_e1",
    "code",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(&["Book", "Film", "Vault", "Person", "Item", "PAPER", "SCROLL", "\u{0}\"\\"][..])
            .prop_map(Value::from),
    ]
}

/// Values with the keys of the query, mostly in places where they do not belong.
fn answer() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(6, 200, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(KEYS), inner, 0..8).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Errors with paths that lead anywhere.
fn errors() -> impl Strategy<Value = Value> {
    let segment = prop_oneof![prop::sample::select(KEYS).prop_map(Value::from), (0..3_u64).prop_map(Value::from),];
    let path = prop::collection::vec(segment, 0..5);
    let codes = prop::sample::select(&["NOT_FOUND", "Secret"][..]);
    let error =
        (path, codes).prop_map(|(path, code)| json!({ "message": "m", "path": path, "extensions": { "code": code } }));
    prop::collection::vec(error, 0..3).prop_map(Value::from)
}

/// What the schema says of people: neither they nor their ids and nicks are null.
fn assert_non_null(people: &Value) {
    for person in people.as_array().into_iter().flatten() {
        assert!(person.is_object() && !person["id"].is_null() && !person["nick"].is_null(), "{person}");
        assert_eq!(person["__typename"], "Person");
        for friend in person["friends"].as_array().into_iter().flatten() {
            assert!(!friend["nick"].is_null(), "{friend}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_answers_of_subgraphs_become_an_answer_that_fits_the_schema(
        books in answer(), people in answer(), shops in answer(), errors in errors(), wrap in any::<bool>(),
    ) {
        let with_people = if wrap { json!({ "people": [people] }) } else { people };
        let (more, some) = (errors.clone(), errors.clone());
        let graph = graph()
            .on("books", move |_, _| Ok(json!({ "data": books, "errors": more })))
            .on("people", move |_, _| Ok(json!({ "data": with_people, "errors": some })))
            .on("shops", move |_, _| Ok(json!({ "data": shops, "errors": errors })))
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(graph.query(QUERY));
        let data = &answer["data"];
        assert_non_null(&data["people"]);
        if data.is_object() {
            // Non-null at the root: it is there, or everything is null.
            prop_assert!(!data["strictBook"]["stock"].is_null());
        }
        prop_assert!(!answer.to_string().contains("Secret"));
        for book in data["books"].as_array().into_iter().flatten() {
            prop_assert!(book["format"] != "SCROLL");
        }
    }
}
