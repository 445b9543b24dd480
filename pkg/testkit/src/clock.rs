use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reel_id::Clock;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock {
    now_ms: AtomicI64,
}

impl TestClock {
    /// A clock that shows this time, in RFC 3339: `2026-01-01T08:00:00Z`.
    ///
    /// # Panics
    /// When the text is not a time.
    pub fn at(time: &str) -> Arc<Self> {
        let time = DateTime::parse_from_rfc3339(time).expect("a time such as 2026-01-01T08:00:00Z");
        Arc::new(Self { now_ms: AtomicI64::new(time.timestamp_millis()) })
    }

    /// Moves the clock on, with a precision of milliseconds.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).expect("a duration below 292 million years");
        self.now_ms.fetch_add(by, Ordering::SeqCst);
    }

    /// Sets the clock, backwards too, with a precision of milliseconds.
    pub fn set(&self, time: DateTime<Utc>) {
        self.now_ms.store(time.timestamp_millis(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now_ms.load(Ordering::SeqCst)).expect("a time within 292 million years")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_it_is_told_to() {
        let clock = TestClock::at("2026-01-01T08:00:00Z");
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_millis(1_500));
        assert_eq!((clock.now() - before).num_milliseconds(), 1_500);
        clock.set(before);
        assert_eq!(clock.now(), before);
    }
}
