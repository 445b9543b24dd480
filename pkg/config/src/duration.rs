use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::range::Range;

/// Nothing that is set lasts longer, so that a time can be added to any other without a check.
const TEN_YEARS_S: u64 = 10 * 365 * 24 * 3_600;

/// A duration that is written as whole seconds, from one to ten years. Keys of this type end in `_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Seconds(pub u64);

/// A duration that is written as whole milliseconds, from one to ten years. Keys of this type end in `_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Seconds {
    /// The same duration for the standard library.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// Reads a duration that may also be zero: with `#[serde(deserialize_with = "Seconds::or_zero")]`.
    ///
    /// # Errors
    /// When it is longer than ten years.
    pub fn or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Range { least: 0, most: TEN_YEARS_S }.read(deserializer).map(Self)
    }
}

impl Millis {
    /// The same duration for the standard library.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }

    /// Reads a duration that may also be zero: with `#[serde(deserialize_with = "Millis::or_zero")]`.
    ///
    /// # Errors
    /// When it is longer than ten years.
    pub fn or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Range { least: 0, most: TEN_YEARS_S * 1_000 }.read(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Range { least: 1, most: TEN_YEARS_S }.read(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Range { least: 1, most: TEN_YEARS_S * 1_000 }.read(deserializer).map(Self)
    }
}
