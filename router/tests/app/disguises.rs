//! Ways round the limits that come to mind: none leads there.

use axum::body::Body;
use http::Request;
use reel_config::Seconds;
use reel_error::ErrorCode;
use reel_router::config::{LimitSettings, RouterSettings};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::limits::{CASES, anything, numbered, refusal};
use crate::world::{Answer, World, multipart};

/// Too much of something, and how it is hidden.
fn disguises() -> Vec<(ErrorCode, &'static str, String)> {
    let fields = |count: usize, one: &str| one.repeat(count);
    let deep = "fragment A on Video { author { videos { edges { node { ...B } } } } } \
                fragment B on Video { author { videos { edges { cursor } } } }";
    vec![
        (
            ErrorCode::AliasLimit,
            "in a fragment that is spread again and again",
            format!("{{ viewer {{ {}}} }} fragment F on User {{ a: id b: username }}", fields(8, "...F ")),
        ),
        (
            ErrorCode::AliasLimit,
            "in inline fragments",
            format!("{{ viewer {{ {}}} }}", numbered(16, |at| format!("... on User {{ a{at}: id }} "))),
        ),
        (
            ErrorCode::AliasLimit,
            "of the schema",
            format!("{{ __schema {{ {}}} }}", numbered(16, |at| format!("a{at}: queryType {{ name }} "))),
        ),
        (ErrorCode::AliasLimit, "that change nothing", format!("{{ viewer {{ {}}} }}", fields(16, "id: id "))),
        (
            ErrorCode::DepthLimit,
            "in fragments",
            format!("{{ viewer {{ videos {{ edges {{ node {{ ...A }} }} }} }} }} {deep}"),
        ),
        (
            ErrorCode::DepthLimit,
            "left out by a directive",
            format!("{{ viewer @include(if: false) {{ videos {{ edges {{ node {{ ...A }} }} }} }} }} {deep}"),
        ),
        (
            ErrorCode::DepthLimit,
            "lists of the schema in each other",
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(),
        ),
        (
            ErrorCode::RootFieldLimit,
            "in inline fragments",
            format!("{{ {}}}", fields(11, "... on Query { __typename } ")),
        ),
        (
            ErrorCode::RootFieldLimit,
            "questions about the schema",
            format!("{{ {}}}", numbered(11, |at| format!("a{at}: __typename ")))
                .replace(": __typename", ": __schema { queryType { name } }"),
        ),
        (
            ErrorCode::DirectiveLimit,
            "in a fragment that is spread again and again",
            format!("{{ viewer {{ {}}} }} fragment F on User {{ id @skip(if: false) }}", fields(51, "...F ")),
        ),
        (
            ErrorCode::DirectiveLimit,
            "on spreads and inline fragments",
            format!(
                "{{ viewer {{ {}{}}} }} fragment F on User {{ id }}",
                fields(26, "...F @include(if: true) "),
                fields(25, "... @include(if: true) { id } ")
            ),
        ),
        (
            ErrorCode::DirectiveLimit,
            "that nobody knows",
            format!("query($n: Int {}) {{ viewer {{ id }} }}", fields(51, "@x ")),
        ),
        (
            ErrorCode::SelectionLimit,
            "in operations that are not asked for",
            format!(
                "query A {{ viewer {{ id }} }} query B {{ viewer {{ {}}} }} query C {{ viewer {{ {}}} }} fragment F on User {{ {}}}",
                fields(20, "...F "),
                fields(20, "...F "),
                fields(50, "id ")
            ),
        ),
        (
            ErrorCode::SelectionLimit,
            "in fragments that nobody spreads",
            format!(
                "{{ viewer {{ id }} }} fragment E on User {{ {}}} fragment F on User {{ {}}}",
                fields(45, "...F "),
                fields(45, "id ")
            ),
        ),
        (ErrorCode::TokenLimit, "strings", format!("{{ user(id: [{}]) {{ id }} }}", fields(1_000, "\"a\" "))),
        (
            ErrorCode::TokenLimit,
            "block strings",
            format!("{{ user(id: [{}]) {{ id }} }}", fields(1_000, "\"\"\"a\"\"\"")),
        ),
        (ErrorCode::TokenLimit, "without spaces", format!("{{ viewer {{ {}}} }}", fields(500, "...{id}"))),
        (ErrorCode::DocumentTooLarge, "a comment", format!("{{ viewer {{ id }} }} #{}", fields(15_000, "x"))),
        (ErrorCode::DocumentTooLarge, "commas", format!("{{ viewer {{ id }} }}{}", fields(15_000, ","))),
        (ErrorCode::DocumentTooLarge, "a string", format!("{{ user(id: \"{}\") {{ id }} }}", fields(15_000, "é"))),
        (
            ErrorCode::PageSizeLimit,
            "in a fragment, under another name",
            "{ ...F } fragment F on Query { few: videos(first: 51) { totalCount } }".to_owned(),
        ),
        (ErrorCode::PageSizeLimit, "a default", "query($n: Int = 51) { videos(first: $n) { totalCount } }".to_owned()),
        (
            ErrorCode::PageSizeLimit,
            "at the end of a connection",
            "{ user(id: 1) { videos(first: 1) { edges { node { comments(first: 51) { totalCount } } } } } }".to_owned(),
        ),
        (
            ErrorCode::CostLimit,
            "one page under several names",
            format!("{{ user(id: 1) {{ {}}} }}", numbered(8, |at| format!("a{at}: followers(first: 50) {{ ...F }} ")))
                + " fragment F on FollowerConnection { edges { node { followers(first: 50) { edges { cursor } } } } }",
        ),
    ]
}

/// The ways in which a document can be sent.
async fn sent_in_every_way(world: &World, document: &str) -> Vec<(&'static str, Answer)> {
    let hash: String = Sha256::digest(document.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let extension = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let url = |pairs: &[(&str, &str)]| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Request::get(format!("/graphql?{query}")).header("accept", "application/json").body(Body::empty()).unwrap()
    };
    let post = |body: Value| {
        let request = Request::post("/graphql").header("content-type", "application/json");
        request.body(Body::from(body.to_string())).unwrap()
    };
    let extensions = extension.to_string();
    vec![
        ("POST", world.send(post(json!({ "query": document }))).await),
        ("GET", world.send(url(&[("query", document)])).await),
        ("POST to be remembered", world.send(post(json!({ "query": document, "extensions": extension }))).await),
        ("GET to be remembered", world.send(url(&[("query", document), ("extensions", &extensions)])).await),
        ("POST by its hash", world.send(post(json!({ "extensions": extension }))).await),
        ("GET by its hash", world.send(url(&[("extensions", &extensions)])).await),
    ]
}

fn code(answer: &Answer) -> Option<String> {
    let answer = answer.json();
    assert!(answer.get("data").is_none(), "{answer}");
    answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn limits_of_documents_hold_in_every_disguise() {
    let world = anything().start().await;
    for (wanted, disguise, document) in disguises() {
        let found = refusal(&world, &json!({ "query": document })).await;
        assert_eq!(found, Some(wanted.name().into()), "{wanted:?} {disguise}: {document}");
    }
}

#[tokio::test]
async fn limits_of_documents_hold_however_a_document_is_sent() {
    let world = anything().start().await;
    for case in &CASES {
        let document = (case.document)((case.default)(&LimitSettings::default()) + 1);
        for (way, answer) in sent_in_every_way(&world, &document).await {
            let found = code(&answer);
            // What is too long is not even remembered.
            let is_unknown = case.code == ErrorCode::DocumentTooLarge && way.ends_with("hash");
            let wanted = if is_unknown { "PERSISTED_QUERY_NOT_FOUND" } else { case.code.name() };
            assert_eq!(found.as_deref(), Some(wanted), "{:?} by {way}", case.code);
        }
    }
}

#[tokio::test]
async fn what_is_not_for_clients_is_not_there_for_them() {
    let world = anything().start().await;
    for document in [
        "{ _service { sdl } }",
        "{ _entities(representations: []) { __typename } }",
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id } } }",
        "{ __type(name: \"User\") { name } viewer { ... @defer { id } } }",
        "{ videos { edges @stream(initialCount: 1) { cursor } } }",
        "subscription { viewer { id } }",
    ] {
        let found = refusal(&world, &json!({ "query": document })).await;
        assert_eq!(found, Some("GRAPHQL_VALIDATION_FAILED".into()), "{document}");
    }
    assert_eq!(world.calls.lock().unwrap().len(), 0, "no subgraph was asked");
}

#[tokio::test]
async fn several_operations_in_one_request_are_no_batch_in_any_form() {
    let world = anything().start().await;
    let one = json!({ "query": "{ viewer { id } }" });
    for batch in [json!([one]), json!([one, one]), json!([[one]])] {
        assert_eq!(refusal(&world, &batch).await, Some("INVALID_ARGUMENT".into()), "{batch}");
    }
    let both = json!({ "query": "query A { viewer { id } } query B { viewer { id } }" });
    assert_eq!(refusal(&world, &both).await, Some("GRAPHQL_VALIDATION_FAILED".into()));
    // The specification for files in GraphQL requests sends a batch as a part of a form.
    let form = multipart(&[("operations", b"[{\"query\":\"{ viewer { id } }\"}]"), ("map", b"{}")]);
    let request = Request::post("/graphql").header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(world.send(request.body(Body::from(form)).unwrap()).await.status.as_u16(), 415);
}

#[tokio::test]
async fn a_body_of_every_kind_is_read_up_to_its_limit_and_not_one_byte_more() {
    const LIMIT: usize = 1_000;
    let world = anything().settings(|settings| settings.limits.body_bytes = LIMIT).start().await;
    let form = |padding: usize| multipart(&[("username", b"ana"), ("password", &vec![b'p'; padding])]);
    let boundary = String::from_utf8(form(1)).unwrap();
    let boundary = boundary.lines().next().unwrap().trim_start_matches("--").to_owned();
    let overhead = form(0).len();
    let padded = |head: &str, tail: &str, length: usize| {
        format!("{head}{}{tail}", "p".repeat(length - head.len() - tail.len())).into_bytes()
    };
    for length in [LIMIT, LIMIT + 1] {
        for (content_type, body) in [
            ("application/json".to_owned(), padded("{\"username\":\"ana\",\"password\":\"", "\"}", length)),
            ("application/x-www-form-urlencoded".to_owned(), padded("username=ana&password=", "", length)),
            (format!("multipart/form-data; boundary={boundary}"), form(length - overhead)),
        ] {
            assert_eq!(body.len(), length);
            let request = Request::post("/user/login").header("content-type", &content_type).body(Body::from(body));
            let (status, code) = world.send(request.unwrap()).await.outcome();
            assert_eq!(status == 413, length > LIMIT, "{length} bytes of {content_type}: {status} {code}");
            assert_eq!(code == 10_007, length > LIMIT, "{length} bytes of {content_type}: {code}");
        }
    }
}

#[tokio::test]
async fn an_introspection_tells_each_thing_once_and_not_again_and_again() {
    let world = anything().start().await;
    let standard = include_str!("../engine/data/introspection.graphql");
    assert_eq!(refusal(&world, &json!({ "query": standard })).await, None);
    let inner = numbered(7, |at| format!("b{at}: fields {{ args {{ name }} type {{ name }} }} "));
    let outer = numbered(8, |at| format!("a{at}: fields {{ type {{ ofType {{ {inner} }} {inner} }} }} "));
    let settings = |settings: &mut RouterSettings| {
        settings.limits.aliases = 1_000;
        settings.limits.tokens = 10_000;
        settings.limits.selections = 10_000;
        settings.limits.deadline_s = Seconds(60);
    };
    let many = format!("{{ __schema {{ types {{ {outer} }} }} }}");
    let world = anything().settings(settings).start().await;
    assert_eq!(refusal(&world, &json!({ "query": many })).await, Some("COST_LIMIT_EXCEEDED".into()));
    // One that asks for all of it only with a variable is refused only then.
    let sometimes =
        format!("query($all: Boolean!) {{ __schema {{ types {{ name ... @include(if: $all) {{ {outer} }} }} }} }}");
    for (all, wanted) in [(false, None), (true, Some("COST_LIMIT_EXCEEDED".into()))] {
        let body = json!({ "query": sometimes, "variables": { "all": all } });
        assert_eq!(refusal(&world, &body).await, wanted);
    }
}
