//! A library: books (with films), people, and shops that sell the books; and subgraphs that say what a test tells them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_graphql_value::{ConstValue, Variables};
use async_trait::async_trait;
use futures::future::BoxFuture;
use reel_auth::Viewer;
use reel_router::transport::{
    Fetch, Fetched, RequestContext, SubgraphError, SubgraphResponse, SubgraphTransport, TransportError,
};
use reel_router::{Engine, EngineSettings, GraphqlRequest, GraphqlResponse, PathSegment};
use serde_json::{Value, json};

pub(crate) const SUPERGRAPH: &str = include_str!("data/library.graphql");

type Answer = Result<Value, TransportError>;
type Script = Box<dyn Fn(&str, &Value) -> Answer + Send + Sync>;

/// What subgraphs were asked: name, document, variables.
pub(crate) type Calls = Arc<Mutex<Vec<(String, String, Value)>>>;

struct Scripted {
    name: String,
    calls: Calls,
    script: Script,
}

#[async_trait]
impl SubgraphTransport for Scripted {
    async fn fetch(&self, mut fetch: Fetch) -> Result<Fetched, TransportError> {
        let variables = serde_json::to_value(&fetch.take_variables()?).unwrap();
        self.calls.lock().unwrap().push((self.name.clone(), fetch.document.text().to_owned(), variables.clone()));
        tokio::task::yield_now().await;
        let answer = (self.script)(fetch.document.text(), &variables)?;
        Ok(response(&answer).into())
    }
}

/// Asks a transport and reads its answer as values.
pub(crate) trait Ask {
    fn ask(&self, fetch: Fetch) -> BoxFuture<'_, Result<SubgraphResponse, TransportError>>;
}

impl<T: SubgraphTransport> Ask for T {
    fn ask(&self, fetch: Fetch) -> BoxFuture<'_, Result<SubgraphResponse, TransportError>> {
        Box::pin(async { self.fetch(fetch).await?.into_response() })
    }
}

fn response(answer: &Value) -> SubgraphResponse {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    SubgraphResponse {
        data: ConstValue::from_json(answer["data"].clone()).unwrap(),
        errors: errors.iter().map(error).collect(),
        ..SubgraphResponse::default()
    }
}

fn error(error: &Value) -> SubgraphError {
    let segment = |segment: &Value| match segment.as_u64() {
        Some(index) => PathSegment::Index(usize::try_from(index).unwrap()),
        None => PathSegment::Key(async_graphql_value::Name::new(segment.as_str().unwrap())),
    };
    SubgraphError {
        message: error["message"].as_str().unwrap_or_default().to_owned(),
        path: error["path"].as_array().map(|path| path.iter().map(segment).collect()).unwrap_or_default(),
        code: error["extensions"]["code"].as_str().map(str::to_owned),
        field: error["extensions"]["field"].as_str().map(str::to_owned),
    }
}

/// A graph whose subgraphs are scripts.
pub(crate) struct Graph {
    pub(crate) engine: Engine,
    pub(crate) calls: Calls,
}

pub(crate) struct GraphBuilder {
    supergraph: String,
    names: Vec<String>,
    scripts: HashMap<String, Script>,
    settings: EngineSettings,
}

/// A subgraph's script by name; those without one fail.
pub(crate) fn graph() -> GraphBuilder {
    over(SUPERGRAPH, &["books", "people", "shops"])
}

/// A graph composed of these subgraphs, by name and schema.
pub(crate) fn composed(subgraphs: &[(&str, &str)]) -> GraphBuilder {
    composed_with(&["@key", "@shareable", "@external", "@requires", "@interfaceObject"], subgraphs)
}

/// The same, of schemas that import these directives.
pub(crate) fn composed_with(imports: &[&str], subgraphs: &[(&str, &str)]) -> GraphBuilder {
    let link = format!("extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: {imports:?})");
    let linked: Vec<(&str, String)> = subgraphs.iter().map(|(name, sdl)| (*name, format!("{link} {sdl}"))).collect();
    let linked: Vec<(&str, &str)> = linked.iter().map(|(name, sdl)| (*name, sdl.as_str())).collect();
    composed_as_written(&linked)
}

/// The same, of whole schemas.
pub(crate) fn composed_as_written(subgraphs: &[(&str, &str)]) -> GraphBuilder {
    let subgraph =
        |(name, sdl): &(&str, &str)| reel_composition::Subgraph { name: (*name).into(), url: None, sdl: (*sdl).into() };
    let subgraphs: Vec<_> = subgraphs.iter().map(subgraph).collect();
    let names: Vec<&str> = subgraphs.iter().map(|subgraph| subgraph.name.as_str()).collect();
    over(&reel_composition::compose(&subgraphs).unwrap().supergraph_sdl, &names)
}

fn over(supergraph: &str, names: &[&str]) -> GraphBuilder {
    GraphBuilder {
        supergraph: supergraph.into(),
        names: names.iter().map(|name| (*name).into()).collect(),
        scripts: HashMap::new(),
        settings: EngineSettings::default(),
    }
}

impl GraphBuilder {
    pub(crate) fn on(mut self, name: &str, script: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> Self {
        self.scripts.insert(name.to_owned(), Box::new(script));
        self
    }

    /// A subgraph that always answers this data.
    pub(crate) fn data(self, name: &str, data: Value) -> Self {
        self.on(name, move |_, _| Ok(json!({ "data": data })))
    }

    /// The same over a supergraph that is changed.
    pub(crate) fn changed(mut self, change: impl FnOnce(&str) -> String) -> Self {
        self.supergraph = change(&self.supergraph);
        self
    }

    pub(crate) fn settings(mut self, change: impl FnOnce(&mut EngineSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub(crate) fn build(mut self) -> Graph {
        let calls = Calls::default();
        let mut transport = |name: String| {
            let unreachable = || {
                Box::new(|_: &str, _: &Value| Err(TransportError::Unavailable("10.0.0.7:99 refused".into()))) as Script
            };
            let script = self.scripts.remove(&name).unwrap_or_else(unreachable);
            let transport = Scripted { name: name.clone(), calls: Arc::clone(&calls), script };
            (name, Arc::new(transport) as Arc<dyn SubgraphTransport>)
        };
        let transports = self.names.into_iter().map(&mut transport).collect();
        let engine = Engine::new(&self.supergraph, transports, self.settings).unwrap();
        Graph { engine, calls }
    }
}

pub(crate) fn context(viewer: Option<Viewer>) -> Arc<RequestContext> {
    Arc::new(RequestContext {
        viewer,
        grants: viewer.into(),
        request_id: "r1".into(),
        traceparent: None,
        deadline: Instant::now() + Duration::from_secs(10),
        headers: None,
        span: None,
    })
}

pub(crate) fn viewer() -> Viewer {
    Viewer { user_id: "7".parse().unwrap(), session_id: "8".parse().unwrap() }
}

pub(crate) fn variables(value: Value) -> Variables {
    Variables::from_json(value)
}

impl Graph {
    /// The response of an anonymous query.
    pub(crate) async fn query(&self, query: &str) -> Value {
        self.run(query, json!({}), None).await.0
    }

    pub(crate) async fn query_with(&self, query: &str, given: Value) -> Value {
        self.run(query, given, None).await.0
    }

    pub(crate) async fn query_as_viewer(&self, query: &str) -> Value {
        self.run(query, json!({}), Some(viewer())).await.0
    }

    pub(crate) async fn run(&self, query: &str, given: Value, viewer: Option<Viewer>) -> (Value, GraphqlResponse) {
        let request = GraphqlRequest { query: query.into(), variables: variables(given), ..GraphqlRequest::default() };
        let response = self.engine.execute(request, context(viewer)).await;
        (serde_json::from_slice(&response.body).unwrap(), response)
    }

    pub(crate) fn calls(&self) -> Vec<(String, String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// The names of the subgraphs that were asked, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.calls().into_iter().map(|(name, ..)| name).collect()
    }
}

/// The codes of a response's errors.
pub(crate) fn codes(response: &Value) -> Vec<String> {
    let errors = response["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Answers an entity fetch by looking each representation up by its id; `null` for those that are not there.
pub(crate) fn entities(variables: &Value, by_id: impl Fn(&str) -> Value) -> Value {
    let list = |list: &Value| -> Value {
        list.as_array().unwrap().iter().map(|one| by_id(one["id"].as_str().unwrap())).collect()
    };
    json!({ "_entities": list(&variables["representations"]) })
}
