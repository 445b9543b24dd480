//! What callers with different grants get of one graph.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reel_router::pipeline::OnDenied;
use reel_router::transport::RequestContext;
use reel_router::{GrantedNames, Grants, GraphqlRequest};
use serde_json::{Value, json};

use crate::common::{Graph, GraphBuilder, codes, composed_with, context, entities, viewer};

const STAFF: &str = r#"
    type Query { people: [Person] find: [Found] named: [Named] budget: Budget level: Level open: Int }
    type Mutation { raise: Int @policy(policies: [["hr"]]) }
    interface Named { name: String }
    type Person implements Named @key(fields: "id") {
        id: ID!
        name: String
        email: String @requiresScopes(scopes: [["read:email", "user"], ["admin"]])
        salary: Int @policy(policies: [["hr"], ["boss", "owner"]]) @authenticated
        age: Int!  @requiresScopes(scopes: [["age"]])
    }
    type Vault implements Named { name: String code: String @requiresScopes(scopes: [["vault"]]) }
    type Secret @requiresScopes(scopes: [["secret"]]) { text: String }
    union Found = Person | Secret
    scalar Budget @policy(policies: [["money"]])
    enum Level @requiresScopes(scopes: [["level"]]) { LOW HIGH }
"#;
const MAIL: &str = r#"type Person @key(fields: "id") { id: ID! inbox: [String] @requiresScopes(scopes: [["mail"]]) }"#;

fn staff() -> GraphBuilder {
    let person = json!({ "__typename": "Person", "id": "1", "name": "A", "email": "a@x", "salary": 5, "age": 30 });
    let found = json!([person, { "__typename": "Secret", "text": "s" }]);
    let data = json!({ "people": [person], "named": [person], "find": found, "budget": 7, "level": "LOW", "open": 1,
        "raise": 6 });
    let imports = ["@key", "@authenticated", "@requiresScopes", "@policy"];
    composed_with(&imports, &[("staff", STAFF), ("mail", MAIL)])
        .data("staff", data)
        .on("mail", |_, variables| Ok(json!({ "data": entities(variables, |_| json!({ "inbox": ["hi"] })) })))
}

fn granted(scopes: &[&str], policies: &[&str]) -> Grants {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Grants::token(GrantedNames { scopes: set(scopes), policies: set(policies) })
}

fn scopes(scopes: &[&str]) -> Grants {
    granted(scopes, &[])
}

async fn ask(graph: &Graph, query: &str, grants: Grants) -> Value {
    ask_with(graph, query, json!({}), grants).await
}

async fn ask_with(graph: &Graph, query: &str, variables: Value, grants: Grants) -> Value {
    let variables = crate::common::variables(variables);
    let request = GraphqlRequest { query: query.into(), variables, ..GraphqlRequest::default() };
    let context = Arc::new(RequestContext { grants, ..(*context(None)).clone() });
    serde_json::from_slice(&graph.engine.execute(request, context).await.body).unwrap()
}

#[tokio::test]
async fn scopes_and_policies_are_groups_of_which_one_must_be_complete() {
    let graph = staff().build();
    let email = "{ people { email } }";
    for met in [&["read:email", "user"][..], &["admin"], &["user", "admin"]] {
        assert_eq!(ask(&graph, email, scopes(met)).await, json!({"data": {"people": [{"email": "a@x"}]}}), "{met:?}");
    }
    let calls = graph.calls().len();
    for unmet in [&["read:email"][..], &["user"], &["mail"], &[]] {
        let answer = ask(&graph, email, scopes(unmet)).await;
        assert_eq!(
            (&answer["data"], codes(&answer)),
            (&json!({"people": [{"email": null}]}), vec!["FORBIDDEN".into()])
        );
        assert_eq!(answer["errors"][0]["path"], json!(["people", 0, "email"]));
    }
    assert!(
        graph.calls()[calls..].iter().all(|(_, document, _)| !document.contains("email")),
        "they are not asked for"
    );
    let salary = "{ people { salary } }";
    for (policies, is_met) in [(&["hr"][..], true), (&["boss", "owner"], true), (&["boss"], false), (&[], false)] {
        let answer = ask(&graph, salary, granted(&[], policies)).await;
        assert_eq!(answer["data"]["people"][0]["salary"] == 5, is_met, "{policies:?}: {answer}");
    }
    assert_eq!(codes(&ask(&graph, salary, scopes(&["hr"])).await), ["FORBIDDEN"], "a scope is no policy");
    assert_eq!(codes(&ask(&graph, salary, Grants::anonymous()).await), ["UNAUTHENTICATED"]);
    assert_eq!(codes(&graph.query_as_viewer(salary).await), ["FORBIDDEN"], "a login of ours grants nothing by name");
}

#[tokio::test]
async fn a_mutation_without_its_policy_does_not_happen() {
    let graph = staff().build();
    let refused = ask(&graph, "mutation { raise }", scopes(&["hr"])).await;
    assert_eq!((&refused["data"]["raise"], codes(&refused)), (&Value::Null, vec!["FORBIDDEN".into()]));
    assert!(graph.asked().is_empty());
    assert_eq!(ask(&graph, "mutation { raise }", granted(&[], &["hr"])).await["data"]["raise"], 6);
}

#[tokio::test]
async fn guarded_scalars_enums_and_fields_of_other_subgraphs_are_not_asked_for() {
    let graph = staff().build();
    let query = "{ open budget level people { name inbox } }";
    let nothing = ask(&graph, query, Grants::login()).await;
    let nulls = json!({"open": 1, "budget": null, "level": null, "people": [{"name": "A", "inbox": null}]});
    assert_eq!((&nothing["data"], codes(&nothing)), (&nulls, vec!["FORBIDDEN".to_owned(); 3]));
    assert_eq!(graph.asked(), ["staff"]);
    let all = ask(&graph, query, granted(&["level", "mail"], &["money"])).await;
    let full = json!({"open": 1, "budget": 7, "level": "LOW", "people": [{"name": "A", "inbox": ["hi"]}]});
    assert_eq!(all, json!({ "data": full }));
}

#[tokio::test]
async fn a_null_where_none_may_be_takes_the_object_around_it() {
    let graph = staff().build();
    let answer = ask(&graph, "{ open people { name age } }", Grants::login()).await;
    assert_eq!(answer["data"], json!({"open": 1, "people": [null]}));
    assert_eq!(answer["errors"][0]["path"], json!(["people", 0, "age"]));
}

#[tokio::test]
async fn guarded_types_are_null_whichever_fragments_lead_to_them() {
    let graph = staff().build();
    let plain = "{ find { __typename ... on Secret { text } ... on Person { name } } }";
    let nested = "{ find { ... on Found { ... on Secret { ... { ... on Secret { text } } } __typename } \
        ... on Named { ... on Person { name } } } }";
    let spread = "query { find { ...F } } fragment F on Found { __typename ...S ... on Person { name } } \
        fragment S on Secret { text }";
    for query in [plain, nested, spread] {
        let calls = graph.calls().len();
        let answer = ask(&graph, query, Grants::login()).await;
        let shown = json!([{"__typename": "Person", "name": "A"}, null]);
        assert_eq!((&answer["data"]["find"], codes(&answer)), (&shown, vec!["FORBIDDEN".into()]), "{query}");
        assert_eq!(answer["errors"][0]["path"], json!(["find", 1]));
        assert!(graph.calls()[calls..].iter().all(|(_, document, _)| !document.contains("text")), "{query}");
        let answer = ask(&graph, query, scopes(&["secret"])).await;
        assert_eq!(answer["data"]["find"][1], json!({"__typename": "Secret", "text": "s"}), "{query}");
    }
}

#[tokio::test]
async fn what_an_implementation_guards_cannot_be_had_through_its_interface() {
    let sdl = r#"type Query { items: [Item] }
        interface Item { id: ID! note: String }
        type Open implements Item { id: ID! note: String }
        type Closed implements Item { id: ID! note: String @requiresScopes(scopes: [["note"]]) }"#;
    let items =
        json!([{"__typename": "Open", "id": "1", "note": "o"}, {"__typename": "Closed", "id": "2", "note": "c"}]);
    let graph = composed_with(&["@requiresScopes"], &[("items", sdl)]).data("items", json!({"items": items})).build();
    for through in ["note", "... on Item { note }", "... on Item { ... on Item { note } }", "... { note }"] {
        let answer = ask(&graph, &format!("{{ items {{ id {through} }} }}"), Grants::login()).await;
        assert_eq!(answer["data"]["items"], json!([{"id": "1", "note": null}, {"id": "2", "note": null}]), "{through}");
    }
    let answer = ask(&graph, "{ items { ... on Open { note } ... on Closed { note } } }", Grants::login()).await;
    assert_eq!(answer["data"]["items"], json!([{"note": "o"}, {"note": null}]));
    let answer = ask(&graph, "{ items { note } }", scopes(&["note"])).await;
    assert_eq!(answer["data"]["items"], json!([{"note": "o"}, {"note": "c"}]));
}

#[tokio::test]
async fn directives_under_imported_names_guard_all_the_same() {
    let sdl = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", as: "fed", import: [
            {name: "@authenticated", as: "@login"}, {name: "@policy", as: "@rules"}])
        type Query { a: Int @login b: Int @rules(policies: [["p"]]) c: Int @fed__requiresScopes(scopes: [["s"]]) d: Int }"#;
    let data = json!({"a": 1, "b": 2, "c": 3, "d": 4});
    let graph = crate::common::composed_as_written(&[("only", sdl)]).data("only", data.clone()).build();
    let answer = ask(&graph, "{ a b c d }", Grants::anonymous()).await;
    assert_eq!(answer["data"], json!({"a": null, "b": null, "c": null, "d": 4}));
    assert_eq!(codes(&answer), ["UNAUTHENTICATED"; 3]);
    assert_eq!(ask(&graph, "{ a b c d }", granted(&["s"], &["p"])).await, json!({ "data": data }));
}

#[tokio::test]
async fn a_plan_that_is_kept_for_one_caller_never_serves_one_with_other_grants() {
    let graph = staff().build();
    let query = "{ people { email salary } open }";
    let callers = [
        (granted(&["admin"], &["hr"]), json!({"email": "a@x", "salary": 5})),
        (Grants::anonymous(), json!({"email": null, "salary": null})),
        (granted(&[], &["hr"]), json!({"email": null, "salary": 5})),
        (granted(&["admin", "else"], &[]), json!({"email": "a@x", "salary": null})),
        (granted(&["hr"], &["admin"]), json!({"email": null, "salary": null})),
        (Grants::login(), json!({"email": null, "salary": null})),
    ];
    for round in 0..3 {
        for (grants, expected) in &callers {
            let answer = ask(&graph, query, grants.clone()).await;
            assert_eq!(&answer["data"]["people"][0], expected, "round {round}: {grants:?}");
        }
    }
}

#[tokio::test]
async fn plans_that_are_warmed_up_for_another_schema_hold_for_the_same_grants_only() {
    let graph = |sdl: &str| composed_with(&["@requiresScopes"], &[("only", sdl)]).data("only", json!({"a": 1})).build();
    let open = graph("type Query { a: Int }");
    let guarded = graph("type Query { a: Int @requiresScopes(scopes: [[\"s\"]]) }");
    for grants in [scopes(&["s"]), Grants::login(), Grants::anonymous()] {
        assert_eq!(ask(&open, "{ a }", grants).await["data"]["a"], 1);
    }
    guarded.engine.warm_up(&open.engine, 10, Instant::now() + Duration::from_secs(10)).await;
    assert_eq!(ask(&guarded, "{ a }", scopes(&["s"])).await["data"]["a"], 1);
    assert_eq!(codes(&ask(&guarded, "{ a }", Grants::login()).await), ["FORBIDDEN"]);
    assert_eq!(codes(&ask(&guarded, "{ a }", Grants::anonymous()).await), ["UNAUTHENTICATED"]);
    open.engine.warm_up(&guarded.engine, 10, Instant::now() + Duration::from_secs(10)).await;
    assert_eq!(ask(&open, "{ a }", Grants::anonymous()).await["data"]["a"], 1);
}

fn strict() -> Graph {
    staff().settings(|settings| settings.on_denied = OnDenied::RefuseRequest).build()
}

#[tokio::test]
async fn a_request_for_what_is_denied_is_refused_whole_where_the_settings_say_so() {
    let graph = strict();
    let query = "query($more: Boolean = true) { open people { name email @include(if: $more) } }";
    let refused = ask(&graph, query, Grants::login()).await;
    assert_eq!((refused.get("data"), codes(&refused)), (None, vec!["FORBIDDEN".into()]));
    assert_eq!(refused["errors"][0]["path"], json!(["people", "email"]));
    assert_eq!(refused["errors"][0]["locations"], json!([{"line": 1, "column": 51}]));
    let mutation = ask(&graph, "mutation { raise }", Grants::anonymous()).await;
    assert_eq!((mutation.get("data"), codes(&mutation)), (None, vec!["UNAUTHENTICATED".into()]));
    assert!(graph.asked().is_empty(), "nothing was asked");
    let without = ask_with(&graph, query, json!({"more": false}), Grants::login()).await;
    assert_eq!(without, json!({"data": {"open": 1, "people": [{"name": "A"}]}}), "what is left out is not asked for");
    let allowed = ask(&graph, query, scopes(&["admin"])).await;
    assert_eq!(allowed["data"]["people"][0]["email"], "a@x");
}

#[tokio::test]
async fn an_answer_that_turns_out_to_hold_a_denied_object_is_refused_whole_where_the_settings_say_so() {
    let graph = strict();
    let query = "{ open find { __typename } }";
    let refused = ask(&graph, query, Grants::login()).await;
    assert_eq!((&refused["data"], codes(&refused)), (&Value::Null, vec!["FORBIDDEN".into()]));
    assert_eq!(refused["errors"][0]["path"], json!(["find", 1]));
    let document = reel_router::Engine::prepare(&graph.engine, query).await.unwrap();
    let context = context(Some(viewer()));
    let ours = graph.engine.execute_prepared(&document, Default::default(), context).await;
    let data = ours.data.into_json().unwrap();
    assert_eq!(data, json!({"open": 1, "find": [{"__typename": "Person"}, null]}), "documents of ours lack it only");
}
