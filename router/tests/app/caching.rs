//! How long answers to queries by GET may be kept.

use std::sync::Arc;

use async_graphql_value::ConstValue;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use reel_composition::{Subgraph, compose};
use reel_router::Engine;
use reel_router::config::RouterSettings;
use reel_router::graph::LiveGraph;
use reel_router::transport::{Fetch, Fetched, SubgraphError, SubgraphResponse, SubgraphTransport, TransportError};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::reload::app;

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\"])";

const DIRECTIVE: &str = "
    enum CacheControlScope { PUBLIC PRIVATE }
    directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
        on FIELD_DEFINITION | OBJECT | INTERFACE | UNION";

const SHOP: &str = "
    type Query {
        products: [Product!] @cacheControl(maxAge: 60)
        newest: Product
        count: Int
        kept: Int @cacheControl(maxAge: 10)
        me: Person @cacheControl(maxAge: 30, scope: PRIVATE)
        bare: Bare
        named: Named @cacheControl(maxAge: 500)
        broken: Int @cacheControl(maxAge: 9)
        negative: Int @cacheControl(maxAge: -1)
    }
    type Mutation { buy: Int @cacheControl(maxAge: 60) }
    interface Named { name: String }
    type Product implements Named @key(fields: \"id\") @cacheControl(maxAge: 240) {
        id: ID!
        name: String
        price: Int @cacheControl(maxAge: 5)
        maker: Bare
        brand: Bare @cacheControl(inheritMaxAge: true)
        stock: Int @shareable @cacheControl(maxAge: 100)
    }
    type Person implements Named { name: String @cacheControl(maxAge: 300) }
    type Bare { a: Int }";

const STORE: &str = "
    type Product @key(fields: \"id\") { id: ID! stock: Int @shareable @cacheControl(maxAge: 50, scope: PRIVATE) }";

/// Answers everything that is asked here.
struct Shop;

#[async_trait]
impl SubgraphTransport for Shop {
    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, TransportError> {
        let product = json!({
            "__typename": "Product", "id": "1", "name": "n", "price": 1, "stock": 2, "maker": { "a": 1 }, "brand": { "a": 1 }
        });
        let person = json!({ "__typename": "Person", "name": "n" });
        let data = json!({
            "products": [product], "newest": product, "count": 1, "kept": 1, "me": person, "bare": { "a": 1 }, "named": person,
            "negative": 1, "buy": 1, "a": 1
        });
        let is_broken = fetch.document.text().contains("broken");
        let errors =
            if is_broken { vec![SubgraphError { message: "no".into(), ..Default::default() }] } else { vec![] };
        Ok(SubgraphResponse { data: ConstValue::from_json(data).unwrap(), errors, ..Default::default() }.into())
    }
}

async fn serve(subgraphs: &[(&str, String)]) -> Router {
    let subgraph = |(name, sdl): &(&str, String)| Subgraph {
        name: (*name).to_owned(),
        url: Some(format!("http://{name}/graphql")),
        sdl: sdl.clone(),
    };
    let subgraphs: Vec<_> = subgraphs.iter().map(subgraph).collect();
    let supergraph = compose(&subgraphs).unwrap();
    assert!(!supergraph.api_sdl.contains("cacheControl"), "{}", supergraph.api_sdl);
    let mut settings = RouterSettings::default();
    settings.rest.enabled = false;
    let engine = Engine::connect(&supergraph.supergraph_sdl, |_, _| Ok(Arc::new(Shop)), settings.engine()).unwrap();
    app(&Arc::new(LiveGraph::start(engine, &settings).await.unwrap()))
}

async fn shop() -> Router {
    serve(&[("shop", format!("{LINK}{DIRECTIVE}{SHOP}")), ("store", format!("{LINK}{DIRECTIVE}{STORE}"))]).await
}

fn url(query: &str, variables: &Value) -> String {
    let mut url = url::form_urlencoded::Serializer::new("/graphql?".to_owned());
    url.append_pair("query", query).append_pair("variables", &variables.to_string());
    url.finish().replace("?&", "?")
}

async fn send(app: &Router, request: Request<Body>) -> (HeaderMap, Value) {
    let (head, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    (head.headers, serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap())
}

fn cache_control(headers: &HeaderMap) -> &str {
    headers[CACHE_CONTROL].to_str().unwrap()
}

/// What the answer to a GET says, and whether it has errors.
async fn get(app: &Router, query: &str, variables: Value) -> (String, bool) {
    let (headers, answer) = send(app, Request::get(url(query, &variables)).body(Body::empty()).unwrap()).await;
    (cache_control(&headers).to_owned(), answer.get("errors").is_some())
}

#[tokio::test]
async fn an_answer_is_kept_as_long_as_its_shortest_lived_field() {
    let app = shop().await;
    for (query, expected) in [
        ("{ products { id name } }", "max-age=60, public"),
        ("{ newest { id } }", "max-age=240, public"),
        ("{ products { price } }", "max-age=5, public"),
        ("{ ...F } fragment F on Query { p: products { ... on Product { price } } }", "max-age=5, public"),
        ("{ products { maker { a } } }", "no-store"),
        ("{ products { brand { a } } }", "max-age=60, public"),
        ("{ kept }", "max-age=10, public"),
        ("{ kept __typename }", "max-age=10, public"),
        ("{ count }", "no-store"),
        ("{ kept count }", "no-store"),
        ("{ negative }", "no-store"),
        ("{ bare { a } }", "no-store"),
        ("{ kept me { name } }", "max-age=10, private"),
        ("{ named { name } }", "max-age=300, public"),
        ("{ __typename }", "no-store"),
        ("{ kept __schema { queryType { name } } }", "no-store"),
        ("{ products { stock } }", "max-age=50, private"),
    ] {
        assert_eq!(get(&app, query, json!({})).await, (expected.to_owned(), false), "{query}");
    }
}

#[tokio::test]
async fn what_is_left_out_does_not_count() {
    let app = shop().await;
    let query = "query($x: Boolean!) { kept ... @include(if: $x) { me { name } count @skip(if: $x) } }";
    assert_eq!(get(&app, query, json!({ "x": false })).await.0, "max-age=10, public");
    assert_eq!(get(&app, query, json!({ "x": true })).await.0, "max-age=10, private");
}

#[tokio::test]
async fn errors_mutations_and_posts_are_not_kept() {
    let app = shop().await;
    assert_eq!(get(&app, "{ kept broken }", json!({})).await, ("no-store".to_owned(), true));
    assert_eq!(get(&app, "{ kept wrong }", json!({})).await, ("no-store".to_owned(), true));
    assert_eq!(get(&app, "mutation { buy }", json!({})).await, ("no-store".to_owned(), true));
    for query in ["{ kept }", "mutation { buy }"] {
        let request = Request::post("/graphql").header("content-type", "application/json");
        let (headers, answer) =
            send(&app, request.body(Body::from(json!({ "query": query }).to_string())).unwrap()).await;
        assert_eq!((cache_control(&headers), answer.get("errors")), ("no-store", None), "{query}");
    }
}

#[tokio::test]
async fn an_answer_to_somebody_is_only_theirs_and_no_other_answer_is_given_to_them() {
    let app = shop().await;
    let kept = || Request::get(url("{ kept }", &json!({})));
    let (headers, _) = send(&app, kept().body(Body::empty()).unwrap()).await;
    let vary: Vec<_> = headers.get_all(VARY).iter().map(|value| value.to_str().unwrap()).collect();
    for name in ["accept", "authorization", "cookie", "access-token", "refresh-token"] {
        assert!(vary.contains(&name), "{vary:?}");
    }
    for name in ["authorization", "cookie", "access-token", "refresh-token"] {
        let (headers, _) = send(&app, kept().header(name, "x").body(Body::empty()).unwrap()).await;
        assert_eq!(cache_control(&headers), "max-age=10, private", "{name}");
    }
}

#[tokio::test]
async fn a_directive_that_is_composed_under_another_name_counts() {
    let sdl = "extend schema
            @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@composeDirective\"])
            @link(url: \"https://specs.shop.test/cacheControl/v1.0\", import: [{ name: \"@cacheControl\", as: \"@cache\" }])
            @composeDirective(name: \"@cache\")
        directive @cache(maxAge: Int) on FIELD_DEFINITION
        type Query { a: Int @cache(maxAge: 3) }";
    let app = serve(&[("shop", sdl.to_owned())]).await;
    assert_eq!(get(&app, "{ a }", json!({})).await.0, "max-age=3, public");
}
