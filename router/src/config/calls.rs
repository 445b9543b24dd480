//! Calls to subgraphs over HTTP (`router.subgraph_calls.*`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use reel_config::Millis;
use serde::Deserialize;

use super::AnswerCompression;

/// Calls to subgraphs over HTTP (`router.subgraph_calls.*`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubgraphCallSettings {
    /// What holds for every subgraph.
    pub all: CallSettings,
    /// What differs for single subgraphs, by name.
    pub by_name: BTreeMap<String, CallOverrides>,
}

impl SubgraphCallSettings {
    /// What holds for this subgraph.
    pub fn of(&self, name: &str) -> CallSettings {
        self.by_name.get(name).map_or_else(|| self.all.clone(), |overrides| overrides.over(&self.all))
    }
}

/// Writes the settings, and the same as overrides, from one list.
macro_rules! call_settings {
    ($($(#[$doc:meta])* $name:ident: $ty:ty = $default:expr;)*) => {
        /// How one subgraph is called.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct CallSettings {
            $($(#[$doc])* pub $name: $ty,)*
        }

        impl Default for CallSettings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        /// What differs for one subgraph.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct CallOverrides {
            $($(#[$doc])* pub $name: Option<$ty>,)*
        }

        impl CallOverrides {
            fn over(&self, all: &CallSettings) -> CallSettings {
                CallSettings { $($name: self.$name.clone().unwrap_or_else(|| all.$name.clone()),)* }
            }
        }
    };
}

call_settings! {
    /// How long one call may take, in milliseconds; the request's own deadline may be earlier.
    timeout_ms: Millis = Millis(10_000);
    /// How long connecting may take, in milliseconds.
    connect_timeout_ms: Millis = Millis(2_000);
    /// Calls under way at one time.
    connections: usize = 128;
    /// Calls that wait for one of those to end; further ones fail at once.
    queue: usize = 1_024;
    /// The largest answer, in bytes.
    answer_bytes: usize = 16 * 1024 * 1024;
    /// Whether it speaks HTTP/2 without TLS.
    http2: bool = false;
    /// A file with certificate authorities (PEM) that are trusted besides those of the platform, for `https://`.
    ca_file: Option<PathBuf> = None;
    /// When it may compress its answers: gzip, deflate, br or zstd. `answer_bytes` bounds them as they are unpacked.
    compression: AnswerCompression = AnswerCompression::Https;
    /// How often a query that got no answer is sent again. Mutations never are.
    retries: u32 = 1;
    /// How many further calls retries may add to a hundred; a small stock is there from the start.
    retry_percent: u32 = 10;
    /// After so many calls without an answer one after the other, calls fail at once for a while. 0 turns it off.
    breaker_failures: u32 = 20;
    /// How long, in milliseconds; then one call is let through to see.
    breaker_open_ms: Millis = Millis(1_000);
    /// Whether equal queries of the same viewer that are under way at the same time are sent once.
    deduplicate: bool = true;
}
