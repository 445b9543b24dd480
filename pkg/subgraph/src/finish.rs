use std::future::Future;

use reel_error::{Error, Result};
use tokio::sync::oneshot;

/// Runs `work` to its end in a task of its own, also when this future is dropped, so that nothing is left half done. What
/// it made is handed to `undo` when nobody waits for it any more.
///
/// # Errors
/// What `work` returned, or an internal error when it panicked.
pub async fn finish_or_undo<T, U>(
    work: impl Future<Output = Result<T>> + Send + 'static,
    undo: impl FnOnce(T) -> U + Send + 'static,
) -> Result<T>
where
    T: Send + 'static,
    U: Future<Output = ()> + Send,
{
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(Ok(unheard)) = sender.send(work.await) {
            undo(unheard).await;
        }
    });
    receiver.await.map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_somebody_waits_for_is_answered_and_not_undone() {
        let (undone, heard) = oneshot::channel();
        let made = finish_or_undo(async { Ok(7) }, |made: i32| async move { undone.send(made).unwrap() }).await;
        assert_eq!(made.ok(), Some(7));
        assert!(heard.await.is_err(), "the undoing was dropped unused");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_finished_and_undone() {
        let (begun, begin) = oneshot::channel();
        let (go_on, end) = oneshot::channel::<()>();
        let (undone, heard) = oneshot::channel();
        let work = async move {
            begun.send(()).unwrap();
            end.await.unwrap();
            Ok(7)
        };
        let waiting = tokio::spawn(finish_or_undo(work, |made: i32| async move { undone.send(made).unwrap() }));
        assert!(begin.await.is_ok());
        waiting.abort();
        assert!(waiting.await.is_err_and(|error| error.is_cancelled()));
        assert!(go_on.send(()).is_ok(), "the work goes on");
        assert_eq!(heard.await.ok(), Some(7));
    }
}
