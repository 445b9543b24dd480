use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::Failure;

/// Becomes true once, when the process is asked to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Returns when the process is asked to stop.
    pub(crate) async fn requested(&self) {
        // The sender lives in a task that ends only after it has sent.
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }
}

/// Listens for Ctrl-C and SIGTERM. Taken first thing, so that a signal during the start is not lost.
///
/// # Errors
/// When the operating system refuses to register the signals.
pub(crate) fn stop_signal() -> Result<Stop, Failure> {
    let (sender, receiver) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::internal)?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        sender.send_replace(true);
    });
    Ok(Stop(receiver))
}
