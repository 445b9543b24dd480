//! What becomes of fetches is counted. Each test has a process of its own, so the counts are its own.

use reel_router::GraphqlRequest;
use reel_router::transport::TransportError;
use serde_json::json;

use crate::common::{context, graph};

/// The value of a series.
#[track_caller]
pub(crate) fn value(series: &str) -> f64 {
    let text = reel_telemetry::metrics_text();
    let line = text.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("{series}: {text}"));
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn every_way_in_which_a_fetch_can_end_is_counted_apart() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let ends: [(&str, Result<_, TransportError>); 9] = [
        ("ok", Ok(json!({ "data": { "books": [] } }))),
        ("errors", Ok(json!({ "data": null, "errors": [{ "message": "no" }] }))),
        ("timeout", Err(TransportError::Timeout)),
        ("busy", Err(TransportError::Busy)),
        ("unavailable", Err(TransportError::Unavailable("refused".into()))),
        ("breaker_open", Err(TransportError::LeftAlone)),
        ("tls", Err(TransportError::Tls("expired".into()))),
        ("bad_answer", Err(TransportError::BadAnswer("<html>".into()))),
        ("too_large", Err(TransportError::TooLarge { limit: 9 })),
    ];
    for (_, end) in &ends {
        let end = end.clone();
        let graph = graph().on("books", move |_, _| end.clone()).build();
        let query = GraphqlRequest { query: "{ books { id } }".into(), ..GraphqlRequest::default() };
        graph.engine.execute(query, context(None)).await;
    }
    for (outcome, _) in ends {
        let series = format!(r#"reelgraph_subgraph_fetches_total{{subgraph="books",outcome="{outcome}"}}"#);
        assert_eq!(value(&series), 1.0, "{outcome}");
    }
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_any_more_is_counted_as_cancelled() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let graph = graph().data("books", json!({ "books": [] })).build();
    let query = GraphqlRequest { query: "{ books { id } }".into(), ..GraphqlRequest::default() };
    let mut running = Box::pin(graph.engine.execute(query, context(None)));
    while graph.calls.lock().unwrap().is_empty() {
        assert!(futures::poll!(&mut running).is_pending());
        tokio::task::yield_now().await;
    }
    drop(running);
    assert_eq!(value(r#"reelgraph_subgraph_fetches_total{subgraph="books",outcome="cancelled"}"#), 1.0);
}
