use std::collections::BTreeMap;

use reel_config::{Millis, Secret};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Which requests are traced, and where their spans are sent (`telemetry.traces.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TracesSettings {
    /// A collector that takes OTLP over HTTP with protobuf: `http://127.0.0.1:4318`, or with a path other than `/v1/traces`.
    /// Nothing is traced without one.
    pub endpoint: Option<String>,
    /// What the process is called there, instead of what it is: `reelgraph-router`, `reelgraph-video`.
    pub service_name: Option<String>,
    /// The share of requests that is traced, from 0 to 1.
    #[serde(deserialize_with = "ratio")]
    pub sample_ratio: f64,
    /// Whether a client's `traceparent` decides instead, for a router behind something that samples itself.
    pub trust_clients: bool,
    /// Headers for the collector.
    pub headers: BTreeMap<String, Secret>,
    /// How long sending one batch may take, in milliseconds.
    pub timeout_ms: Millis,
    /// Spans that may wait to be sent; further ones are dropped.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub queue: usize,
    /// Spans that are sent together.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub batch: usize,
    /// How long a span may wait for others to be sent with, in milliseconds.
    pub delay_ms: Millis,
    /// How long sending what is left may take when the process stops, in milliseconds.
    pub flush_ms: Millis,
}

impl Default for TracesSettings {
    fn default() -> Self {
        Self {
            endpoint: None,
            service_name: None,
            sample_ratio: 0.1,
            trust_clients: false,
            headers: BTreeMap::new(),
            timeout_ms: Millis(5_000),
            queue: 8_192,
            batch: 512,
            delay_ms: Millis(1_000),
            flush_ms: Millis(3_000),
        }
    }
}

fn ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let ratio = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err(D::Error::custom("the share is a number from 0 to 1")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_between_nothing_and_everything() {
        let read = |ratio: &str| serde_json::from_str::<TracesSettings>(&format!("{{\"sample_ratio\":{ratio}}}"));
        for good in ["0", "0.25", "1", "1.0"] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in ["-0.1", "1.1", "2", "\"all\"", "null"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
