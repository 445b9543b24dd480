//! Batches hold everything that a step of an operation asks for, whatever its size, and nobody waits for one in vain.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Schema, Variables};
use reel_subgraph::batching::loader;
use reel_subgraph::{Call, CallDocument, Subgraph};

/// Answers each key by itself and notes how many keys each batch had.
struct Echo(Arc<Mutex<Vec<usize>>>);

impl Loader<i32> for Echo {
    type Value = i32;
    type Error = Infallible;

    async fn load(&self, keys: &[i32]) -> Result<HashMap<i32, i32>, Infallible> {
        self.0.lock().unwrap().push(keys.len());
        Ok(keys.iter().map(|key| (*key, *key)).collect())
    }
}

struct Node(i32);

#[Object]
impl Node {
    async fn value(&self, context: &Context<'_>) -> Option<i32> {
        let loaded = context.data_unchecked::<DataLoader<Echo>>().load_one(self.0).await;
        loaded.unwrap_or_else(|never| match never {})
    }

    async fn children(&self, context: &Context<'_>, count: i32) -> Vec<Self> {
        let own = self.value(context).await.unwrap().unwrap();
        (0..count).map(|child| Self(own * 1_000 + child)).collect()
    }

    /// Always has more to do, and never ends.
    async fn busy(&self) -> bool {
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }
}

struct Query;

#[Object]
impl Query {
    async fn node(&self, id: i32) -> Node {
        Node(id)
    }
}

fn subgraph() -> (Subgraph, Arc<Mutex<Vec<usize>>>) {
    let batches = Arc::default();
    let loader = loader(Echo(Arc::clone(&batches)), 10_000);
    (Subgraph::new("demo", Schema::build(Query, EmptyMutation, EmptySubscription).data(loader).finish()), batches)
}

async fn run(subgraph: &Subgraph, document: &str, patience: Duration) -> serde_json::Value {
    let call = Call {
        document: CallDocument::Text(document.to_owned()),
        operation_name: None,
        variables: Variables::default(),
        viewer: None,
        request_id: "test".into(),
        deadline: Instant::now() + patience,
    };
    serde_json::to_value(subgraph.execute(call).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_of_a_large_operation_is_one_batch() {
    let (subgraph, batches) = subgraph();
    let document = "{ node(id: 1) { children(count: 90) { children(count: 20) { id: __typename value } } } }";
    let answer = run(&subgraph, document, Duration::from_secs(20)).await;
    assert_eq!(answer["data"]["node"]["children"][89]["children"][19]["value"], 1_089_019);
    assert_eq!(*batches.lock().unwrap(), [1, 90, 1_800]);
}

#[tokio::test]
async fn an_operation_that_is_given_up_leaves_nobody_waiting_for_its_batch() {
    let (subgraph, batches) = subgraph();
    let busy = run(&subgraph, "{ node(id: 1) { value busy } }", Duration::from_millis(50));
    let other = run(&subgraph, "{ node(id: 2) { value } }", Duration::from_secs(20));
    let (busy, other) = tokio::join!(busy, other);
    assert_eq!(busy["errors"][0]["extensions"]["code"], "TIMEOUT");
    assert_eq!(other["data"]["node"]["value"], 2);
    assert_eq!(*batches.lock().unwrap(), [2]);
}
