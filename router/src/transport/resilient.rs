//! What is done about a subgraph that does not answer: queries are tried again within a budget, and one that never answers is
//! left alone for a while.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use metrics::{Counter, Gauge, counter, gauge};
use tokio::time::Instant;

use super::{Fetch, Fetched, SubgraphTransport, TransportError};
use crate::config::CallSettings;
use crate::meters::names::{BREAKER_OPEN, RETRIES};

/// The pause before the first retry; before the second it is twice as long, and so on.
const PAUSE: Duration = Duration::from_millis(20);
/// What a retry costs, and how many of them are in stock at the most.
const RETRY: i64 = 100;
const STOCK: i64 = 10 * RETRY;

/// Retries and a circuit breaker in front of one subgraph.
pub struct Resilient {
    subgraph: Arc<dyn SubgraphTransport>,
    name: String,
    timeout: Duration,
    retries: u32,
    retried: Counter,
    budget: Budget,
    breaker: Breaker,
}

impl Resilient {
    /// In front of this subgraph.
    pub fn new(name: &str, subgraph: Arc<dyn SubgraphTransport>, settings: &CallSettings) -> Self {
        Self {
            subgraph,
            name: name.to_owned(),
            timeout: settings.timeout_ms.duration(),
            retries: settings.retries,
            retried: counter!(RETRIES, "subgraph" => name.to_owned()),
            budget: Budget { stock: AtomicI64::new(STOCK), per_call: i64::from(settings.retry_percent) },
            breaker: Breaker::new(name, settings.breaker_failures, settings.breaker_open_ms.duration()),
        }
    }

    async fn once(&self, fetch: Fetch) -> Result<Fetched, TransportError> {
        let deadline = fetch.deadline.min(std::time::Instant::now() + self.timeout);
        let fetch = Fetch { deadline, ..fetch };
        let Some(admission) = self.breaker.admit() else {
            return Err(TransportError::LeftAlone);
        };
        let answer = tokio::time::timeout_at(deadline.into(), self.subgraph.fetch(fetch)).await;
        let answer = answer.unwrap_or(Err(TransportError::Timeout));
        let is_lost =
            matches!(answer, Err(TransportError::Unavailable(_) | TransportError::Tls(_) | TransportError::Timeout));
        if admission.settle(is_lost) {
            tracing::warn!(subgraph = self.name, "the subgraph does not answer; it is left alone for a while");
        }
        answer
    }
}

#[async_trait]
impl SubgraphTransport for Resilient {
    async fn fetch(&self, fetch: Fetch) -> Result<Fetched, TransportError> {
        self.budget.deposit();
        let retries = if fetch.document.is_query() { self.retries } else { 0 };
        for retry in 0..retries {
            match self.once(fetch.clone()).await {
                Err(TransportError::Unavailable(reason)) if !self.breaker.is_open() && self.budget.take() => {
                    tracing::debug!(subgraph = self.name, retry, reason, "a query is sent again");
                    self.retried.increment(1);
                    if let Some(span) = &fetch.context.span {
                        span.note("sent again");
                    }
                    tokio::time::sleep(PAUSE * 2_u32.saturating_pow(retry)).await;
                }
                answer => return answer,
            }
        }
        self.once(fetch).await
    }
}

impl fmt::Debug for Resilient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Resilient({})", self.name)
    }
}

/// Each call pays in, each retry takes out: when everything fails, retries add only a share to the load.
struct Budget {
    stock: AtomicI64,
    per_call: i64,
}

impl Budget {
    fn deposit(&self) {
        let _ = self.stock.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |stock| {
            (stock < STOCK).then_some((stock + self.per_call).min(STOCK))
        });
    }

    fn take(&self) -> bool {
        self.stock
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |stock| (stock >= RETRY).then_some(stock - RETRY))
            .is_ok()
    }
}

/// Closed until so many calls were lost one after the other; then open for a while; then one call decides.
struct Breaker {
    most_lost: u32,
    open_for: Duration,
    /// Shows whether it is open.
    shown: Gauge,
    state: Mutex<BreakerState>,
}

#[derive(Default)]
struct BreakerState {
    lost: u32,
    /// When the next call may try; `None` while closed.
    tries_at: Option<Instant>,
    is_trying: bool,
}

impl Breaker {
    fn new(subgraph: &str, most_lost: u32, open_for: Duration) -> Self {
        let shown = gauge!(BREAKER_OPEN, "subgraph" => subgraph.to_owned());
        shown.set(0.0);
        Self { most_lost, open_for, shown, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> bool {
        self.state().tries_at.is_some()
    }

    fn admit(&self) -> Option<Admission<'_>> {
        let mut state = self.state();
        match state.tries_at {
            None => Some(Admission { breaker: self, is_trial: false }),
            Some(at) if at <= Instant::now() && !state.is_trying => {
                state.is_trying = true;
                Some(Admission { breaker: self, is_trial: true })
            }
            Some(_) => None,
        }
    }
}

/// A call that was let through.
struct Admission<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
}

impl Admission<'_> {
    /// Says how it ended. Answers whether that opened the breaker.
    fn settle(self, is_lost: bool) -> bool {
        let mut state = self.breaker.state();
        if !is_lost {
            state.lost = 0;
            if state.tries_at.take().is_some() {
                self.breaker.shown.set(0.0);
            }
            return false;
        }
        state.lost = state.lost.saturating_add(1);
        let opens = self.is_trial || (self.breaker.most_lost > 0 && state.lost >= self.breaker.most_lost);
        if opens {
            state.tries_at = Some(Instant::now() + self.breaker.open_for);
            self.breaker.shown.set(1.0);
        }
        opens
    }
}

impl Drop for Admission<'_> {
    /// Also when the call was given up: the next one may try.
    fn drop(&mut self) {
        if self.is_trial {
            self.breaker.state().is_trying = false;
        }
    }
}
