use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use crate::Clock;

/// Milliseconds between the Unix epoch and 2020-01-01T00:00:00Z, where our ids begin.
const EPOCH_MS: i64 = 1_577_836_800_000;
const NODE_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
const MAX_NODE: u16 = (1 << NODE_BITS) - 1;
const MAX_SEQUENCE: u16 = (1 << SEQUENCE_BITS) - 1;

/// A 63-bit id: 41 bits of milliseconds since 2020, 10 bits of node, 12 bits of sequence. Later ids are larger.
pub type Snowflake = i64;

/// The moment that an id holds, to the millisecond.
pub fn time_of(id: Snowflake) -> DateTime<Utc> {
    let millis = (id.max(0) >> (NODE_BITS + SEQUENCE_BITS)) + EPOCH_MS;
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The smallest id of the first whole millisecond at or after this moment: ids made at or after it are not below.
pub fn first_id_at(time: DateTime<Utc>) -> Snowflake {
    let begun = i64::from(!time.timestamp_subsec_nanos().is_multiple_of(1_000_000));
    let millis = time.timestamp_millis().saturating_add(begun).saturating_sub(EPOCH_MS);
    millis.clamp(0, i64::MAX >> (NODE_BITS + SEQUENCE_BITS)) << (NODE_BITS + SEQUENCE_BITS)
}

/// Makes snowflakes for one process.
///
/// Ids of one generator strictly increase, even when the clock steps back: it then goes on from the last
/// millisecond it used. Two processes that make ids of the same entity need different nodes.
#[derive(Debug)]
pub struct IdGenerator {
    clock: Arc<dyn Clock>,
    node: u16,
    last: Mutex<(i64, u16)>,
}

/// The node number does not fit its 10 bits.
#[derive(Debug, thiserror::Error)]
#[error("node id {0} is out of range: use 0 to {MAX_NODE}")]
pub struct NodeIdError(pub u16);

impl IdGenerator {
    /// A generator for the process with this node number (0 to 1023).
    ///
    /// # Errors
    /// When `node` is above 1023.
    pub fn new(clock: Arc<dyn Clock>, node: u16) -> Result<Self, NodeIdError> {
        if node > MAX_NODE {
            return Err(NodeIdError(node));
        }
        Ok(Self { clock, node, last: Mutex::new((0, 0)) })
    }

    /// The next id, of whichever entity is asked for: `let id: VideoId = ids.next();`.
    pub fn next<T: From<Snowflake>>(&self) -> T {
        T::from(self.next_raw())
    }

    fn next_raw(&self) -> Snowflake {
        let now = (self.clock.now_ms() - EPOCH_MS).max(0);
        // A poisoned lock still holds a valid last value: every update is a single assignment.
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = match *last {
            (millis, _) if now > millis => (now, 0),
            // More than 4096 ids in a millisecond borrow from the next one rather than wait.
            (millis, MAX_SEQUENCE) => (millis + 1, 0),
            (millis, sequence) => (millis, sequence + 1),
        };
        let (millis, sequence) = *last;
        (millis << (NODE_BITS + SEQUENCE_BITS)) | (i64::from(self.node) << SEQUENCE_BITS) | i64::from(sequence)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::SystemClock;

    #[derive(Debug)]
    struct Frozen;

    impl Clock for Frozen {
        fn now(&self) -> DateTime<Utc> {
            DateTime::from_timestamp_millis(EPOCH_MS + 5).unwrap()
        }
    }

    #[test]
    fn ids_of_one_generator_increase_though_the_clock_stands_still() {
        let ids = IdGenerator::new(Arc::new(Frozen), 3).unwrap();
        let made: Vec<i64> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert_eq!(made[0], (5 << 22) | (3 << 12));
    }

    #[test]
    fn an_id_tells_its_moment_and_a_moment_its_first_id() {
        let id: i64 = IdGenerator::new(Arc::new(Frozen), 3).unwrap().next();
        let moment = Frozen.now();
        assert_eq!(time_of(id), moment);
        assert!(first_id_at(moment) <= id && id < first_id_at(moment + chrono::Duration::milliseconds(1)));
        assert_eq!(first_id_at(moment + chrono::Duration::nanoseconds(1)), 6 << 22);
        assert_eq!(first_id_at(DateTime::<Utc>::MIN_UTC), 0);
        assert!(first_id_at(DateTime::<Utc>::MAX_UTC) > id);
    }

    #[test]
    fn threads_never_get_the_same_id() {
        let ids = IdGenerator::new(Arc::new(SystemClock), 0).unwrap();
        let made: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..5_000).map(|_| ids.next()).collect::<Vec<i64>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), 20_000);
    }

    #[test]
    fn a_node_beyond_ten_bits_is_refused() {
        assert!(IdGenerator::new(Arc::new(SystemClock), 1023).is_ok());
        assert!(IdGenerator::new(Arc::new(SystemClock), 1024).is_err());
    }
}
