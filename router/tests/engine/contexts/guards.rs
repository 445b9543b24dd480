//! Values that not everybody may have.

use super::shop::{IMPORTS, answering};
use crate::common::{codes, composed_with};
use crate::subgraph::Subgraph;
use reel_router::pipeline::OnDenied;
use serde_json::{Value, json};

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
