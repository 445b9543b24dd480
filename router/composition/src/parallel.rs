//! Work for several cores, where a graph is large enough for it.

use std::{panic::resume_unwind, thread};

/// Fewer subgraphs than this are done before a thread has started.
const WORTH_A_THREAD: usize = 8;

/// Applies a function to every item, in the order of the items.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(items.len() / WORTH_A_THREAD);
    if threads < 2 {
        return items.into_iter().map(each).collect();
    }
    let share = items.len().div_ceil(threads);
    let mut rest = items;
    thread::scope(|scope| {
        let each = &each;
        let mut started = Vec::with_capacity(threads);
        while !rest.is_empty() {
            let later = rest.split_off(share.min(rest.len()));
            let part = std::mem::replace(&mut rest, later);
            started.push(scope.spawn(move || part.into_iter().map(each).collect::<Vec<_>>()));
        }
        started.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Does one thing beside another and returns what the first one made.
pub(crate) fn beside<R: Send>(subgraphs: usize, aside: impl FnOnce() -> R + Send, here: impl FnOnce()) -> R {
    if subgraphs < WORTH_A_THREAD {
        here();
        return aside();
    }
    thread::scope(|scope| {
        let aside = scope.spawn(aside);
        here();
        aside.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
