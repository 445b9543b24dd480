//! The application in front of somebody else's subgraphs over HTTP: `shop` has products, `reviews` their stars.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body_util::BodyExt as _;
use reel_id::SystemClock;
use reel_router::Engine;
use reel_router::config::RouterSettings;
use reel_router::graph::LiveGraph;
use reel_router::http::{RouterApp, RouterParts};
use reel_router::transport::{Fetch, HttpConnector, RequestContext, SubgraphDocument};
use reel_telemetry::{Callers, Traces};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A query of one fetch, and one whose second fetch, from `reviews`, follows the first, from `shop`.
pub(crate) const PRODUCTS: &str = "{ products { id } }";
pub(crate) const STARS: &str = "{ products { id stars } }";

const SHOP: &str = "type Query { products: [Product!] } type Product @key(fields: \"id\") { id: ID! }";
const REVIEWS: &str = "type Query { newest: Int } type Product @key(fields: \"id\") { id: ID! stars: Int }";
const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@shareable\"])";

type Script = Arc<dyn Fn(HeaderMap) -> BoxFuture<'static, Response> + Send + Sync>;

/// What the subgraphs were sent, by name.
type Seen = Arc<Mutex<Vec<(&'static str, HeaderMap)>>>;

pub(crate) struct Shop {
    pub(crate) app: Router,
    seen: Seen,
}

pub(crate) struct ShopBuilder {
    settings: RouterSettings,
    before: [Script; 2],
    traces: Option<Traces>,
    after_data: &'static str,
}

/// An answer of the router.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn shop() -> ShopBuilder {
    let mut settings = RouterSettings::default();
    settings.rest.enabled = false;
    let plain = || -> Script { Arc::new(|_| Box::pin(async { ().into_response() })) };
    ShopBuilder { settings, before: [plain(), plain()], traces: None, after_data: "" }
}

impl ShopBuilder {
    pub(crate) fn settings(mut self, change: impl FnOnce(&mut RouterSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Headers that pass, as the settings have them.
    pub(crate) fn headers(self, written: Value) -> Self {
        self.settings(|settings| settings.subgraph_headers = serde_json::from_value(written).unwrap())
    }

    /// Both subgraphs answer with the head of this answer, when it is there; the first argument is what they were sent.
    pub(crate) fn answering<F>(
        self,
        head: impl Fn(&'static str, HeaderMap) -> F + Send + Sync + Clone + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let of = |name: &'static str| -> Script {
            let head = head.clone();
            Arc::new(move |headers| Box::pin(head(name, headers)))
        };
        Self { before: [of("shop"), of("reviews")], ..self }
    }

    /// Subgraphs that record what they are called to record.
    pub(crate) fn subgraphs_traced(self, traces: Traces) -> Self {
        Self { traces: Some(traces), ..self }
    }

    /// What both subgraphs write after the data of their answers.
    pub(crate) fn after_data(self, after_data: &'static str) -> Self {
        Self { after_data, ..self }
    }

    pub(crate) async fn start(self) -> Shop {
        let seen = Seen::default();
        let after = self.after_data;
        let answer = |data: Value| format!("{{\"data\":{data}{after}}}");
        let [shop, reviews] = self.before;
        let products = answer(json!({ "products": [{ "__typename": "Product", "id": "1" }] }));
        let stars = answer(json!({ "newest": 9, "_entities": [{ "__typename": "Product", "stars": 5 }] }));
        let subgraphs = [
            ("shop", SHOP, subgraph("shop", &seen, shop, products, self.traces.clone()).await),
            ("reviews", REVIEWS, subgraph("reviews", &seen, reviews, stars, self.traces).await),
        ];
        let subgraphs = subgraphs.map(|(name, sdl, url)| reel_composition::Subgraph {
            name: name.into(),
            url: Some(url),
            sdl: format!("{LINK} {sdl}"),
        });
        let supergraph = reel_composition::compose(&subgraphs).unwrap().supergraph_sdl;
        let connector = HttpConnector::new(
            self.settings.subgraph_urls.clone(),
            Default::default(),
            self.settings.subgraph_calls.clone(),
            None,
        );
        let connector = connector.with_headers(self.settings.subgraph_headers.clone());
        let engine =
            Engine::connect(&supergraph, |name, url| connector.connect(name, url), self.settings.engine()).unwrap();
        let parts = RouterParts {
            graph: Arc::new(LiveGraph::start(engine, &self.settings).await.unwrap()),
            shared_documents: None,
            accounts: None,
            issuers: Default::default(),
            clock: Arc::new(SystemClock),
            settings: self.settings,
            checks: Vec::new(),
            metrics: None,
        };
        Shop { app: RouterApp::routes(parts).unwrap(), seen }
    }
}

async fn subgraph(name: &'static str, seen: &Seen, script: Script, answer: String, traces: Option<Traces>) -> String {
    let seen = Arc::clone(seen);
    let serve = move |request: Request| {
        seen.lock().unwrap().push((name, request.headers().clone()));
        let (head, answer) = (script(request.headers().clone()), answer.clone());
        async move { head.await.map(|_| Body::from(answer)) }
    };
    let routes = Router::new().route("/graphql", any(serve));
    listen(reel_telemetry::observed(routes, traces, Callers::Processes)).await
}

/// Serves a subgraph and answers its address.
pub(crate) async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

impl Shop {
    /// The same, behind what observes requests.
    pub(crate) fn observed(self, traces: Option<Traces>) -> Self {
        Self { app: reel_telemetry::observed(self.app, traces, Callers::Clients), ..self }
    }

    /// The answer to a query that was sent with these headers.
    pub(crate) async fn query(&self, query: &str, headers: &[(&str, &str)]) -> Answered {
        let request = http::Request::post("/graphql").header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(json!({ "query": query }).to_string())).unwrap()).await
    }

    pub(crate) async fn send(&self, request: http::Request<Body>) -> Answered {
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answered { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// The headers that a subgraph was sent with its last call.
    pub(crate) fn sent_to(&self, name: &str) -> HeaderMap {
        let seen = self.seen.lock().unwrap();
        seen.iter().rev().find(|(seen, _)| *seen == name).map(|(_, headers)| headers.clone()).unwrap()
    }

    /// How many calls a subgraph got.
    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The lines of a header.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        lines(&self.headers, name)
    }
}

/// A fetch of the products, for a transport.
pub(crate) fn fetch() -> Fetch {
    let text = PRODUCTS.to_owned();
    let context = RequestContext {
        viewer: None,
        grants: Default::default(),
        request_id: "r1".into(),
        traceparent: None,
        deadline: Instant::now() + Duration::from_secs(10),
        headers: None,
        span: None,
    };
    Fetch::new(Arc::new(SubgraphDocument::new(text).unwrap()), Arc::new(context))
}

/// The lines of a header.
pub(crate) fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}
