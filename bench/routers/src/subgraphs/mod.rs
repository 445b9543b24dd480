//! The four subgraphs, in one process, each on a port of its own.

mod inventory;
mod products;
mod reviews;
mod users;

use anyhow::{Context as _, Result};
use async_graphql::{Executor, SDLExportOptions};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Their names; the port of each is the first one plus its place here.
pub(crate) const NAMES: [&str; 4] = ["users", "products", "inventory", "reviews"];

/// The subgraph at this place on the machine.
pub(crate) fn url(first_port: u16, place: usize) -> String {
    format!("http://127.0.0.1:{}/graphql", usize::from(first_port) + place)
}

/// The supergraph of the four, made by the composition that is `reelgraph compose`.
pub(crate) fn supergraph(first_port: u16) -> Result<String> {
    let subgraph = |(place, (name, sdl)): (usize, (&str, String))| reel_composition::Subgraph {
        name: name.to_owned(),
        url: Some(url(first_port, place)),
        sdl,
    };
    let subgraphs: Vec<_> = NAMES.into_iter().zip(sdls()).enumerate().map(subgraph).collect();
    let composed = reel_composition::compose(&subgraphs);
    let composed = composed.map_err(|errors| anyhow::anyhow!("the subgraphs do not compose: {errors:?}"))?;
    Ok(composed.supergraph_sdl)
}

fn sdls() -> [String; 4] {
    let options = || SDLExportOptions::new().federation().compose_directive();
    [
        users::schema().sdl_with_options(options()),
        products::schema().sdl_with_options(options()),
        inventory::schema().sdl_with_options(options()),
        reviews::schema().sdl_with_options(options()),
    ]
}

/// Serves until one of them fails.
pub(crate) async fn serve(first_port: u16) -> Result<()> {
    let mut serving = JoinSet::new();
    for (place, name) in NAMES.into_iter().enumerate() {
        let port = first_port + u16::try_from(place)?;
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("{name} cannot have port {port}; choose another --port"))?;
        let routes = match name {
            "users" => routes(users::schema()),
            "products" => routes(products::schema()),
            "inventory" => routes(inventory::schema()),
            _ => routes(reviews::schema()),
        };
        serving.spawn(async move { axum::serve(listener, routes).await });
    }
    while let Some(ended) = serving.join_next().await {
        ended??;
    }
    Ok(())
}

fn routes<S: Executor>(schema: S) -> Router {
    Router::new().route("/graphql", post(answer::<S>)).with_state(schema)
}

async fn answer<S: Executor>(State(schema): State<S>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<async_graphql::Request>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match serde_json::to_vec(&schema.execute(request).await) {
        Ok(answer) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], answer).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
