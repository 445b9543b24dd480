//! The manifest of the trusted documents while a router runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use reel_config::Millis;
use reel_router::Engine;
use reel_router::config::RouterSettings;
use reel_router::graph::{GraphState, LiveGraph};
use reel_router::reload::{ManifestWatch, WatchTask};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::reload::{Shop, app_with, send, supergraph, write};

const FIRST: &str = "{ products { id } }";
const SECOND: &str = "query Named { products { id name } }";

fn manifest(documents: &[&str]) -> String {
    let entry = |text: &&str| (hash(text), Value::from(*text));
    Value::Object(documents.iter().map(entry).collect()).to_string()
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Served {
    app: Router,
    graph: Arc<LiveGraph>,
    state: watch::Receiver<GraphState>,
    settings: RouterSettings,
    watch: WatchTask,
}

/// A router that executes nothing but the documents of this file.
async fn serve(file: &Path) -> Served {
    let mut settings = RouterSettings::default();
    settings.rest.enabled = false;
    settings.documents.manifest = Some(file.to_owned());
    settings.documents.only_trusted = true;
    settings.supergraph.poll_ms = Millis(5);
    let engine = Engine::connect(&supergraph(0), |_, _| Ok(Arc::new(Shop)), settings.engine()).unwrap();
    let graph = Arc::new(LiveGraph::start(engine, &settings).await.unwrap());
    let watch = ManifestWatch::new(&graph, &settings).unwrap().spawn();
    Served { app: app_with(&graph, settings.clone()), state: graph.state(), graph, settings, watch }
}

impl Served {
    /// The status of a request that names a document by its hash.
    async fn ask(&self, text: &str) -> u16 {
        let body = json!({ "documentId": format!("sha256:{}", hash(text)) }).to_string();
        let request = Request::post("/graphql").header("content-type", "application/json");
        let request = request.header("accept", "application/graphql-response+json").body(Body::from(body)).unwrap();
        send(&self.app, request).await.0
    }

    /// What a router says that has not been asked before: an answer serves for a while.
    async fn check(&self) -> Value {
        let app = app_with(&self.graph, self.settings.clone());
        let (status, ready) = send(&app, Request::get("/readyz").body(Body::empty()).unwrap()).await;
        assert_eq!((status, &ready["ready"]), (200, &json!(true)), "it still serves");
        ready["checks"].as_array().unwrap().iter().find(|check| check["name"] == "documents").unwrap().clone()
    }
}

#[tokio::test]
async fn another_manifest_is_trusted_while_the_router_runs_and_what_it_no_longer_lists_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("manifest.json");
    write(&file, &manifest(&[FIRST]));
    let mut served = serve(&file).await;
    assert_eq!((served.ask(FIRST).await, served.ask(SECOND).await), (200, 403));
    for (generation, listed, wanted) in
        [(1, &[FIRST, SECOND][..], (200, 200)), (2, &[SECOND], (403, 200)), (3, &[], (403, 403))]
    {
        write(&file, &manifest(listed));
        served.state.wait_for(|state| state.manifests >= generation).await.unwrap();
        assert_eq!((served.ask(FIRST).await, served.ask(SECOND).await), wanted, "{listed:?}");
    }
    served.watch.stop().await;
}

#[tokio::test]
async fn a_broken_manifest_is_refused_and_said_so_while_the_documents_before_are_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("manifest.json");
    let good = manifest(&[FIRST]);
    write(&file, &good);
    let mut served = serve(&file).await;
    assert_eq!(served.check().await, json!({ "name": "documents", "ready": true, "advisory": true }));
    let other = good.replace("id", "name");
    for (broken, says) in [
        (Some("{"), "not a JSON object"),
        (Some("[]"), "not a JSON object"),
        (Some(other.as_str()), "should be"),
        (None, "cannot read"),
    ] {
        match broken {
            Some(text) => write(&file, text),
            None => std::fs::remove_file(&file).unwrap(),
        }
        served.state.wait_for(|state| state.manifest_refused.is_some()).await.unwrap();
        let check = served.check().await;
        assert!(check["reason"].as_str().unwrap().contains(says), "{check}");
        assert_eq!(served.ask(FIRST).await, 200);
        write(&file, &good);
        served.state.wait_for(|state| state.manifest_refused.is_none()).await.unwrap();
        assert_eq!(served.check().await["ready"], true);
    }
    assert_eq!(served.state.borrow().manifests, 0, "what is trusted already is not read again");
    served.watch.stop().await;
}

#[tokio::test]
async fn the_supergraph_and_the_manifest_change_independently() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("manifest.json");
    write(&file, &manifest(&["{ products { since1 } }"]));
    let mut served = serve(&file).await;
    // It does not fit yet; whoever asks is told.
    assert_eq!(served.ask("{ products { since1 } }").await, 400);
    let engine = Engine::connect(&supergraph(1), |_, _| Ok(Arc::new(Shop)), served.settings.engine()).unwrap();
    served.graph.replace(engine).await.unwrap();
    assert_eq!(served.ask("{ products { since1 } }").await, 200);
    write(&file, &manifest(&[FIRST]));
    tokio::time::timeout(Duration::from_secs(60), served.state.wait_for(|state| state.manifests == 1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((served.ask(FIRST).await, served.state.borrow().generation), (200, 1));
    served.watch.stop().await;
}
