//! What stands between the executor and a subgraph: deduplication, retries, the circuit breaker, bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql_value::ConstValue;
use async_trait::async_trait;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use reel_auth::Viewer;
use reel_config::Millis;
use reel_router::config::{CallOverrides, CallSettings, SubgraphCallSettings};
use reel_router::transport::{
    Deduplicated, Fetch, Fetched, Resilient, SubgraphDocument, SubgraphResponse, SubgraphTransport, TransportError,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::common::{Ask as _, context, variables, viewer};
use crate::metrics::value;

type Answer = Result<SubgraphResponse, TransportError>;

/// A subgraph that counts its calls and answers queries when its gate is open.
struct Subgraph {
    calls: AtomicUsize,
    given_up: AtomicUsize,
    gate: watch::Sender<bool>,
    answer: Mutex<Box<dyn FnMut(usize) -> Answer + Send>>,
}

fn subgraph(answer: impl FnMut(usize) -> Answer + Send + 'static) -> Arc<Subgraph> {
    let (calls, given_up) = Default::default();
    Arc::new(Subgraph { calls, given_up, gate: watch::Sender::new(true), answer: Mutex::new(Box::new(answer)) })
}

fn numbered(call: usize) -> Answer {
    Ok(SubgraphResponse {
        data: ConstValue::from_json(json!({ "call": call })).unwrap(),
        ..SubgraphResponse::default()
    })
}

fn unavailable(_: usize) -> Answer {
    Err(TransportError::Unavailable("refused".into()))
}

/// Counts a call that was dropped before its end.
struct Unfinished<'a>(&'a Subgraph, bool);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.given_up.fetch_add(usize::from(!self.1), Ordering::SeqCst);
    }
}

#[async_trait]
impl SubgraphTransport for Subgraph {
    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, TransportError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let mut unfinished = Unfinished(self, false);
        if fetch.document.is_query() {
            self.gate.subscribe().wait_for(|open| *open).await.unwrap();
        }
        unfinished.1 = true;
        (self.answer.lock().unwrap())(call).map(Fetched::from)
    }
}

impl Subgraph {
    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn close(&self) {
        self.gate.send_replace(false);
    }

    fn open(&self) {
        self.gate.send_replace(true);
    }
}

fn request_of(text: &str, given: Value, viewer: Option<Viewer>) -> Fetch {
    let document = Arc::new(SubgraphDocument::new(text.to_owned()).unwrap());
    Fetch { variables: variables(given), ..Fetch::new(document, context(viewer)) }
}

fn query() -> Fetch {
    request_of("query($n: Int) { books(first: $n) { id } }", json!({ "n": 3 }), Some(viewer()))
}

fn mutation() -> Fetch {
    request_of("mutation { openBook { id } }", json!({}), Some(viewer()))
}

/// The calls that two requests cause which are under way at the same time.
async fn calls_of_two(first: Fetch, second: Fetch) -> (usize, Answer, Answer) {
    let subgraph = subgraph(numbered);
    subgraph.close();
    let deduplicated = Deduplicated::new("books", subgraph.clone());
    let (first, second, ()) =
        tokio::join!(deduplicated.ask(first), deduplicated.ask(second), async { subgraph.open() });
    (subgraph.calls(), first, second)
}

#[tokio::test]
async fn equal_queries_that_are_under_way_are_sent_once_and_both_are_answered() {
    let (calls, first, second) = calls_of_two(query(), query()).await;
    assert_eq!(calls, 1);
    assert_eq!(first.unwrap().data, second.unwrap().data);
}

#[tokio::test]
async fn queries_of_other_viewers_or_about_something_else_are_sent_apart() {
    let text = "query($n: Int) { books(first: $n) { id } }";
    let other = Viewer { user_id: "8".parse().unwrap(), ..viewer() };
    let session = Viewer { session_id: "9".parse().unwrap(), ..viewer() };
    for different in [
        request_of(text, json!({ "n": 3 }), None),
        request_of(text, json!({ "n": 3 }), Some(other)),
        request_of(text, json!({ "n": 3 }), Some(session)),
        request_of(text, json!({ "n": 4 }), Some(viewer())),
        request_of("{ books { id } }", json!({ "n": 3 }), Some(viewer())),
    ] {
        assert_eq!(calls_of_two(query(), different).await.0, 2);
    }
    assert_eq!(calls_of_two(mutation(), mutation()).await.0, 2, "each mutation happens");
}

fn with_header(name: &'static str, value: &'static str) -> Fetch {
    let header = (HeaderName::from_static(name), HeaderValue::from_static(value));
    Fetch { headers: Some(Arc::from([header])), ..query() }
}

#[tokio::test]
async fn queries_that_carry_other_headers_are_sent_apart_and_those_that_carry_the_same_once() {
    let ana = || with_header("authorization", "ana");
    assert_eq!(calls_of_two(ana(), ana()).await.0, 1);
    for different in [with_header("authorization", "ben"), with_header("cookie", "ana"), query()] {
        let (calls, first, second) = calls_of_two(ana(), different).await;
        assert_eq!(calls, 2);
        assert_ne!(first.unwrap().data, second.unwrap().data);
    }
}

#[tokio::test]
async fn an_answer_that_sets_a_cookie_is_for_the_one_who_asked() {
    let subgraph = subgraph(|call| Ok(SubgraphResponse { sets_cookie: true, ..numbered(call)? }));
    subgraph.close();
    let deduplicated = Deduplicated::new("books", subgraph.clone());
    let three = futures::future::join_all((0..3).map(|_| deduplicated.ask(query())));
    let (answers, ()) = tokio::join!(three, async { subgraph.open() });
    let answers: BTreeSet<String> = answers.into_iter().map(|answer| answer.unwrap().data.to_string()).collect();
    assert_eq!((answers.len(), subgraph.calls()), (3, 3), "each has an answer of their own");
}

#[tokio::test]
async fn a_query_from_after_a_mutation_does_not_join_one_from_before_it() {
    let subgraph = subgraph(numbered);
    subgraph.close();
    let deduplicated = Deduplicated::new("books", subgraph.clone());
    let after = async {
        deduplicated.ask(mutation()).await.unwrap();
        let query = deduplicated.ask(query());
        let (answer, ()) = tokio::join!(query, async { subgraph.open() });
        answer
    };
    let (before, after) = tokio::join!(deduplicated.ask(query()), after);
    assert_ne!(before.unwrap().data, after.unwrap().data);
    assert_eq!(subgraph.calls(), 3);
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_any_more_is_given_up() {
    let subgraph = subgraph(numbered);
    subgraph.close();
    let deduplicated = Deduplicated::new("books", subgraph.clone());
    let mut first = deduplicated.ask(query());
    let mut second = deduplicated.ask(query());
    assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(subgraph.given_up.load(Ordering::SeqCst), 0, "one is still waiting");
    drop(second);
    assert_eq!(subgraph.given_up.load(Ordering::SeqCst), 1);
    subgraph.open();
    deduplicated.ask(query()).await.unwrap();
    assert_eq!((subgraph.calls(), format!("{deduplicated:?}").as_str()), (2, "Deduplicated(0 under way)"));
}

#[tokio::test]
async fn the_one_who_began_may_leave_while_others_wait() {
    let subgraph = subgraph(numbered);
    subgraph.close();
    let deduplicated = Deduplicated::new("books", subgraph.clone());
    let mut first = deduplicated.ask(query());
    let mut second = deduplicated.ask(query());
    assert!(futures::poll!(&mut first).is_pending() && futures::poll!(&mut second).is_pending());
    drop(first);
    subgraph.open();
    second.await.unwrap();
    assert_eq!(subgraph.calls(), 1);
}

fn resilient(subgraph: &Arc<Subgraph>, change: impl FnOnce(&mut CallSettings)) -> Resilient {
    let mut settings = CallSettings { breaker_failures: 0, ..CallSettings::default() };
    change(&mut settings);
    Resilient::new("books", subgraph.clone(), &settings)
}

#[tokio::test(start_paused = true)]
async fn a_query_without_an_answer_is_sent_again_and_a_mutation_never() {
    let third = || subgraph(|call| if call < 3 { unavailable(call) } else { numbered(call) });
    for (retries, calls, answered) in [(0, 1, false), (1, 2, false), (2, 3, true), (5, 3, true)] {
        let subgraph = third();
        let answer = resilient(&subgraph, |settings| settings.retries = retries).ask(query()).await;
        assert_eq!((subgraph.calls(), answer.is_ok()), (calls, answered), "{retries} retries");
    }
    let subgraph = third();
    assert!(resilient(&subgraph, |settings| settings.retries = 5).ask(mutation()).await.is_err());
    assert_eq!(subgraph.calls(), 1);
}

#[tokio::test]
async fn a_call_ends_at_its_timeout_though_the_request_has_more_time() {
    let subgraph = subgraph(numbered);
    subgraph.close();
    let resilient = resilient(&subgraph, |settings| settings.timeout_ms = Millis(20));
    assert!(matches!(resilient.ask(query()).await, Err(TransportError::Timeout)));
    assert_eq!((subgraph.calls(), subgraph.given_up.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn only_what_may_not_have_arrived_is_sent_again() {
    for error in [TransportError::Timeout, TransportError::Busy, TransportError::BadAnswer("<html>".into())] {
        let subgraph = subgraph(move |_| Err(error.clone()));
        assert!(resilient(&subgraph, |_| {}).ask(query()).await.is_err());
        assert_eq!(subgraph.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn retries_add_no_more_than_their_share_to_the_load() {
    for (percent, retried) in [(0, 10), (20, 29), (100, 100)] {
        let subgraph = subgraph(unavailable);
        let resilient = resilient(&subgraph, |settings| settings.retry_percent = percent);
        for _ in 0..100 {
            assert!(resilient.ask(query()).await.is_err());
        }
        let found = subgraph.calls() - 100;
        assert!(found <= retried && found + 1 >= retried, "{percent} %: {found} retries, not {retried}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_subgraph_that_never_answers_is_left_alone_until_one_call_gets_through() {
    let (up, is_up) = watch::channel(false);
    let subgraph = subgraph(move |call| if *is_up.borrow() { numbered(call) } else { unavailable(call) });
    let resilient = resilient(&subgraph, |settings| {
        settings.retries = 0;
        settings.breaker_failures = 3;
    });
    for _ in 0..10 {
        assert!(resilient.ask(query()).await.is_err());
    }
    assert_eq!(subgraph.calls(), 3, "the other seven were not sent");
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert!(resilient.ask(query()).await.is_err());
    assert!(resilient.ask(query()).await.is_err());
    assert_eq!(subgraph.calls(), 4, "one was let through and found nobody");
    up.send_replace(true);
    tokio::time::advance(Duration::from_millis(1_000)).await;
    for _ in 0..5 {
        assert!(resilient.ask(query()).await.is_ok());
    }
    assert_eq!(subgraph.calls(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_is_given_up_leaves_the_next_one_free() {
    let subgraph = subgraph(unavailable);
    let resilient = resilient(&subgraph, |settings| {
        settings.retries = 0;
        settings.breaker_failures = 1;
    });
    assert!(resilient.ask(query()).await.is_err());
    tokio::time::advance(Duration::from_millis(1_000)).await;
    subgraph.close();
    let mut trial = resilient.ask(query());
    assert!(futures::poll!(&mut trial).is_pending());
    assert!(resilient.ask(query()).await.is_err(), "only one tries at a time");
    assert_eq!(subgraph.calls(), 2);
    drop(trial);
    subgraph.open();
    assert!(resilient.ask(query()).await.is_err());
    assert_eq!(subgraph.calls(), 3);
}

#[test]
fn settings_of_one_subgraph_go_before_those_of_all() {
    let overrides = CallOverrides { retries: Some(7), ..CallOverrides::default() };
    let all = CallSettings { retries: 2, queue: 5, ..CallSettings::default() };
    let settings = SubgraphCallSettings { all: all.clone(), by_name: BTreeMap::from([("books".into(), overrides)]) };
    assert_eq!(settings.of("people"), all);
    assert_eq!(settings.of("books"), CallSettings { retries: 7, ..all });
}

#[tokio::test]
async fn calls_beyond_the_queue_fail_at_once() {
    let (reached, mut calls) = tokio::sync::mpsc::channel(8);
    let silent = axum::Router::new().route(
        "/graphql",
        axum::routing::post(move || async move {
            reached.send(()).await.unwrap();
            std::future::pending::<()>().await;
        }),
    );
    let url = crate::http_transport::serve(silent).await;
    let transport = crate::http_transport::transport(&url, |settings| {
        settings.connections = 1;
        settings.queue = 1;
    });
    let mut first = transport.ask(query());
    tokio::select! {
        answer = &mut first => panic!("{answer:?}"),
        _ = calls.recv() => {}
    }
    let mut second = transport.ask(query());
    assert!(futures::poll!(&mut second).is_pending());
    assert!(matches!(transport.ask(query()).await, Err(TransportError::Busy)));
    drop(first);
    tokio::select! {
        answer = &mut second => panic!("{answer:?}"),
        reached = calls.recv() => assert!(reached.is_some(), "the one that waited has its turn"),
    }
}

#[tokio::test]
async fn a_proxy_that_finds_nobody_is_as_good_as_nobody() {
    for status in [502, 503, 504] {
        let status = StatusCode::from_u16(status).unwrap();
        let proxy =
            axum::Router::new().route("/graphql", axum::routing::post(move || async move { (status, "<html>") }));
        let url = crate::http_transport::serve(proxy).await;
        let error = crate::http_transport::transport(&url, |_| {}).ask(query()).await.unwrap_err();
        assert!(matches!(error, TransportError::Unavailable(_)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_spared_sent_again_and_left_alone_is_counted() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let series = |name: &str| value(&format!(r#"reelgraph_subgraph_{name}{{subgraph="books"}}"#));
    assert_eq!(calls_of_two(query(), query()).await.0, 1);
    assert_eq!(series("deduplicated_total"), 1.0);
    let (up, is_up) = watch::channel(false);
    let subgraph = subgraph(move |call| if *is_up.borrow() { numbered(call) } else { unavailable(call) });
    let resilient = resilient(&subgraph, |settings| {
        settings.retries = 1;
        settings.breaker_failures = 3;
    });
    assert_eq!(series("breaker_open"), 0.0);
    for _ in 0..2 {
        assert!(resilient.ask(query()).await.is_err());
    }
    assert_eq!((series("retries_total"), series("breaker_open")), (1.0, 1.0), "the third call opened it");
    assert!(matches!(resilient.ask(query()).await, Err(TransportError::LeftAlone)));
    up.send_replace(true);
    tokio::time::advance(Duration::from_millis(1_000)).await;
    assert!(resilient.ask(query()).await.is_ok());
    assert_eq!(series("breaker_open"), 0.0);
}
