//! Equal queries that are under way at the same time are sent once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql_value::Name;
use async_trait::async_trait;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use hashbrown::HashMap;
use metrics::{Counter, counter};
use reel_auth::Viewer;

use super::{Fetch, Fetched, PassedHeaders, SubgraphDocument, SubgraphTransport, TransportError};
use crate::meters::names::DEDUPLICATED;

type Answer = Result<Fetched, TransportError>;
type Running = Shared<BoxFuture<'static, Answer>>;

/// Sends equal queries of the same viewer once while the first of them is under way. Never across viewers or other headers
/// of the client, because every call carries them; never mutations; never a query from after a mutation together with one
/// from before it; and an answer that sets a cookie is for one alone.
pub struct Deduplicated {
    subgraph: Arc<dyn SubgraphTransport>,
    shared: Arc<Board>,
    spared: Counter,
}

/// What is under way.
#[derive(Default)]
struct Board {
    running: Mutex<HashMap<Arc<Key>, Entry>>,
    entries: AtomicU64,
    /// Grows when a mutation begins and when it ends.
    epoch: AtomicU64,
}

struct Entry {
    number: u64,
    /// Weak: a call that nobody waits for any more is given up.
    answer: WeakShared<BoxFuture<'static, Answer>>,
}

/// What makes two queries equal.
struct Key {
    document: Arc<SubgraphDocument>,
    /// The client's variables as JSON.
    variables: Vec<u8>,
    entities: Vec<(Name, Bytes)>,
    viewer: Option<Viewer>,
    headers: PassedHeaders,
    epoch: u64,
}

impl Deduplicated {
    /// In front of this subgraph.
    pub fn new(name: &str, subgraph: Arc<dyn SubgraphTransport>) -> Self {
        Self { subgraph, shared: Arc::default(), spared: counter!(DEDUPLICATED, "subgraph" => name.to_owned()) }
    }

    /// The call that answers this fetch, and whether somebody else began it.
    fn join(&self, fetch: &Fetch, variables: Vec<u8>) -> (Running, bool) {
        let key = Arc::new(Key {
            document: Arc::clone(&fetch.document),
            variables,
            entities: fetch.entities.clone(),
            viewer: fetch.context.viewer,
            headers: fetch.headers.clone(),
            epoch: self.shared.epoch.load(Ordering::SeqCst),
        });
        let mut running = self.shared.running();
        if let Some(answer) = running.get(&key).and_then(|entry| entry.answer.upgrade()) {
            return (answer, true);
        }
        let number = self.shared.entries.fetch_add(1, Ordering::Relaxed);
        let place = Place { board: Arc::clone(&self.shared), key: Arc::clone(&key), number };
        let (subgraph, fetch) = (Arc::clone(&self.subgraph), fetch.clone());
        let call = async move {
            // Gone before the answer is handed out, so that an answer which nobody shares need not be copied.
            let place = place;
            let answer = subgraph.fetch(fetch).await;
            drop(place);
            answer
        };
        let answer = call.boxed().shared();
        if let Some(weak) = answer.downgrade() {
            running.insert(key, Entry { number, answer: weak });
        }
        (answer, false)
    }
}

#[async_trait]
impl SubgraphTransport for Deduplicated {
    async fn fetch(&self, fetch: Fetch) -> Answer {
        if !fetch.document.is_query() {
            let _mutation = self.shared.mutation();
            return self.subgraph.fetch(fetch).await;
        }
        let Ok(variables) = serde_json::to_vec(&fetch.variables) else {
            return self.subgraph.fetch(fetch).await;
        };
        let (running, is_shared) = self.join(&fetch, variables);
        match running.await {
            // The one who began may have had less time.
            Err(TransportError::Timeout) if is_shared && fetch.deadline > std::time::Instant::now() => {
                self.subgraph.fetch(fetch).await
            }
            Ok(answer) if is_shared && answer.sets_cookie() => self.subgraph.fetch(fetch).await,
            answer => {
                if is_shared {
                    self.spared.increment(1);
                    if let Some(span) = &fetch.context.span {
                        span.set("subgraph.fetch.deduplicated", true);
                    }
                }
                answer
            }
        }
    }
}

impl Board {
    fn running(&self) -> MutexGuard<'_, HashMap<Arc<Key>, Entry>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mutation(&self) -> Mutation<'_> {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        Mutation(self)
    }
}

/// A mutation that is under way. When it ends, however it ends, what was asked before is old.
struct Mutation<'a>(&'a Board);

impl Drop for Mutation<'_> {
    fn drop(&mut self) {
        self.0.epoch.fetch_add(1, Ordering::SeqCst);
    }
}

/// A call's place on the board; it is free again when the call has ended or was given up.
struct Place {
    board: Arc<Board>,
    key: Arc<Key>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.board.running();
        if running.get(&self.key).is_some_and(|entry| entry.number == self.number) {
            running.remove(&self.key);
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.viewer == other.viewer
            && self.epoch == other.epoch
            && self.headers == other.headers
            && self.variables == other.variables
            && self.entities == other.entities
            && (Arc::ptr_eq(&self.document, &other.document) || self.document.text() == other.document.text())
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.document.text().len(), &self.variables, &self.entities, self.viewer, &self.headers, self.epoch)
            .hash(state);
    }
}

impl fmt::Debug for Deduplicated {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Deduplicated({} under way)", self.shared.running().len())
    }
}
