//! What the kit promises of every subgraph, shown on a small schema.
#![expect(clippy::unwrap_used, reason = "what fails here must fail the test at once")]

use std::time::{Duration, Instant};

use async_graphql::{Context, EmptySubscription, Object, Schema, SimpleObject, Variables};
use reel_auth::Viewer;
use reel_error::{ClientError, Error, ErrorCode};
use reel_id::{SessionId, UserId};
use reel_subgraph::{
    Call, CallDocument, GraphqlResult as _, PageInfo, Subgraph, UserError, access, payload, signed_in,
};

struct Query;

#[Object]
impl Query {
    /// Who is calling.
    #[graphql(directive = reel_subgraph::authenticated::apply())]
    async fn caller(&self, context: &Context<'_>) -> Option<async_graphql::Result<String>> {
        Some(signed_in(access::viewer(context)).map(|viewer| viewer.user_id.to_string()).graphql())
    }

    /// A failure of ours.
    async fn broken(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err::<i32, _>(Error::internal(anyhow::anyhow!("password of the database"))).graphql())
    }

    /// A page.
    async fn page(&self) -> Option<PageInfo> {
        None
    }
}

struct Mutation;

/// What renaming answers.
#[derive(SimpleObject)]
struct RenamePayload {
    /// The new name.
    name: Option<String>,
    /// What can be corrected.
    user_errors: Vec<UserError>,
}

#[Object]
impl Mutation {
    /// Renames something.
    async fn rename(&self, forbidden: bool) -> Option<async_graphql::Result<RenamePayload>> {
        let outcome: Result<String, Error> = Err(if forbidden {
            ErrorCode::Forbidden.into()
        } else {
            ClientError::new(ErrorCode::BlankTitle).field("title").into()
        });
        Some(payload(outcome).map(|(name, user_errors)| RenamePayload { name, user_errors }))
    }
}

fn subgraph() -> Subgraph {
    Subgraph::new("demo", Schema::new(Query, Mutation, EmptySubscription))
}

async fn run(document: &str, viewer: Option<Viewer>) -> serde_json::Value {
    let call = Call {
        document: CallDocument::Text(document.to_owned()),
        operation_name: None,
        variables: Variables::default(),
        viewer,
        request_id: "test".into(),
        deadline: Instant::now() + Duration::from_secs(5),
    };
    serde_json::to_value(subgraph().execute(call).await).unwrap()
}

#[test]
fn the_exported_schema_imports_every_directive_that_it_uses() {
    insta::assert_snapshot!(subgraph().sdl());
}

#[tokio::test]
async fn a_resolver_knows_the_signed_viewer_and_nobody_else() {
    let viewer = Viewer { user_id: UserId::from(7), session_id: SessionId::from(8) };
    assert_eq!(run("{ caller }", Some(viewer)).await["data"]["caller"], "7");
    let refused = run("{ caller page { hasNextPage } }", None).await;
    assert_eq!(refused["data"], serde_json::json!({"caller": null, "page": null}));
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_failure_of_ours_is_masked_and_leaves_its_siblings() {
    let answer = run("{ broken page { hasNextPage } }", None).await;
    assert_eq!(answer["data"], serde_json::json!({"broken": null, "page": null}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(!answer.to_string().contains("password"));
}

#[tokio::test]
async fn what_a_person_can_correct_is_in_the_payload_and_the_rest_is_a_top_level_error() {
    let document =
        |forbidden| format!("mutation {{ rename(forbidden: {forbidden}) {{ name userErrors {{ code field }} }} }}");
    let correctable = run(&document(false), None).await;
    let expected =
        serde_json::json!({"name": null, "userErrors": [{"code": "BLANK_TITLE", "field": ["input", "title"]}]});
    assert_eq!(correctable["data"]["rename"], expected);
    let refused = run(&document(true), None).await;
    assert_eq!(refused["data"]["rename"], serde_json::Value::Null);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_document_that_expands_without_bound_is_refused_at_once() {
    let mut bomb = String::from("{ ...F0 }");
    for level in 0..24 {
        let next = level + 1;
        bomb.push_str(&format!(" fragment F{level} on Query {{ ...F{next} ...F{next} }}"));
    }
    bomb.push_str(" fragment F24 on Query { broken }");
    let mut fastest = Duration::MAX;
    // The best of several is what it costs; the others also paid for whatever else the machine was doing.
    for _ in 0..5 {
        let started = Instant::now();
        let answer = run(&bomb, None).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "SELECTION_LIMIT_EXCEEDED");
        fastest = fastest.min(started.elapsed());
    }
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

#[tokio::test]
async fn a_parsed_document_runs_without_its_text() {
    let document = async_graphql::parser::parse_query("{ caller }").unwrap();
    let viewer = Viewer { user_id: UserId::from(7), session_id: SessionId::from(8) };
    let call = Call {
        document: CallDocument::Parsed(Box::new(document)),
        operation_name: None,
        variables: Variables::default(),
        viewer: Some(viewer),
        request_id: String::new(),
        deadline: Instant::now() + Duration::from_secs(5),
    };
    assert_eq!(subgraph().execute(call).await.data.into_json().unwrap()["caller"], "7");
}
