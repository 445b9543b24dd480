//! Clients that go away while subgraphs work for them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use reel_router::config::HttpSettings;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::shop::{PRODUCTS, Shop, shop};

/// The same fetch of products, and one more beside it.
const PRODUCTS_AND_MORE: &str = "{ products { id } newest }";

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says when it is dropped.
struct Told(&'static str, mpsc::UnboundedSender<&'static str>);

impl Drop for Told {
    fn drop(&mut self) {
        // Nobody may be listening any more.
        let _ = self.1.send(self.0);
    }
}

/// A router whose subgraphs answer when they may.
struct World {
    shop: Arc<Shop>,
    address: SocketAddr,
    /// The names of subgraphs whose calls have begun.
    begun: mpsc::UnboundedReceiver<&'static str>,
    /// The names of subgraphs whose calls have ended, in whatever way.
    ended: mpsc::UnboundedReceiver<&'static str>,
    /// One for each request of a client that has ended.
    left: mpsc::UnboundedReceiver<&'static str>,
    open: watch::Sender<bool>,
}

async fn world() -> World {
    let (begins, begun) = mpsc::unbounded_channel();
    let (ends, ended) = mpsc::unbounded_channel();
    let (leaves, left) = mpsc::unbounded_channel();
    let open = watch::Sender::new(false);
    let opened = open.clone();
    let answering = move |name: &'static str, _| {
        let (begins, ends, mut opened) = (begins.clone(), ends.clone(), opened.subscribe());
        async move {
            let _told = Told(name, ends);
            let _ = begins.send(name);
            opened.wait_for(|open| *open).await.unwrap();
            ().into_response()
        }
    };
    let shop = Arc::new(shop().answering(answering).start().await);
    let watched = move |request: Request, next: Next| {
        let told = Told("client", leaves.clone());
        async move {
            let response: Response = next.run(request).await;
            drop(told);
            response
        }
    };
    let app = shop.app.clone().layer(from_fn(watched));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        reel_router::http::serve(listener, app, &HttpSettings::default(), std::future::pending()).await;
    });
    World { shop, address, begun, ended, left, open }
}

impl World {
    /// A client that has sent a query.
    async fn client(&self, query: &str) -> TcpStream {
        let body = json!({ "query": query }).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        client
    }
}

async fn next(events: &mut mpsc::UnboundedReceiver<&'static str>) -> &'static str {
    tokio::time::timeout(PATIENCE, events.recv()).await.unwrap_or_else(|_| panic!("it does not happen")).unwrap()
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_calls_to_subgraphs_with_it() {
    let mut world = world().await;
    let client = world.client(PRODUCTS).await;
    assert_eq!(next(&mut world.begun).await, "shop");
    drop(client);
    assert_eq!(next(&mut world.ended).await, "shop", "the subgraph sees the connection break");
    assert_eq!(world.shop.calls(), 1);
}

#[tokio::test]
async fn a_shared_call_goes_on_while_one_waits_for_it_and_ends_when_the_last_one_goes() {
    for last_one_stays in [true, false] {
        let mut world = world().await;
        let first = world.client(PRODUCTS).await;
        assert_eq!(next(&mut world.begun).await, "shop");
        let mut second = world.client(PRODUCTS_AND_MORE).await;
        // Its products are fetched in the same step, and shop is not asked again for them.
        assert_eq!(next(&mut world.begun).await, "reviews");
        drop(first);
        assert_eq!(next(&mut world.left).await, "client");
        if last_one_stays {
            world.open.send_replace(true);
            let mut answer = vec![0; 4096];
            let length = tokio::time::timeout(PATIENCE, second.read(&mut answer)).await.unwrap().unwrap();
            let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
            assert!(answer.contains(r#""products":[{"id":"1"}]"#) && !answer.contains("errors"), "{answer}");
        } else {
            assert!(world.ended.try_recv().is_err(), "one is still waiting");
            drop(second);
            let mut ended = [next(&mut world.ended).await, next(&mut world.ended).await];
            ended.sort_unstable();
            assert_eq!(ended, ["reviews", "shop"]);
        }
        assert_eq!(world.shop.calls(), 2, "one to each");
    }
}
