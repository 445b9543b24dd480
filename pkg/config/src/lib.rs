//! Settings: one YAML file, overridden key by key by the environment, read once at start and strictly.
//!
//! Each crate defines its own documented settings struct; the app composes them into one and calls [`load`].
//! Those structs carry `#[serde(default, deny_unknown_fields)]`, so that an unknown key is an error that names the key
//! and where it came from. Building blocks for them: [`Secret`] for what must never be printed, [`Seconds`] and
//! [`Millis`] for durations, whose unit is part of the key's name (`access_ttl_s`, `acquire_timeout_ms`), and
//! [`above_zero`] for counts.

mod duration;
mod environment;
mod error;
mod load;
mod range;
mod secret;

pub use duration::{Millis, Seconds};
pub use error::ConfigError;
pub use load::{load, load_from};
pub use range::above_zero;
pub use secret::Secret;
