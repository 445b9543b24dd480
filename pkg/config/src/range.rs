use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

/// Reads a count of which there has to be one at least: with `#[serde(deserialize_with = "reel_config::above_zero")]`.
///
/// # Errors
/// When it is zero, or does not fit into 32 bits: more than that is a mistake.
pub fn above_zero<'de, D: Deserializer<'de>, T: TryFrom<u32>>(deserializer: D) -> Result<T, D::Error> {
    let count = Range { least: 1, most: u32::MAX.into() }.read(deserializer)?;
    let count = u32::try_from(count).ok().and_then(|count| T::try_from(count).ok());
    count.ok_or_else(|| D::Error::custom("the number is too large"))
}

/// The whole numbers that a setting may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Range {
    pub(crate) fn read<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_u64(self)
    }
}

/// A visitor rather than a check afterwards, because only what a visitor says is reported with the place of the value.
impl Visitor<'_> for Range {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from {} to {}", self.least, self.most)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        if (self.least..=self.most).contains(&number) {
            return Ok(number);
        }
        Err(E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}
