//! The keys of an issuer over time: fetched again now and then, and when a token names one that is not known. The last good
//! ones stay in use for as long as no better ones can be had.

use std::sync::Arc;
use std::time::Duration;

use reel_error::ErrorCode;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::keys::{Keys, Signed};
use super::source::{NoKeys, Source};
use crate::config::{IssuerSettings, TokenAlgorithm};
use crate::meters::names::KEY_FETCHES;

/// Nobody is asked more often unbidden, whatever the settings say.
const SHORTEST_REFRESH: Duration = Duration::from_secs(1);
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// The keys as they are now.
#[derive(Debug)]
pub(super) struct KeyRing {
    state: watch::Receiver<State>,
    wanted: Arc<Notify>,
}

#[derive(Debug, Clone)]
struct State {
    keys: Arc<Keys>,
    /// How often they were fetched, successfully or not.
    fetches: u64,
    is_fetching: bool,
    /// Until when nobody has them fetched again.
    rests_until: Instant,
    /// Why the newest fetch failed.
    problem: Option<&'static str>,
}

/// Fetches keys until it is stopped.
#[derive(Debug)]
pub(super) struct RingTask {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

struct Watch {
    issuer: String,
    algorithms: Vec<TokenAlgorithm>,
    source: Source,
    state: watch::Sender<State>,
    wanted: Arc<Notify>,
    shortest: Duration,
    /// Between two fetches, the second after one that failed or for an unknown key.
    refresh: Duration,
    pause: Duration,
    timeout: Duration,
}

impl KeyRing {
    /// Fetches the keys for the first time, and goes on in the background.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) async fn start(settings: &IssuerSettings, source: Source) -> Result<(Self, RingTask), String> {
        let jwks = &settings.jwks;
        let is_file = matches!(source, Source::File(_));
        let shortest = if is_file { SHORTEST_POLL } else { SHORTEST_REFRESH };
        let state = State {
            keys: Arc::new(Keys::none()),
            fetches: 0,
            is_fetching: false,
            rests_until: Instant::now(),
            problem: None,
        };
        let wanted = Arc::new(Notify::new());
        let watch = Watch {
            issuer: settings.issuer.clone(),
            algorithms: settings.algorithms.clone(),
            source,
            state: watch::Sender::new(state),
            wanted: Arc::clone(&wanted),
            shortest,
            refresh: if is_file { jwks.poll_ms.duration() } else { jwks.refresh_s.duration() }.max(shortest),
            pause: if is_file { jwks.poll_ms.duration() } else { jwks.pause_s.duration() },
            timeout: jwks.timeout_ms.duration(),
        };
        let ring = Self { state: watch.state.subscribe(), wanted };
        if let Err(error) = watch.fetch().await
            && is_file
        {
            return Err(format!("{} ({})", error.reason, error.detail));
        }
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            stopped.run_until_cancelled(watch.run()).await;
        });
        Ok((ring, RingTask { stop, task }))
    }

    /// Whether one of the keys has signed this.
    ///
    /// # Errors
    /// When there are no keys at all.
    pub(super) async fn verify(&self, signed: &Signed<'_>) -> Result<bool, ErrorCode> {
        let keys = Arc::clone(&self.state.borrow().keys);
        let keys = if keys.know(signed) && !keys.is_empty() { keys } else { self.newer(keys).await };
        if keys.is_empty() { Err(ErrorCode::ServiceUnavailable) } else { Ok(keys.verify(signed)) }
    }

    /// Why the keys are not as new as they should be.
    pub(super) fn problem(&self) -> Option<&'static str> {
        self.state.borrow().problem
    }

    /// Waits for a fetch that is under way, or has one made unless there was one just now.
    async fn newer(&self, known: Arc<Keys>) -> Arc<Keys> {
        let mut state = self.state.clone();
        let seen = {
            let now = state.borrow();
            if !now.is_fetching && now.rests_until > Instant::now() {
                return known;
            }
            now.fetches
        };
        self.wanted.notify_one();
        // Fetches have a deadline, so this ends. When the watch has stopped, so has the router.
        match state.wait_for(|state| state.fetches > seen).await {
            Ok(state) => Arc::clone(&state.keys),
            Err(_) => known,
        }
    }
}

impl Watch {
    async fn run(self) {
        loop {
            let (pause, until) = {
                let state = self.state.borrow();
                let pause = if state.problem.is_some() { self.pause.max(self.shortest) } else { self.refresh };
                (pause.min(self.refresh), state.rests_until)
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.wanted.notified() => {
                    if until > Instant::now() {
                        // Whoever asked came just too late to wait for the fetch before.
                        continue;
                    }
                }
            }
            // What went wrong has been logged.
            let _ = self.fetch().await;
        }
    }

    async fn fetch(&self) -> Result<(), NoKeys> {
        self.state.send_modify(|state| state.is_fetching = true);
        let read = self.source.read(self.timeout).await.and_then(|text| {
            Keys::read(&text, &self.algorithms)
                .map_err(|reason| NoKeys { reason, detail: format!("{} bytes", text.len()) })
        });
        let (keys, problem) = match read {
            Ok(keys) => (Ok(Arc::new(keys)), None),
            Err(error) => {
                let problem = error.reason;
                (Err(error), Some(problem))
            }
        };
        self.report(&keys);
        self.state.send_modify(|state| {
            state.is_fetching = false;
            state.fetches += 1;
            state.rests_until = Instant::now() + self.pause;
            state.problem = problem;
            // The same ones go on with what they remember.
            if let Ok(keys) = &keys
                && !keys.are(&state.keys)
            {
                state.keys = Arc::clone(keys);
            }
        });
        keys.map(|_| ())
    }

    /// A failure that lasts is said once.
    fn report(&self, keys: &Result<Arc<Keys>, NoKeys>) {
        let outcome = if keys.is_ok() { "ok" } else { "failed" };
        metrics::counter!(KEY_FETCHES, "outcome" => outcome).increment(1);
        let before = self.state.borrow().problem;
        match keys {
            Err(NoKeys { reason, detail }) if before != Some(*reason) => {
                tracing::warn!(
                    issuer = self.issuer,
                    reason,
                    detail,
                    "no new keys of an issuer; the last ones stay in use"
                );
            }
            Ok(_) if before.is_some() => {
                tracing::info!(issuer = self.issuer, "the keys of an issuer are up to date again");
            }
            _ => {}
        }
    }
}

impl RingTask {
    /// Stops fetching, and returns when the task has ended.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the watch over an issuer's keys broke");
        }
    }
}
