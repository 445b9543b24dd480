use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

/// The background work of one process: each task runs until it is told to stop, and [`stop`](Self::stop) waits for
/// the step that it is in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tasks {
    stopping: watch::Sender<bool>,
    running: Arc<Mutex<JoinSet<()>>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { stopping: watch::Sender::new(false), running: Arc::default() }
    }
}

impl Tasks {
    /// Runs `step` every `period` until the tasks are stopped. The first step runs at once; a step that takes longer
    /// than the period delays the next one.
    pub fn every<F>(&self, period: Duration, mut step: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stopping = self.stopping.subscribe();
        let work = async move {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    // The guard of the watched value must not live across an await.
                    () = async { drop(stopping.wait_for(|stop| *stop).await) } => return,
                    _ = ticks.tick() => {}
                }
                step().await;
            }
        };
        self.running.lock().unwrap_or_else(PoisonError::into_inner).spawn(work);
    }

    /// Stops all tasks and waits until each has finished its current step, for `bound` at the most.
    pub async fn stop(&self, bound: Duration) {
        self.stopping.send_replace(true);
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        let finished = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(bound, finished).await.is_err() {
            tracing::warn!("background tasks were cut off after {bound:?}");
        }
    }
}
