//! What the collector sees of a request to the product, in both of its forms.

use reel_e2e::{Form, Stage};
use reel_testkit::{TestCollector, TestSpan};
use serde_json::json;

use crate::PROGRAM;

async fn traced(form: Form, collector: &TestCollector) -> Stage {
    let endpoint = collector.endpoint().to_owned();
    let settings = [
        ("telemetry.traces.endpoint", endpoint.as_str()),
        ("telemetry.traces.sample_ratio", "1"),
        ("telemetry.traces.delay_ms", "20"),
    ];
    Stage::set(PROGRAM, form, &settings).await
}

/// The trace of the first GraphQL request whose operation is called so.
async fn trace_of(collector: &TestCollector, operation: &str, served: impl Fn(&TestSpan) -> bool) -> Vec<TestSpan> {
    let first = |span: &TestSpan| span.attributes.get("graphql.operation.name").is_some_and(|name| name == operation);
    collector.trace_of(operation, first, |spans| spans.iter().any(&served) && spans.iter().any(first)).await
}

fn parent<'a>(spans: &'a [TestSpan], of: &TestSpan) -> &'a TestSpan {
    spans.iter().find(|span| span.id == of.parent).unwrap_or_else(|| panic!("{of:?} is below nothing: {spans:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_through_all_processes() {
    let collector = TestCollector::start().await;
    let stage = traced(Form::SeparateProcesses, &collector).await;
    let query =
        json!({ "query": "query Mine { userByUsername(username: \"nobody\") { id } }", "operationName": "Mine" });
    let answer = stage.anybody().request(reqwest::Method::POST, "/graphql").json(&query).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let spans = trace_of(&collector, "Mine", |span| span.service == "reelgraph-user").await;
    let served = spans.iter().find(|span| span.service == "reelgraph-user").unwrap();
    let call = parent(&spans, served);
    let fetch = parent(&spans, call);
    let request = parent(&spans, fetch);
    let steps = [served, call, fetch, request].map(|span| (span.service.as_str(), span.name.as_str(), span.kind));
    assert_eq!(
        steps,
        [
            ("reelgraph-user", "POST /graphql", "server"),
            ("reelgraph-router", "POST", "client"),
            ("reelgraph-router", "fetch user", "internal"),
            ("reelgraph-router", "POST /graphql", "server"),
        ]
    );
    assert!(!collector.has_seen("nobody"));
    stage.product.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_process_the_subgraph_is_a_step_of_its_own() {
    let collector = TestCollector::start().await;
    let stage = traced(Form::OneProcess, &collector).await;
    stage.person("ana").await;
    let spans = trace_of(&collector, "LogIn", |span| span.name == "subgraph user").await;
    let served = spans.iter().find(|span| span.name == "subgraph user").unwrap();
    let fetch = parent(&spans, served);
    let request = parent(&spans, fetch);
    assert_eq!((fetch.name.as_str(), request.name.as_str()), ("fetch user", "POST /user/login"));
    assert!(spans.iter().all(|span| span.service == "reelgraph"));
    stage.product.stop().await;
}
