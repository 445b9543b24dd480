use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A duration that is written as whole seconds. Keys of this type end in `_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u64);

/// A duration that is written as whole milliseconds. Keys of this type end in `_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Seconds {
    /// The same duration for the standard library.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Millis {
    /// The same duration for the standard library.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}
