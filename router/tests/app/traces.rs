//! What is recorded of requests, and what arrives of it at the collector.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::Request;
use reel_config::{Millis, Secret};
use reel_telemetry::{TRACEPARENT, Traces, TracesSettings};
use reel_testkit::{TestCollector, TestSpan, eventually};
use serde_json::json;
use tokio::net::TcpListener;

use crate::shop::{PRODUCTS, STARS, Shop, shop};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

fn settings(endpoint: &str) -> TracesSettings {
    TracesSettings {
        endpoint: Some(endpoint.to_owned()),
        sample_ratio: 1.0,
        delay_ms: Millis(10),
        ..TracesSettings::default()
    }
}

fn traces(settings: &TracesSettings, service: &str) -> Traces {
    Traces::start(settings, service).unwrap().unwrap()
}

/// A router in front of subgraphs in servers of their own, and both send what they record to the collector.
async fn traced(collector: &TestCollector, change: impl FnOnce(&mut TracesSettings)) -> Shop {
    let mut settings = settings(collector.endpoint());
    let subgraphs = traces(&settings, "subgraphs");
    change(&mut settings);
    let shop = shop().subgraphs_traced(subgraphs).start().await;
    shop.observed(Some(traces(&settings, "router")))
}

/// The only span with this name.
#[track_caller]
fn named<'a>(spans: &'a [TestSpan], name: &str) -> &'a TestSpan {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    let [span] = found[..] else { panic!("{} spans are called {name}: {spans:#?}", found.len()) };
    span
}

/// The only span with this name below that one.
#[track_caller]
fn below<'a>(spans: &'a [TestSpan], parent: &TestSpan, name: &str) -> &'a TestSpan {
    let found: Vec<_> = spans.iter().filter(|span| span.parent == parent.id && span.name == name).collect();
    let [span] = found[..] else { panic!("{} spans below {} are called {name}: {spans:#?}", found.len(), parent.name) };
    span
}

fn is_request(span: &TestSpan) -> bool {
    span.service == "router" && span.kind == "server"
}

#[tokio::test]
async fn a_request_its_plan_its_fetches_and_the_subgraphs_are_one_trace() {
    let collector = TestCollector::start().await;
    let shop = traced(&collector, |_| {}).await;
    assert_eq!(shop.query(STARS, &[]).await.status, 200);
    let spans = collector.trace_of("all spans", is_request, |spans| spans.len() == 10).await;
    let first: Vec<_> = spans.iter().filter(|span| is_request(span)).collect();
    let [request] = first[..] else { panic!("one request: {spans:#?}") };
    assert_eq!((request.name.as_str(), request.parent.as_str()), ("POST /graphql", ""));
    assert_eq!(request.attributes["http.route"], "/graphql");
    assert_eq!(request.attributes["http.response.status_code"], "200");
    assert_eq!(request.attributes["graphql.operation.type"], "query");

    let plan = below(&spans, request, "graphql.plan");
    assert_eq!(plan.attributes["graphql.plan.cache_hit"], "false");
    below(&spans, plan, "graphql.normalize");
    below(&spans, plan, "graphql.plan.compute");
    for (name, kind) in [("shop", "root"), ("reviews", "entities")] {
        let fetch = below(&spans, request, &format!("fetch {name}"));
        assert_eq!(fetch.attributes["subgraph.name"], name);
        assert_eq!(fetch.attributes["subgraph.fetch.kind"], kind);
        let call = below(&spans, fetch, "POST");
        assert_eq!((call.kind, call.attributes["http.response.status_code"].as_str()), ("client", "200"));
        let served = below(&spans, call, "POST /graphql");
        assert_eq!((served.kind, served.service.as_str()), ("server", "subgraphs"));
        let told = shop.sent_to(name)[TRACEPARENT].to_str().unwrap().to_owned();
        assert_eq!(told, format!("00-{}-{}-01", request.trace, call.id));
    }
    let entities = named(&spans, "fetch reviews");
    assert_eq!(entities.attributes["subgraph.fetch.path"], "products");
    assert_eq!(entities.attributes["subgraph.fetch.entities"], "1");
}

#[tokio::test]
async fn a_plan_that_is_found_says_so_and_takes_no_further_steps() {
    let collector = TestCollector::start().await;
    let shop = traced(&collector, |_| {}).await;
    shop.query(PRODUCTS, &[]).await;
    let parent = format!("00-{TRACE}-{SPAN}-00");
    shop.query(PRODUCTS, &[(TRACEPARENT, &parent)]).await;
    let second = |span: &TestSpan| span.trace == TRACE;
    let spans = collector.trace_of("the second request", second, |spans| spans.len() == 5).await;
    assert_eq!(named(&spans, "graphql.plan").attributes["graphql.plan.cache_hit"], "true");
}

#[tokio::test]
async fn nothing_that_a_client_says_is_recorded_but_the_name_of_its_operation() {
    let collector = TestCollector::start().await;
    let shop = traced(&collector, |_| {}).await;
    let secrets = ["hunter2-variable", "hunter2-literal", "hunter2-token", "hunter2-cookie", "hunter2-path"];
    let query =
        "query Mine($a: Boolean = true) { products { id } ... @include(if: $a) { __typename } } # hunter2-literal";
    let body = json!({ "query": query, "operationName": "Mine", "variables": { "a": true, "b": "hunter2-variable" } });
    let request = Request::post("/graphql?x=hunter2-path")
        .header("content-type", "application/json")
        .header("authorization", "Bearer hunter2-token")
        .header("cookie", "a=hunter2-cookie")
        .header("user-agent", "hunter2-path");
    shop.send(request.body(Body::from(body.to_string())).unwrap()).await;
    let request = Request::get("/hunter2-path").body(Body::empty()).unwrap();
    shop.send(request).await;
    let long = "L".repeat(65);
    let body = json!({ "query": format!("query {long} {{ products {{ id }} }}"), "operationName": long });
    let request = Request::post("/graphql").header("content-type", "application/json");
    shop.send(request.body(Body::from(body.to_string())).unwrap()).await;
    let requests = || collector.spans().into_iter().filter(is_request).count();
    eventually("three requests", async || requests() == 3).await;
    for secret in secrets {
        assert!(!collector.has_seen(secret), "{secret} in {:#?}", collector.spans());
    }
    assert!(collector.has_seen("Mine") && !collector.has_seen(&long));
}

#[tokio::test]
async fn what_fails_is_marked_and_says_how() {
    let collector = TestCollector::start().await;
    let down = shop().settings(|settings| {
        settings.subgraph_urls.insert("shop".to_owned(), "http://127.0.0.1:1/graphql".to_owned());
        settings.subgraph_calls.all.retries = 1;
    });
    let shop = down.start().await;
    let shop = shop.observed(Some(traces(&settings(collector.endpoint()), "router")));
    shop.query(PRODUCTS, &[]).await;
    let spans = collector.trace_of("two calls", is_request, |spans| spans.len() == 7).await;
    let fetch = named(&spans, "fetch shop");
    assert!(fetch.failed);
    assert_eq!(fetch.attributes["error.type"], "unavailable");
    assert_eq!(fetch.events, ["sent again"]);
    let calls: Vec<_> = spans.iter().filter(|span| span.parent == fetch.id).collect();
    assert!(calls.len() == 2 && calls.iter().all(|call| call.failed), "{calls:#?}");
}

#[tokio::test]
async fn a_client_can_neither_force_nor_prevent_that_its_request_is_traced() {
    let collector = TestCollector::start().await;
    let never = traced(&collector, |settings| settings.sample_ratio = 0.0).await;
    let (sampled, unsampled) = (format!("00-{TRACE}-{SPAN}-01"), format!("00-{TRACE}-{SPAN}-00"));
    for number in 0..50 {
        // Neither by the flag nor by an id that a lot by ids would draw.
        let low = format!("00-0000000000000000000000000000{number:04x}-{SPAN}-01");
        never.query(PRODUCTS, &[(TRACEPARENT, if number == 0 { &sampled } else { &low })]).await;
        assert!(never.sent_to("shop")[TRACEPARENT].to_str().unwrap().ends_with("-00"), "subgraphs learn the decision");
    }
    let always = traced(&collector, |_| {}).await;
    always.query(PRODUCTS, &[(TRACEPARENT, &unsampled)]).await;
    let spans = collector.trace_of("the traced one", is_request, |spans| spans.len() >= 5).await;
    let request = spans.iter().find(|span| is_request(span)).unwrap();
    assert_eq!((request.trace.as_str(), request.parent.as_str()), (TRACE, SPAN), "the client's trace goes on");
    assert_eq!(collector.spans().iter().filter(|span| is_request(span)).count(), 1);
}

#[tokio::test]
async fn a_client_that_is_trusted_decides() {
    let collector = TestCollector::start().await;
    let trusting = traced(&collector, |settings| {
        settings.trust_clients = true;
        settings.sample_ratio = 0.0;
    });
    let trusting = trusting.await;
    for flags in ["00", "01"] {
        trusting.query(PRODUCTS, &[(TRACEPARENT, &format!("00-{TRACE}-{SPAN}-{flags}"))]).await;
        assert!(trusting.sent_to("shop")[TRACEPARENT].to_str().unwrap().ends_with(flags));
    }
    trusting.query(PRODUCTS, &[]).await;
    let spans = collector.trace_of("the sampled one", is_request, |spans| spans.len() >= 5).await;
    assert_eq!(spans.iter().filter(|span| is_request(span)).count(), 1);
    assert_eq!(spans[0].trace, TRACE);
}

#[tokio::test]
async fn probes_are_not_traced_and_the_headers_of_the_settings_reach_the_collector() {
    let collector = TestCollector::start().await;
    let shop = traced(&collector, |settings| {
        settings.headers.insert("x-api-key".to_owned(), Secret::new("for the collector"));
    });
    let shop = shop.await;
    for path in ["/livez", "/readyz"] {
        shop.send(Request::get(path).body(Body::empty()).unwrap()).await;
    }
    shop.query(PRODUCTS, &[]).await;
    collector.trace_of("the request", is_request, |spans| spans.iter().any(is_request)).await;
    assert_eq!(collector.spans().iter().filter(|span| is_request(span)).count(), 1);
    let headers = collector.headers();
    assert!(headers.iter().any(|headers| headers.get("x-api-key").is_some_and(|key| key == "for the collector")));
}

#[tokio::test]
async fn without_a_collector_nothing_is_recorded_and_traces_are_passed_on_as_they_came() {
    let traces = Traces::start(&TracesSettings::default(), "router").unwrap();
    assert!(traces.is_none());
    let shop = shop().start().await;
    let shop = shop.observed(traces);
    for flags in ["00", "01"] {
        shop.query(PRODUCTS, &[(TRACEPARENT, &format!("00-{TRACE}-{SPAN}-{flags}"))]).await;
        let told = shop.sent_to("shop")[TRACEPARENT].to_str().unwrap().to_owned();
        assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with(flags) && !told.contains(SPAN), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_hangs_or_is_not_there_holds_up_neither_answers_nor_the_end() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging = format!("http://{}", silent.local_addr().unwrap());
    for (endpoint, flush_ms) in [(hanging.as_str(), 200), ("http://127.0.0.1:1", 200)] {
        let settings = TracesSettings {
            queue: 16,
            batch: 4,
            timeout_ms: Millis(60_000),
            flush_ms: Millis(flush_ms),
            ..settings(endpoint)
        };
        let traces = traces(&settings, "router");
        let shop = shop().start().await;
        let shop = shop.observed(Some(traces.clone()));
        for _ in 0..20 {
            assert_eq!(shop.query(PRODUCTS, &[]).await.status, 200);
        }
        let begun = Instant::now();
        traces.stop().await;
        assert!(begun.elapsed() < Duration::from_secs(10), "{endpoint}: {:?}", begun.elapsed());
    }
    let text = reel_telemetry::metrics_text();
    let dropped = text.lines().find_map(|line| line.strip_prefix("reelgraph_spans_total{outcome=\"dropped\"} "));
    let dropped: u64 = dropped.unwrap().parse().unwrap();
    assert!(dropped >= 60, "of 80 spans at least, 16 can wait and 4 be on their way: {dropped}");
}

#[tokio::test]
async fn what_is_left_is_sent_at_the_end() {
    let collector = TestCollector::start().await;
    let traces = traces(&TracesSettings { delay_ms: Millis(600_000), ..settings(collector.endpoint()) }, "router");
    let shop = shop().start().await;
    let shop = shop.observed(Some(traces.clone()));
    shop.send(Request::get("/graphql").body(Body::empty()).unwrap()).await;
    assert_eq!(collector.spans(), []);
    traces.stop().await;
    assert_eq!(collector.spans().len(), 1);
}

#[tokio::test]
async fn a_fetch_that_another_one_answers_says_so() {
    let collector = TestCollector::start().await;
    let (go, gate) = tokio::sync::watch::channel(false);
    let waiting = Arc::new(Mutex::new(0));
    let builder = shop().answering({
        let waiting = Arc::clone(&waiting);
        move |_, _| {
            let (mut gate, waiting) = (gate.clone(), Arc::clone(&waiting));
            async move {
                *waiting.lock().unwrap() += 1;
                gate.wait_for(|open| *open).await.unwrap();
                ().into_response()
            }
        }
    });
    let shop = builder.start().await;
    let shop = shop.observed(Some(traces(&settings(collector.endpoint()), "router")));
    let both = async { tokio::join!(shop.query(PRODUCTS, &[]), shop.query(PRODUCTS, &[])) };
    let open = async {
        eventually("the one call", async || *waiting.lock().unwrap() == 1).await;
        // Who has a plan goes on to its fetch without waiting for anything.
        let planned = || collector.spans().iter().filter(|span| span.name == "graphql.plan").count();
        eventually("both have a plan", async || planned() == 2).await;
        go.send_replace(true);
    };
    tokio::join!(both, open);
    assert_eq!(shop.calls(), 1);
    let fetches = || collector.spans().into_iter().filter(|span| span.name == "fetch shop").collect::<Vec<_>>();
    eventually("two fetches", async || fetches().len() == 2).await;
    let deduplicated =
        fetches().iter().filter(|span| span.attributes.contains_key("subgraph.fetch.deduplicated")).count();
    assert_eq!(deduplicated, 1);
}
