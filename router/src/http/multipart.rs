//! Reading `multipart/form-data` that may be much larger than memory.
//!
//! The parser takes all that its source has ready before it gives anything away, and holds what it cannot make sense
//! of. So the source is paced, one chunk at a time, and what the parser may hold is bounded.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use multer::{Field, Multipart};

/// How much the parser may hold before it has to give something away. A chunk from the network is far smaller.
const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// The parts of a body, one after the other.
#[derive(Debug)]
pub(crate) struct Parts {
    parser: Multipart<'static>,
    held: Held,
}

/// One part.
#[derive(Debug)]
pub(crate) struct Part {
    field: Field<'static>,
    held: Held,
}

/// The body is not a multipart body, or was broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// How many bytes went into the parser since it last gave something away.
type Held = Arc<AtomicUsize>;

impl Parts {
    pub(crate) fn new(body: Body, boundary: String) -> Self {
        let held = Held::default();
        let source = Paced { body: body.into_data_stream(), rest: false, held: Arc::clone(&held) };
        Self { parser: Multipart::new(source, boundary), held }
    }

    /// The next part; what is left of the one before is skipped.
    pub(crate) async fn next(&mut self) -> Result<Option<Part>, Malformed> {
        let field = self.parser.next_field().await.map_err(|_| Malformed)?;
        self.held.store(0, Ordering::Relaxed);
        Ok(field.map(|field| Part { field, held: Arc::clone(&self.held) }))
    }
}

impl Part {
    pub(crate) fn name(&self) -> Option<&str> {
        self.field.name()
    }

    pub(crate) fn is_file(&self) -> bool {
        self.field.file_name().is_some()
    }

    /// The next bytes of the part.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Malformed> {
        let chunk = self.field.chunk().await.map_err(|_| Malformed)?;
        self.held.store(0, Ordering::Relaxed);
        Ok(chunk)
    }

    /// The bytes of the part, as they arrive.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Malformed>> + Send + 'static {
        let held = self.held;
        self.field.map(move |chunk| {
            held.store(0, Ordering::Relaxed);
            chunk.map_err(|_| Malformed)
        })
    }
}

struct Paced {
    body: BodyDataStream,
    /// Whether to rest once, so that the parser works off the chunk that it just got.
    rest: bool,
    held: Held,
}

impl Stream for Paced {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let chunk = match std::task::ready!(self.body.poll_next_unpin(context)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(std::io::Error::other(error)))),
            Some(Ok(chunk)) => chunk,
        };
        let held = self.held.fetch_add(chunk.len(), Ordering::Relaxed);
        if held > MAX_HELD_BYTES {
            return Poll::Ready(Some(Err(std::io::Error::other("the head of a part does not end"))));
        }
        self.rest = true;
        Poll::Ready(Some(Ok(chunk)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endless(beginning: &'static str) -> Parts {
        let start = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(beginning.as_bytes()))]);
        let more = futures::stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 64 * 1024])));
        Parts::new(Body::from_stream(start.chain(more)), "b".into())
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_given_up() {
        for beginning in ["", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=\""] {
            assert!(endless(beginning).next().await.is_err(), "{beginning:?}");
        }
    }

    #[tokio::test]
    async fn a_large_part_is_given_away_as_it_arrives() {
        let mut parts = endless("--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n");
        let mut part = parts.next().await.unwrap().unwrap();
        let mut total = 0;
        while total < 10 * MAX_HELD_BYTES {
            let chunk = part.chunk().await.unwrap().unwrap();
            assert!(chunk.len() <= 3 * 64 * 1024, "{} bytes were held", chunk.len());
            total += chunk.len();
        }
    }
}
