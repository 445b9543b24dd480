//! A client has to take what it is sent. One that reads nothing would otherwise keep its connection, its request and what
//! is on the way to it for ever.
//!
//! Over HTTP/1 that is a write which does not come to an end ([`Sending`]). Over HTTP/2 the client says how much it will
//! take of each stream, and that is a body of which the next piece is not asked for ([`Streams`]): only that stream ends.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::Executor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A connection on which writing fails when the client takes nothing for so long.
#[derive(Debug)]
pub(super) struct Sending<S> {
    stream: S,
    wait: Wait,
}

impl<S> Sending<S> {
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, wait: Wait::new(limit) }
    }

    fn bounded(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.wait.is_over();
            return written;
        }
        self.wait
            .poll_too_long(context)
            .map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sending<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sending<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.bounded(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

tokio::task_local! {
    /// The body that this task sends over HTTP/2.
    static BODY: Body;
}

/// What is known of a body on its way.
#[derive(Debug, Default)]
struct Body {
    /// How often a piece of it was asked for.
    asked: Cell<u64>,
    /// Whether a piece is on its way, so that the next one is not asked for before the client takes it.
    is_under_way: Cell<bool>,
}

/// Notes that a body was asked for its next piece, and whether it had one. It says nothing outside of HTTP/2.
pub(super) fn asked(has_piece: bool) {
    // There is no such task over HTTP/1.
    let _ = BODY.try_with(|body| {
        body.asked.set(body.asked.get() + 1);
        body.is_under_way.set(has_piece);
    });
}

/// Runs the streams of HTTP/2 connections, and ends one whose client takes nothing of it for so long.
#[derive(Debug, Clone)]
pub(super) struct Streams(pub(super) Duration);

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(BODY.scope(Body::default(), until_stalled(stream, self.0)));
    }
}

async fn until_stalled(stream: impl Future<Output = ()>, limit: Duration) {
    let (mut stream, mut wait, mut asked) = (pin!(stream), Wait::new(limit), 0);
    poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let (asked_now, is_under_way) = BODY.with(|body| (body.asked.get(), body.is_under_way.get()));
        if std::mem::replace(&mut asked, asked_now) != asked_now || !is_under_way {
            wait.is_over();
        }
        if !is_under_way {
            return Poll::Pending;
        }
        wait.poll_too_long(context).map(|()| tracing::debug!("an answer of which its client takes nothing is cut off"))
    })
    .await;
}

/// Waiting for a client, with a bound.
#[derive(Debug)]
struct Wait {
    limit: Duration,
    goes_on: bool,
    /// Kept from one wait to the next: large answers wait often.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Wait {
    fn new(limit: Duration) -> Self {
        Self { limit, goes_on: false, timer: None }
    }

    fn is_over(&mut self) {
        self.goes_on = false;
    }

    /// Begins to wait or waits on; ready when that has taken too long.
    fn poll_too_long(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if !std::mem::replace(&mut self.goes_on, true) {
            timer.set(tokio::time::sleep(limit));
        }
        timer.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_slowly_gets_everything_and_one_that_reads_nothing_ends_the_sending() {
        let (client, server) = tokio::io::duplex(8);
        let (mut client, mut server) = (client, Sending::new(server, LIMIT));
        let reading = tokio::spawn(async move {
            let mut read = [0; 8];
            for _ in 0..20 {
                tokio::time::sleep(LIMIT * 9 / 10).await;
                client.read_exact(&mut read).await.unwrap();
            }
            client
        });
        server.write_all(&[0; 8 * 20]).await.unwrap();
        let _client = reading.await.unwrap();
        // What was written before is no excuse, and neither is a long rest with nothing to send.
        tokio::time::sleep(LIMIT * 5).await;
        let begun = tokio::time::Instant::now();
        let error = server.write_all(&[0; 9]).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed().as_secs()), (io::ErrorKind::TimedOut, LIMIT.as_secs()));
    }
}
