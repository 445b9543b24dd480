//! The graph is composed here, of subgraphs that change while it is served.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use reel_config::Millis;
use reel_router::Engine;
use reel_router::config::{ListedSubgraph, RouterSettings, SupergraphSettings};
use reel_router::graph::{GraphState, LiveGraph};
use reel_router::reload::{BuildEngine, ListedSubgraphs, SupergraphWatch, WatchTask};
use reel_router::transport::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::reload::{app, ask, load, readiness, write};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])";

/// A subgraph with an address of its own. What it says of its schema can be changed; `None` says nothing.
#[derive(Clone)]
struct Shop {
    sdl: Arc<Mutex<Option<String>>>,
}

impl Shop {
    /// Serves it, and answers its address.
    async fn serve(&self) -> String {
        let app = Router::new().route("/graphql", post(answer)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}/graphql")
    }

    fn say(&self, sdl: impl Into<Option<String>>) {
        *self.sdl.lock().unwrap() = sdl.into();
    }
}

async fn answer(State(shop): State<Shop>, Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    if request["query"].as_str().unwrap().contains("_service") {
        return match &*shop.sdl.lock().unwrap() {
            Some(sdl) => (StatusCode::OK, Json(json!({ "data": { "_service": { "sdl": sdl } } }))),
            None => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))),
        };
    }
    (StatusCode::OK, Json(json!({ "data": { "products": [{ "id": "1", "name": "n" }], "parcels": 2 } })))
}

/// The shop's schema in one generation: each has a field of its own.
fn shop(generation: usize) -> String {
    format!(
        "{LINK} type Query {{ products: [Product!] }} \
         type Product @key(fields: \"id\") {{ id: ID! name: String since{generation}: Int }}"
    )
}

fn post_office(generation: usize) -> String {
    format!("{LINK} type Query {{ parcels: Int }} type Parcel{generation} {{ id: ID! }}")
}

struct Served {
    shop: Shop,
    app: Router,
    graph: Arc<LiveGraph>,
    state: watch::Receiver<GraphState>,
    watch: WatchTask,
}

/// Serves the graph of a shop that is asked for its schema, and of a post office whose schema is in a file.
async fn serve(file: &Path) -> Served {
    let shop = Shop { sdl: Arc::new(Mutex::new(Some(shop(0)))) };
    let url = shop.serve().await;
    write(file, &post_office(0));
    let mut settings = RouterSettings::default();
    settings.rest.enabled = false;
    settings.supergraph = SupergraphSettings {
        subgraphs: vec![
            ListedSubgraph { name: "shop".into(), url: Some(url.clone()), file: None },
            ListedSubgraph { name: "post".into(), url: Some(url), file: Some(file.into()) },
        ],
        ask_ms: Millis(5),
        schema_bytes: 10_000,
        ..SupergraphSettings::default()
    };
    let listed = ListedSubgraphs::read(&settings.supergraph, &settings.subgraph_calls).await.unwrap();
    let text = reel_composition::compose(&listed.subgraphs()).unwrap().supergraph_sdl;
    let connector =
        HttpConnector::new(settings.subgraph_urls.clone(), Default::default(), settings.subgraph_calls.clone(), None);
    let engine = settings.engine();
    let build: BuildEngine =
        Arc::new(move |text| Engine::connect(text, |name, url| connector.connect(name, url), engine.clone()));
    let graph = Arc::new(LiveGraph::start(build(&text).unwrap(), &settings).await.unwrap());
    let watch = SupergraphWatch::new(listed, &text, Arc::clone(&graph), build, Duration::from_millis(5)).spawn();
    Served { shop, app: app(&graph), state: graph.state(), graph, watch }
}

/// What `/readyz` says about the supergraph.
async fn reason(served: &Served) -> Value {
    let (status, ready) = readiness(&served.graph).await;
    assert_eq!((status, &ready["checks"][0]["name"]), (200, &json!("supergraph")), "it still serves");
    ready["checks"][0]["reason"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_that_change_under_load_fail_no_request_and_a_broken_one_is_said_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("post.graphql");
    let mut served = serve(&file).await;
    let (stop, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let loads: Vec<_> = (0..2)
        .map(|worker| tokio::spawn(load(served.app.clone(), Arc::clone(&stop), Arc::clone(&answers), worker)))
        .collect();
    for round in 1..=5_usize {
        let before = answers.load(Ordering::Relaxed);
        let swaps = u64::try_from(round).unwrap() * 2;
        served.shop.say(shop(round));
        served.state.wait_for(|state| state.generation == swaps - 1).await.unwrap();
        assert_eq!(ask(&served.app, &format!("{{ products {{ since{round} }} }}")).await.0, 200);
        write(&file, &post_office(round));
        served.state.wait_for(|state| state.generation == swaps).await.unwrap();
        let types = ask(&served.app, &format!("{{ __type(name: \"Parcel{round}\") {{ name }} }}")).await;
        assert_eq!(types.1["data"]["__type"]["name"], format!("Parcel{round}"), "{}", types.1);
        for broken in ["type Query {".to_owned(), shop(round).replace("[\"@key\"]", "[]")] {
            served.shop.say(broken);
            served.state.wait_for(|state| state.refused.is_some()).await.unwrap();
            let reason = reason(&served).await;
            assert!(reason.as_str().unwrap().contains("shop:1:"), "it names the place: {reason}");
            served.shop.say(shop(round));
            served.state.wait_for(|state| state.refused.is_none()).await.unwrap();
        }
        while answers.load(Ordering::Relaxed) == before {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for load in loads {
        load.await.unwrap();
    }
    assert_eq!(reason(&served).await, Value::Null);
    assert_eq!(served.state.borrow().generation, 10, "a schema that is what it was is not served anew");
    served.watch.stop().await;
}

#[tokio::test]
async fn a_subgraph_that_cannot_be_asked_keeps_its_schema_while_others_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("post.graphql");
    let mut served = serve(&file).await;
    for (round, silence) in [(1, None), (2, Some("x".repeat(20_000)))] {
        served.shop.say(silence);
        served.state.wait_for(|state| state.stale.is_some()).await.unwrap();
        let reason = reason(&served).await;
        assert!(reason.as_str().unwrap().contains("the last schema stays in use: shop: http://127.0.0.1:"), "{reason}");
        write(&file, &post_office(round));
        served.state.wait_for(|state| usize::try_from(state.generation).unwrap() == round).await.unwrap();
        assert_eq!(ask(&served.app, "{ products { since0 } parcels }").await.0, 200);
        served.shop.say(shop(0));
        served.state.wait_for(|state| state.stale.is_none()).await.unwrap();
    }
    std::fs::remove_file(&file).unwrap();
    served.state.wait_for(|state| state.stale.is_some()).await.unwrap();
    assert_eq!(ask(&served.app, "{ parcels }").await.0, 200);
    assert_eq!(served.state.borrow().refused, None);
    served.watch.stop().await;
}

#[tokio::test]
async fn all_subgraphs_that_cannot_be_read_at_the_start_are_named() {
    let entry = |name: &str, url: Option<&str>, file: Option<&str>| ListedSubgraph {
        name: name.into(),
        url: url.map(str::to_owned),
        file: file.map(Into::into),
    };
    let settings = SupergraphSettings {
        subgraphs: vec![
            entry("gone", Some("http://127.0.0.1:1/graphql"), None),
            entry("missing", None, Some("/nowhere/missing.graphql")),
            entry("secret", Some("http://me:secret@shop/graphql"), None),
            entry("nothing", None, None),
        ],
        ..SupergraphSettings::default()
    };
    let error = ListedSubgraphs::read(&settings, &Default::default()).await.unwrap_err();
    assert_eq!(error.lines().count(), 4, "{error}");
    for said in ["gone: http://127.0.0.1:1/graphql cannot be reached", "missing: cannot read /nowhere", "nothing: give"]
    {
        assert!(error.contains(said), "{error}");
    }
    assert!(!error.contains("me:secret"), "{error}");
}
