//! Values that could not be had.

use super::shop::{IMPORTS, PEOPLE, SHOP, answering, asked, crowd, crowded, people, shop};
use crate::common::{codes, composed_with};
use crate::subgraph::Subgraph;
use reel_router::transport::TransportError;
use serde_json::{Value, json};

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
