//! When a data loader's batch is sent: as soon as the operation that asks for it can do nothing else, and not before.
//!
//! async-graphql's loaders wait for a fixed time instead. A large page takes longer than that to ask for all of its
//! keys, so its batch breaks into several statements, while a small one waits for nothing.
//!
//! Here each operation holds back the batches that it starts. It is polled until it waits for something that only
//! others can bring; then its batches are sent, with every key that was asked for by then.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_graphql::dataloader::DataLoader;
use futures::future::BoxFuture;
use futures::task::AtomicWaker;
use tracing::Instrument as _;

/// How often an operation is polled in a row before others get their turn.
const POLLS_IN_A_ROW: usize = 32;

type Batch = BoxFuture<'static, ()>;

tokio::task_local! {
    static HELD_BACK: Arc<HeldBack>;
}

/// A data loader whose batches hold everything that one step of an operation asks for, up to `max_batch_size` keys.
pub fn loader<T>(load: T, max_batch_size: usize) -> DataLoader<T> {
    DataLoader::new(load, start).delay(Duration::ZERO).max_batch_size(max_batch_size)
}

fn start(batch: Batch) {
    let held_back = HELD_BACK.try_with(Arc::clone);
    match held_back {
        Ok(held_back) => held_back.push(batch),
        Err(_) => send(batch),
    }
}

/// Without a runtime the process is ending, and nobody waits for the batch any more.
fn send(batch: Batch) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(batch.in_current_span());
    }
}

/// The batches that an operation has started and not sent yet.
#[derive(Default)]
struct HeldBack(Mutex<Vec<Batch>>);

impl HeldBack {
    fn push(&self, batch: Batch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    }

    fn send_all(&self) {
        let batches = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        batches.into_iter().for_each(send);
    }
}

/// Other operations may wait for keys in these batches, so they are sent even if this operation is given up.
impl Drop for HeldBack {
    fn drop(&mut self) {
        self.send_all();
    }
}

/// An operation that sends its batches whenever it can do nothing else.
pub(crate) struct Batching<T> {
    operation: BoxFuture<'static, T>,
    held_back: Arc<HeldBack>,
    wakes: Arc<Wakes>,
}

impl<T> Batching<T> {
    pub(crate) fn new(operation: BoxFuture<'static, T>) -> Self {
        Self { operation, held_back: Arc::default(), wakes: Arc::default() }
    }
}

impl<T> Future for Batching<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.wakes.outer.register(context.waker());
        let waker = Waker::from(self.wakes.clone());
        for _ in 0..POLLS_IN_A_ROW {
            self.wakes.woken.store(false, Ordering::SeqCst);
            let held_back = self.held_back.clone();
            let operation = &mut self.operation;
            let outcome = HELD_BACK.sync_scope(held_back, || operation.as_mut().poll(&mut Context::from_waker(&waker)));
            if outcome.is_pending() && self.wakes.woken.load(Ordering::SeqCst) {
                continue;
            }
            self.held_back.send_all();
            return outcome;
        }
        // It has woken itself, and with it this task, so it goes on after the others.
        Poll::Pending
    }
}

/// Tells whether the operation has more to do: many futures in one wake themselves instead of working for long.
#[derive(Default)]
struct Wakes {
    woken: AtomicBool,
    outer: AtomicWaker,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.outer.wake();
    }
}
