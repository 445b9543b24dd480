//! Fetching, merging and projecting over scripted subgraphs.

use crate::common::{codes, context, entities, graph, variables, viewer};
use reel_router::transport::TransportError;
use serde_json::{Value, json};

fn two_books() -> Value {
    json!({ "books": [
        { "__typename": "Book", "id": "1", "title": "One", "t": "One", "author": { "__typename": "Person", "id": "a" } },
        { "__typename": "Book", "id": "2", "title": "Two", "t": "Two", "author": { "__typename": "Person", "id": "a" } },
    ]})
}

#[tokio::test]
async fn fields_of_two_subgraphs_come_back_as_one_answer() {
    let graph = graph()
        .data("books", two_books())
        .on("people", |_, variables| {
            Ok(json!({ "data": entities(variables, |id| json!({ "name": format!("name of {id}") })) }))
        })
        .build();
    let answer = graph.query("{ books { t: title author { name } } }").await;
    assert_eq!(
        answer,
        json!({ "data": { "books": [
            { "t": "One", "author": { "name": "name of a" } },
            { "t": "Two", "author": { "name": "name of a" } },
        ]}})
    );
}

#[tokio::test]
async fn equal_entities_are_asked_for_once() {
    let graph = graph()
        .data("books", two_books())
        .on("people", |_, variables| Ok(json!({ "data": entities(variables, |_| json!({ "name": "A" })) })))
        .build();
    graph.query("{ books { author { name } } }").await;
    let calls = graph.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].2, json!({ "representations": [{ "__typename": "Person", "id": "a" }] }));
}

#[tokio::test]
async fn entities_at_two_places_share_one_request() {
    let books = json!({ "books": [
        { "author": { "__typename": "Person", "id": "a" }, "coauthor": { "__typename": "Person", "id": "b" } },
        { "author": { "__typename": "Person", "id": "b" }, "coauthor": null },
    ]});
    let graph = graph()
        .data("books", books)
        .on("people", |document, variables| {
            let mut data = serde_json::Map::new();
            for (name, list) in variables.as_object().unwrap() {
                // `_e0: _entities(representations: $name)`
                let at = document.find(&format!("${name})")).unwrap();
                let key = document[..at].rsplit_once(": _entities").unwrap().0.rsplit(['{', '}', ' ']).next().unwrap();
                let found: Vec<Value> =
                    list.as_array().unwrap().iter().map(|one| json!({ "name": one["id"], "nick": "n" })).collect();
                data.insert(key.to_owned(), found.into());
            }
            Ok(json!({ "data": data }))
        })
        .build();
    let answer = graph.query("{ books { author { name } coauthor { nick name } } }").await;
    assert_eq!(graph.asked(), ["books", "people"]);
    assert_eq!(
        answer["data"]["books"],
        json!([
            { "author": { "name": "a" }, "coauthor": { "nick": "n", "name": "b" } },
            { "author": { "name": "b" }, "coauthor": null },
        ])
    );
}

#[tokio::test]
async fn large_batches_are_sent_in_parts_and_put_together_in_order() {
    let books: Vec<Value> =
        (0..25).map(|i| json!({ "author": { "__typename": "Person", "id": i.to_string() } })).collect();
    let graph = graph()
        .data("books", json!({ "books": books }))
        .on("people", |_, variables| Ok(json!({ "data": entities(variables, |id| json!({ "name": id })) })))
        .settings(|settings| settings.execution.entities_per_request = 10)
        .build();
    let answer = graph.query("{ books { author { name } } }").await;
    assert_eq!(graph.asked(), ["books", "people", "people", "people"]);
    for index in 0..25 {
        assert_eq!(answer["data"]["books"][index]["author"]["name"], json!(index.to_string()));
    }
}

#[tokio::test]
async fn more_entities_than_a_fetch_may_have_are_refused_without_asking() {
    let books: Vec<Value> =
        (0..25).map(|i| json!({ "author": { "__typename": "Person", "id": i.to_string() } })).collect();
    let graph = graph()
        .data("books", json!({ "books": books }))
        .settings(|settings| settings.execution.entities_per_fetch = 24)
        .build();
    let answer = graph.query("{ books { author { name } } }").await;
    assert_eq!(graph.asked(), ["books"]);
    assert_eq!(codes(&answer)[0], "OVERLOADED");
    assert_eq!(answer["data"]["books"][24], json!({ "author": { "name": null } }));
}

#[tokio::test]
async fn required_fields_are_sent_and_lists_of_lists_are_walked() {
    let shelf = json!({ "shelf": [
        [{ "__typename": "Book", "id": "1", "title": "One" }, null],
        [{ "__typename": "Book", "id": "2", "title": "Two" }],
    ]});
    let graph = graph()
        .data("books", shelf)
        .on("shops", |_, variables| {
            let found: Vec<Value> = variables["representations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| json!({ "shipping": one["title"].as_str().unwrap().len() }))
                .collect();
            Ok(json!({ "data": { "_entities": found } }))
        })
        .build();
    let answer = graph.query("{ shelf { shipping } }").await;
    assert_eq!(answer, json!({ "data": { "shelf": [[{ "shipping": 3 }, null], [{ "shipping": 3 }]] } }));
}

#[tokio::test]
async fn a_subgraph_that_is_down_costs_only_its_own_fields_and_tells_nothing_of_itself() {
    let graph = graph().data("books", two_books()).build();
    let answer = graph.query("{ books { id title author { id name } } }").await;
    assert_eq!(answer["data"]["books"][1], json!({ "id": "2", "title": "Two", "author": { "id": "a", "name": null } }));
    assert_eq!(codes(&answer)[0], "SERVICE_UNAVAILABLE");
    assert_eq!(answer["errors"][0]["path"], json!(["books", 0, "author", "name"]));
    assert!(!answer.to_string().contains("10.0.0.7"), "{answer}");
}

#[tokio::test]
async fn a_root_fetch_that_fails_nulls_its_fields_and_the_others_stay() {
    let graph = graph().data("people", json!({ "people": [{ "name": "A" }] })).build();
    let answer = graph.query("{ people { name } books { id } item: book(id: 1) { id } }").await;
    assert_eq!(answer["data"], json!({ "people": [{ "name": "A" }], "books": null, "item": null }));
    let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, [json!(["books"]), json!(["item"])]);
}

#[tokio::test]
async fn the_deadline_ends_a_subgraph_that_does_not_answer() {
    let graph = graph().on("books", |_, _| Err(TransportError::Timeout)).build();
    let answer = graph.query("{ books { id } }").await;
    assert_eq!(codes(&answer), ["TIMEOUT"]);
}

#[tokio::test]
async fn a_subgraph_that_panics_costs_only_its_own_fields() {
    let graph = graph().data("books", two_books()).on("people", |_, _| panic!("a bug")).build();
    let answer = graph.query("{ books { id author { name } } }").await;
    assert_eq!(answer["data"]["books"][0], json!({ "id": "1", "author": { "name": null } }));
    assert_eq!(codes(&answer)[0], "SERVICE_UNAVAILABLE");
    assert!(!answer.to_string().contains("a bug"));
}

#[tokio::test]
async fn known_errors_of_subgraphs_are_shown_and_others_masked() {
    let graph = graph()
        .on("books", |_, _| {
            Ok(json!({ "data": { "book": null, "books": null }, "errors": [
                { "message": "No such book.", "path": ["book"], "extensions": { "code": "NOT_FOUND", "field": "id" } },
                { "message": "pool 10.1.1.1 is gone", "path": ["books"], "extensions": { "code": "PoolError" } },
            ]}))
        })
        .build();
    let answer = graph.query("{ book(id: 1) { id } books { id } }").await;
    assert_eq!(
        answer["errors"][0],
        json!({ "message": "No such book.", "path": ["book"], "extensions": { "code": "NOT_FOUND", "field": "id" } })
    );
    assert_eq!(answer["errors"][1]["extensions"]["code"], "INTERNAL");
    assert!(!answer.to_string().contains("10.1.1.1"));
}

#[tokio::test]
async fn errors_of_entities_come_with_the_clients_path_with_and_without_index() {
    for path in [json!(["_entities", 1, "name"]), json!(["_entities", "name"])] {
        let books = json!({ "books": [
            { "writer": { "__typename": "Person", "id": "a" } },
            { "writer": { "__typename": "Person", "id": "b" } },
        ]});
        let graph = graph()
            .data("books", books)
            .on("people", move |_, variables| {
                let data =
                    entities(variables, |id| if id == "a" { json!({ "name": "A" }) } else { json!({ "name": null }) });
                Ok(json!({ "data": data, "errors": [
                    { "message": "No.", "path": path, "extensions": { "code": "FORBIDDEN" } }
                ]}))
            })
            .build();
        let answer = graph.query("{ books { writer: author { name } } }").await;
        assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
        assert_eq!(answer["errors"][0]["path"], json!(["books", 1, "writer", "name"]));
        assert_eq!(answer["data"]["books"][0]["writer"]["name"], "A");
    }
}

#[tokio::test]
async fn a_null_goes_up_to_the_nearest_nullable_field() {
    let people = json!({ "people": [
        { "name": "A", "friends": [{ "nick": "x" }, { "nick": null }] },
        { "name": "B", "friends": [] },
    ]});
    let graph = graph().data("people", people).build();
    let answer = graph.query("{ people { name friends { nick } } }").await;
    assert_eq!(answer["data"]["people"], json!([{ "name": "A", "friends": null }, { "name": "B", "friends": [] }]));
    assert_eq!(answer["errors"][0]["path"], json!(["people", 0, "friends", 1, "nick"]));
    assert_eq!(answer["errors"][0]["message"], "Cannot return null for non-nullable field Person.nick.");
}

#[tokio::test]
async fn a_null_without_a_nullable_field_around_takes_everything() {
    let graph = graph().data("books", json!({ "strictBook": null })).build();
    let answer = graph.query("{ strictBook { id } }").await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["strictBook"]));
}

#[tokio::test]
async fn a_null_that_a_subgraph_explained_is_not_explained_again() {
    let graph =
        graph().data("books", two_books()).on("shops", |_, _| Err(TransportError::Unavailable(String::new()))).build();
    let answer = graph.query("{ books { id stock } }").await;
    assert_eq!(answer["data"], json!({ "books": null }));
    assert!(codes(&answer).iter().all(|code| code == "SERVICE_UNAVAILABLE"), "{answer}");
}

#[tokio::test]
async fn missing_keys_are_null() {
    let graph = graph().data("books", json!({ "books": [{ "id": "1" }] })).build();
    assert_eq!(
        graph.query("{ books { id title } }").await,
        json!({ "data": { "books": [{ "id": "1", "title": null }] } })
    );
}

#[tokio::test]
async fn fragments_on_interfaces_and_unions_select_by_the_objects_type() {
    let graph = graph()
        .data("books", json!({
            "items": [{ "__typename": "Book", "id": "1", "title": "One" }, { "__typename": "Film", "id": "2", "minutes": 90 }],
            "search": [{ "__typename": "Film", "title": "F" }, { "__typename": "Book", "pages": 3 }],
        }))
        .build();
    let query = "query { items { id ...B ... on Film { minutes kind: __typename } } search(text: \"x\") { __typename ...B ... on Item { title } ... on Book { pages } } }
        fragment B on Book { title }";
    let answer = graph.query(query).await;
    assert_eq!(
        answer,
        json!({ "data": {
            "items": [{ "id": "1", "title": "One" }, { "id": "2", "minutes": 90, "kind": "Film" }],
            "search": [{ "__typename": "Film", "title": "F" }, { "__typename": "Book", "title": null, "pages": 3 }],
        }})
    );
}

#[tokio::test]
async fn conditions_hold_at_every_level_and_nothing_needless_is_fetched() {
    let query = "query($yes: Boolean!, $no: Boolean!) {
        books @include(if: $yes) { id title @skip(if: $yes) author @include(if: $no) { name } ... @include(if: $no) { format } }
        people @skip(if: $yes) { name } }";
    let graph = graph().data("books", json!({ "books": [{ "id": "1" }] })).build();
    let answer = graph.query_with(query, json!({ "yes": true, "no": false })).await;
    assert_eq!(answer, json!({ "data": { "books": [{ "id": "1" }] } }));
    assert_eq!(graph.asked(), ["books"]);
}

#[tokio::test]
async fn a_field_selected_with_and_without_a_condition_is_there() {
    let query = "query($no: Boolean!) { books { title @include(if: $no) title author @include(if: $no) { id } author { name } } }";
    let graph = graph()
        .data("books", two_books())
        .on("people", |_, variables| Ok(json!({ "data": entities(variables, |_| json!({ "name": "A" })) })))
        .build();
    let answer = graph.query_with(query, json!({ "no": false })).await;
    assert_eq!(answer["data"]["books"][0], json!({ "title": "One", "author": { "name": "A" } }));
}

#[tokio::test]
async fn mutations_run_in_series_across_subgraphs() {
    let graph = graph()
        .on("books", |document, _| {
            let key = if document.contains("first") { "first" } else { "third" };
            Ok(json!({ "data": { key: { "__typename": "Book", "id": "9" } } }))
        })
        .data("shops", json!({ "restock": 5 }))
        .build();
    let answer = graph.query("mutation { first: openBook { id } restock(count: 5) third: openBook { id } }").await;
    assert_eq!(graph.asked(), ["books", "shops", "books"]);
    assert_eq!(answer, json!({ "data": { "first": { "id": "9" }, "restock": 5, "third": { "id": "9" } } }));
}

#[tokio::test]
async fn a_mutation_begins_when_the_one_before_is_complete_with_what_other_subgraphs_add() {
    let graph = graph()
        .on("books", |document, _| {
            let key = if document.contains("first") { "first" } else { "third" };
            Ok(json!({ "data": { key: { "__typename": "Book", "id": "9" } } }))
        })
        .on("shops", |document, variables| match document.contains("restock") {
            true => Ok(json!({ "data": { "restock": 5 } })),
            false => Ok(json!({ "data": entities(variables, |_| json!({ "price": 12 })) })),
        })
        .build();
    let query = "mutation($more: Boolean = true) {
        first: openBook { price } restock(count: 5) third: openBook { id ... @include(if: $more) { price } } }";
    let answer = graph.query(query).await;
    assert_eq!(graph.asked(), ["books", "shops", "shops", "books", "shops"]);
    let calls = graph.calls();
    let is_entities: Vec<bool> = calls.iter().map(|(_, document, _)| document.contains("_entities")).collect();
    assert_eq!(is_entities, [false, true, false, false, true]);
    let book = json!({ "price": 12 });
    assert_eq!(answer, json!({ "data": { "first": book, "restock": 5, "third": { "id": "9", "price": 12 } } }));
}

#[tokio::test]
async fn a_mutations_result_is_completed_by_other_subgraphs() {
    let graph = graph()
        .data("books", json!({ "openBook": { "__typename": "Book", "id": "9" } }))
        .on("shops", |_, variables| Ok(json!({ "data": entities(variables, |_| json!({ "price": 12 })) })))
        .build();
    let answer = graph.query("mutation { openBook { price } }").await;
    assert_eq!(answer, json!({ "data": { "openBook": { "price": 12 } } }));
}

#[tokio::test]
async fn variables_reach_only_the_fetches_that_use_them() {
    let graph = graph()
        .data("books", json!({ "book": { "__typename": "Book", "id": "1" } }))
        .on("shops", |_, variables| Ok(json!({ "data": entities(variables, |_| json!({ "price": 12 })) })))
        .build();
    let query = "query($id: ID!, $unit: Unit = PAGE) { book(id: $id) { pages(unit: $unit) price } }";
    graph.query_with(query, json!({ "id": 5 })).await;
    assert_eq!(graph.calls()[0].2, json!({ "id": "5", "unit": "PAGE" }));
    assert_eq!(graph.calls()[1].2, json!({ "representations": [{ "__typename": "Book", "id": "1" }] }));
}

#[tokio::test]
async fn answers_for_one_request_may_not_hold_too_many_values_together() {
    // The data, the list, and three values for each of the books; then the data, the list, and two for each price.
    for (limit, code) in [(29, None), (28, Some("ANSWER_LIMIT_EXCEEDED")), (16, Some("ANSWER_LIMIT_EXCEEDED"))] {
        let books: Vec<Value> = (0..5).map(|id| json!({ "__typename": "Book", "id": id.to_string() })).collect();
        let graph = graph().data("books", json!({ "books": books }));
        let graph =
            graph.on("shops", |_, variables| Ok(json!({ "data": entities(variables, |_| json!({ "price": 1 })) })));
        let graph = graph.settings(|settings| settings.execution.fetched_values = limit).build();
        let answer = graph.query("{ books { price } }").await;
        assert_eq!(codes(&answer).first().map(String::as_str), code, "{answer}");
    }
}

#[tokio::test]
async fn the_data_of_an_answer_may_not_be_too_long() {
    let books: Vec<Value> = (0..5).map(|id| json!({ "id": id.to_string() })).collect();
    let data = json!({ "books": books });
    for (limit, fits) in [(data.to_string().len(), true), (data.to_string().len() - 1, false), (1, false)] {
        let graph = graph().data("books", data.clone());
        let graph = graph.settings(|settings| settings.execution.answer_bytes = limit).build();
        let answer = graph.query("{ books { id } }").await;
        if fits {
            assert_eq!(answer, json!({ "data": data }));
        } else {
            assert_eq!((&answer["data"], codes(&answer)), (&Value::Null, vec!["ANSWER_LIMIT_EXCEEDED".to_owned()]));
        }
    }
}

#[tokio::test]
async fn an_entity_that_is_shown_at_many_places_counts_each_time() {
    let person = json!({ "__typename": "Person", "id": "a" });
    let books: Vec<Value> = (0..100).map(|_| json!({ "author": person })).collect();
    let graph = graph()
        .data("books", json!({ "books": books }))
        .on("people", |_, variables| {
            Ok(json!({ "data": entities(variables, |_| json!({ "name": "n".repeat(1_000) })) }))
        })
        .settings(|settings| settings.execution.answer_bytes = 50_000)
        .build();
    let answer = graph.query("{ books { author { name } } }").await;
    assert_eq!((&answer["data"], codes(&answer)), (&Value::Null, vec!["ANSWER_LIMIT_EXCEEDED".to_owned()]));
    assert_eq!(graph.calls().len(), 2);
}

#[tokio::test]
async fn values_of_the_enum_that_clients_may_not_see_are_null_with_an_error() {
    let graph = graph().data("books", json!({ "books": [{ "format": "PAPER" }, { "format": "SCROLL" }] })).build();
    let answer = graph.query("{ books { format } }").await;
    assert_eq!(answer["data"]["books"], json!([{ "format": "PAPER" }, { "format": null }]));
    assert_eq!(answer["errors"][0]["path"], json!(["books", 1, "format"]));
    assert!(!answer.to_string().contains("SCROLL"));
}

#[tokio::test]
async fn ids_are_strings_and_texts_are_escaped() {
    let graph = graph().data("books", json!({ "books": [{ "id": 12, "title": "a\"\\\n\u{1}\u{7f}é😀" }] })).build();
    let answer = graph.query("{ books { id title } }").await;
    assert_eq!(answer, json!({ "data": { "books": [{ "id": "12", "title": "a\"\\\n\u{1}\u{7f}é😀" }] } }));
}

#[tokio::test]
async fn type_names_of_the_root_need_no_subgraph() {
    let graph = graph().build();
    assert_eq!(
        graph.query("{ __typename a: __typename }").await,
        json!({ "data": { "__typename": "Query", "a": "Query" } })
    );
    assert_eq!(graph.query("mutation { __typename }").await, json!({ "data": { "__typename": "Mutation" } }));
    assert!(graph.asked().is_empty());
}

#[tokio::test]
async fn an_object_whose_fields_are_all_skipped_is_empty() {
    let graph = graph().data("books", two_books()).build();
    assert_eq!(graph.query("{ books { id @skip(if: true) } }").await, json!({ "data": { "books": [{}, {}] } }));
}

#[tokio::test]
async fn a_prepared_operation_gives_a_value_in_the_clients_shape() {
    let books = two_books()["books"].clone();
    let graph = graph().data("books", json!({ "list": books })).build();
    let prepared = graph.engine.prepare("query($n: Int!) { list: books(first: $n) { t: title } }").await.unwrap();
    // Trusted documents may ask for larger pages than clients.
    let executed =
        graph.engine.execute_prepared(&prepared, variables(json!({ "n": 100 })), context(Some(viewer()))).await;
    assert_eq!(executed.errors, []);
    assert_eq!(executed.data.into_json().unwrap(), json!({ "list": [{ "t": "One" }, { "t": "Two" }] }));
    let refused = graph.engine.execute_prepared(&prepared, variables(json!({})), context(None)).await;
    assert_eq!(refused.errors.len(), 1);
}

#[tokio::test]
async fn equal_documents_are_planned_once() {
    let graph = graph().data("books", two_books()).build();
    let query = "{ books { id title } }";
    let answers = futures::future::join_all((0..20).map(|_| graph.query(query))).await;
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(graph.asked().len(), 20);
}
