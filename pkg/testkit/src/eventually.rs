use std::time::Duration;

use tokio::time::Instant;

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `condition` holds: for what happens in the background and cannot be awaited.
///
/// # Panics
/// When it does not hold within ten seconds; `what` says in the message what was waited for.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for this: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
