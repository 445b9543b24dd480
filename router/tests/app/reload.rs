//! The graph is replaced while it is served.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_graphql_value::ConstValue;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use reel_id::SystemClock;
use reel_router::Engine;
use reel_router::config::RouterSettings;
use reel_router::graph::{GraphState, LiveGraph};
use reel_router::http::{RouterApp, RouterParts};
use reel_router::reload::{BuildEngine, SupergraphFile, SupergraphWatch, WatchTask};
use reel_router::transport::{Fetch, Fetched, SubgraphResponse, SubgraphTransport, TransportError};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// The only subgraph of somebody else's graph. It answers all that any of its generations may be asked.
pub(crate) struct Shop;

#[async_trait]
impl SubgraphTransport for Shop {
    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, TransportError> {
        tokio::task::yield_now().await;
        let products = json!([{ "id": "1", "name": fetch.document.text() }]);
        let data = ConstValue::from_json(json!({ "products": products })).unwrap();
        Ok(SubgraphResponse { data, ..SubgraphResponse::default() }.into())
    }
}

/// The supergraph of one generation: each has a field of its own.
pub(crate) fn supergraph(generation: usize) -> String {
    let sdl =
        format!("type Query {{ products: [Product!] }} type Product {{ id: ID! name: String since{generation}: Int }}");
    let subgraph = reel_composition::Subgraph { name: "shop".into(), url: Some("http://shop/graphql".into()), sdl };
    reel_composition::compose(&[subgraph]).unwrap().supergraph_sdl
}

/// All at once, so that no half of it is ever read.
pub(crate) fn write(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, file).unwrap();
}

struct Served {
    app: Router,
    graph: Arc<LiveGraph>,
    state: watch::Receiver<GraphState>,
    watch: WatchTask,
}

async fn serve(file: &Path) -> Served {
    let mut settings = RouterSettings::default();
    settings.rest.enabled = false;
    let text = std::fs::read_to_string(file).unwrap();
    let engine = settings.engine();
    let connect = |name: &str, url: &str| -> Result<Arc<dyn SubgraphTransport>, String> {
        assert_eq!((name, url), ("shop", "http://shop/graphql"));
        Ok(Arc::new(Shop))
    };
    let build: BuildEngine = Arc::new(move |text| Engine::connect(text, connect, engine.clone()));
    let graph = Arc::new(LiveGraph::start(build(&text).unwrap(), &settings).await.unwrap());
    let app = app(&graph);
    let source = SupergraphFile::new(file.into(), &text);
    let watch = SupergraphWatch::new(source, &text, Arc::clone(&graph), build, Duration::from_millis(5)).spawn();
    Served { app, state: graph.state(), graph, watch }
}

pub(crate) fn app(graph: &Arc<LiveGraph>) -> Router {
    let mut settings = RouterSettings::default();
    settings.rest.enabled = false;
    app_with(graph, settings)
}

pub(crate) fn app_with(graph: &Arc<LiveGraph>, settings: RouterSettings) -> Router {
    let parts = RouterParts {
        graph: Arc::clone(graph),
        shared_documents: None,
        accounts: None,
        issuers: Default::default(),
        clock: Arc::new(SystemClock),
        settings,
        checks: Vec::new(),
        metrics: None,
    };
    RouterApp::routes(parts).unwrap()
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> (u16, Value) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

pub(crate) async fn ask(app: &Router, query: &str) -> (u16, Value) {
    let body = json!({ "query": query }).to_string();
    let request = Request::post("/graphql").header("content-type", "application/json");
    send(app, request.header("accept", "application/graphql-response+json").body(Body::from(body)).unwrap()).await
}

/// What a router says that has not been asked before: an answer serves for a while.
pub(crate) async fn readiness(graph: &Arc<LiveGraph>) -> (u16, Value) {
    send(&app(graph), Request::get("/readyz").body(Body::empty()).unwrap()).await
}

/// Asks until it is told to stop, and counts the answers. One that is not right ends the test.
pub(crate) async fn load(app: Router, stop: Arc<AtomicBool>, answers: Arc<AtomicUsize>, worker: usize) {
    let mut at = 0;
    while !stop.load(Ordering::Relaxed) {
        at += 1;
        // One operation that everybody asks, and one that nobody has asked before.
        for query in ["{ products { id name } }".to_owned(), format!("query W{worker}n{at} {{ products {{ id }} }}")] {
            let (status, answer) = ask(&app, &query).await;
            assert_eq!((status, &answer["data"]["products"][0]["id"]), (200, &json!("1")), "{answer}");
            answers.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_swaps_under_load_fail_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    write(&file, &supergraph(0));
    let mut served = serve(&file).await;
    let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let loads: Vec<_> = (0..4)
        .map(|worker| tokio::spawn(load(served.app.clone(), Arc::clone(&stop), Arc::clone(&answers), worker)))
        .collect();
    for generation in 1..=20_usize {
        let before = answers.load(Ordering::Relaxed);
        write(&file, &supergraph(generation));
        let wanted = u64::try_from(generation).unwrap();
        served.state.wait_for(|state| state.generation >= wanted).await.unwrap();
        let field = format!("{{ products {{ since{generation} }} }}");
        assert_eq!(ask(&served.app, &field).await.0, 200, "the new graph is served");
        while answers.load(Ordering::Relaxed) == before {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for load in loads {
        load.await.unwrap();
    }
    assert_eq!(served.state.borrow().refused, None);
    served.watch.stop().await;
}

#[tokio::test]
async fn what_was_asked_before_is_planned_before_a_new_graph_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    write(&file, &supergraph(0));
    let served = serve(&file).await;
    served.watch.stop().await;
    let engine =
        |text: &str| Engine::connect(text, |_, _| Ok(Arc::new(Shop)), RouterSettings::default().engine()).unwrap();
    let (old, new) = (engine(&supergraph(0)), engine(&supergraph(1)));
    let request = |query: &str| reel_router::GraphqlRequest { query: query.into(), ..Default::default() };
    let context = || {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let request_id = "r".to_owned();
        Arc::new(reel_router::transport::RequestContext {
            viewer: None,
            grants: Default::default(),
            request_id,
            traceparent: None,
            deadline,
            headers: None,
            span: None,
        })
    };
    for query in ["{ products { id } }", "{ products { id } }", "{ products { since0 } }", "{ products { name } }"] {
        old.execute(request(query), context()).await;
    }
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    assert_eq!(new.planned_of(&old, 10), 0);
    assert_eq!(new.warm_up(&old, 1, deadline).await, 1);
    assert_eq!(new.planned_of(&old, 1), 1, "the most frequent one comes first");
    assert_eq!(new.warm_up(&old, 10, deadline).await, 2, "one field is no longer there");
    assert_eq!(new.planned_of(&old, 10), 2);
}

#[tokio::test]
async fn a_broken_supergraph_is_refused_and_said_so_while_the_old_one_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    write(&file, &supergraph(0));
    let mut served = serve(&file).await;
    for broken in [Some("type Query {"), Some("type Query { a: Int }"), Some(""), None] {
        match broken {
            Some(text) => write(&file, text),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let state = served.state.wait_for(|state| state.refused.is_some()).await.unwrap().clone();
        let (status, ready) = readiness(&served.graph).await;
        assert_eq!((status, &ready["ready"]), (200, &json!(true)), "it still serves");
        let check = &ready["checks"][0];
        assert_eq!((&check["name"], &check["ready"]), (&json!("supergraph"), &json!(false)), "{ready}");
        assert_eq!(check["reason"].as_str(), state.refused.as_deref());
        assert_eq!(ask(&served.app, "{ products { since0 } }").await.0, 200);
        write(&file, &supergraph(0));
        served.state.wait_for(|state| state.refused.is_none()).await.unwrap();
        assert_eq!(readiness(&served.graph).await.1["checks"][0]["ready"], true);
    }
    assert_eq!(served.state.borrow().generation, 0, "what is served already is not built again");
    write(&file, &supergraph(1));
    served.state.wait_for(|state| state.generation == 1).await.unwrap();
    served.watch.stop().await;
}

#[tokio::test]
async fn a_graph_of_somebody_else_has_no_endpoints_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    write(&file, &supergraph(0));
    let served = serve(&file).await;
    for (method, path) in [("GET", "/video/popular"), ("POST", "/user/login"), ("POST", "/uploads?kind=image")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        assert_eq!(send(&served.app, request).await.0, 404, "{path}");
    }
    assert_eq!(readiness(&served.graph).await.0, 200, "nobody has to be asked for ended logins");
    let token = Request::get("/graphql?query=%7Bproducts%7Bid%7D%7D").header("authorization", "Bearer theirs");
    assert_eq!(send(&served.app, token.body(Body::empty()).unwrap()).await.0, 200, "their tokens are theirs to check");
    served.watch.stop().await;
}

#[tokio::test]
async fn rest_endpoints_refuse_to_start_over_a_graph_that_does_not_fit_them() {
    let engine = RouterSettings::default().engine();
    let engine = Engine::connect(&supergraph(0), |_, _| Ok(Arc::new(Shop)), engine).unwrap();
    let error = LiveGraph::start(engine, &RouterSettings::default()).await.unwrap_err();
    assert!(error.to_string().contains("router.rest.enabled"), "{error}");
}

#[tokio::test]
async fn attempts_to_replace_the_graph_are_counted() {
    if reel_testkit::ran_alone() {
        return;
    }
    reel_telemetry::start_metrics();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    write(&file, &supergraph(0));
    let mut served = serve(&file).await;
    write(&file, &supergraph(1));
    served.state.wait_for(|state| state.generation == 1).await.unwrap();
    write(&file, "type Query {");
    served.state.wait_for(|state| state.refused.is_some()).await.unwrap();
    served.watch.stop().await;
    let text = reel_telemetry::metrics_text();
    for outcome in ["served", "refused"] {
        let line = format!("reelgraph_supergraph_reloads_total{{outcome=\"{outcome}\"}} 1");
        assert!(text.contains(&line), "{line} in {text}");
    }
}
