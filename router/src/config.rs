//! Settings of the router (`router.*`).

mod access;
mod calls;
mod compression;
mod documents;
mod headers;
mod limits;
mod supergraph;

use std::collections::BTreeMap;

use reel_config::{Millis, Seconds};
use serde::Deserialize;

pub use access::{AccessSettings, IssuerSettings, JwksSettings, TokenAlgorithm};
pub use calls::{CallOverrides, CallSettings, SubgraphCallSettings};
pub use compression::{AnswerCompression, CompressionSettings};
pub use documents::DocumentSettings;
pub use headers::{
    AnswerHeader, AnswerName, FixedValue, HeaderMerge, HeaderRules, InsertedHeader, PropagatedHeader, SentName,
    SubgraphHeaderSettings,
};
pub use limits::LimitSettings;
pub use supergraph::{ListedSubgraph, SupergraphSettings};

use crate::EngineSettings;

/// How the router speaks HTTP (`router.*`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouterSettings {
    /// What the deployment is for.
    pub profile: Profile,
    /// Which graph is served.
    pub supergraph: SupergraphSettings,
    /// The addresses of subgraphs by name, where they differ from those in the supergraph.
    pub subgraph_urls: BTreeMap<String, String>,
    /// Calls to subgraphs over HTTP.
    pub subgraph_calls: SubgraphCallSettings,
    /// Headers that pass between clients and subgraphs over HTTP.
    pub subgraph_headers: SubgraphHeaderSettings,
    /// Connections.
    pub http: HttpSettings,
    /// Compressed answers to clients.
    pub compression: CompressionSettings,
    /// Whose tokens are believed besides our own, and what becomes of requests for what a caller may not have.
    pub auth: AccessSettings,
    /// What one request may cost.
    pub limits: LimitSettings,
    /// Documents that requests may name by their hash.
    pub documents: DocumentSettings,
    /// The documented REST endpoints.
    pub rest: RestSettings,
    /// The GraphQL endpoint.
    pub graphql: GraphqlSettings,
    /// Files that clients send.
    pub uploads: UploadSettings,
    /// The list of ended logins.
    pub revocation: RevocationSettings,
}

/// What a deployment is for (`router.profile`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// People write clients: what `router.graphql` says is shown.
    #[default]
    Development,
    /// What helps to write clients is off together, whatever `router.graphql` says: GraphiQL, introspection, suggestions.
    Production,
}

/// Connections (`router.http.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// How long a client may take to send the head of a request, in seconds. It also bounds an idle connection.
    pub header_timeout_s: Seconds,
    /// How long a client may take nothing of an answer before it is cut off, in seconds.
    pub send_timeout_s: Seconds,
    /// Open connections at one time; further ones wait.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_connections: usize,
    /// Requests served at one time; further ones are answered with 503.
    #[serde(deserialize_with = "reel_config::above_zero")]
    pub max_in_flight: usize,
    /// How long running requests may take to finish when the process stops, in seconds.
    #[serde(deserialize_with = "Seconds::or_zero")]
    pub drain_s: Seconds,
    /// Web pages that may call us from another origin, for example `https://app.example.com`. None by default.
    pub cors_origins: Vec<String>,
}

/// The documented REST endpoints (`router.rest.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RestSettings {
    /// Whether there are any. They need the graph of Reelgraph.
    pub enabled: bool,
    /// Whether the public reads (profiles, lists, search) answer without a token.
    pub public_reads_open: bool,
    /// Whether failures carry a 4xx or 5xx status; by default they are HTTP 200 with a code in the envelope.
    pub failures_use_status: bool,
    /// The offset of the times in answers from UTC, in minutes.
    pub time_offset_minutes: i32,
}

/// The GraphQL endpoint (`router.graphql.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GraphqlSettings {
    /// Whether a browser gets GraphiQL at `/graphql`.
    pub graphiql: bool,
    /// Whether clients may ask for the schema.
    pub introspection: bool,
    /// Whether errors suggest what the client may have meant ("Did you mean …").
    pub suggestions: bool,
}

/// Files that clients send (`router.uploads.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UploadSettings {
    /// The largest video, in bytes.
    pub video_limit_bytes: u64,
    /// The largest image, in bytes.
    pub image_limit_bytes: u64,
    /// How long one upload may take, in seconds.
    pub timeout_s: Seconds,
    /// How long an upload may stand still, in seconds.
    pub idle_timeout_s: Seconds,
}

/// How the router learns which logins have ended (`router.revocation.*`).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RevocationSettings {
    /// How often the user domain is asked, in milliseconds. An ended login is refused everywhere within a second.
    pub poll_ms: Millis,
    /// Without an answer for this long, in milliseconds, the router says that it is not ready.
    pub stale_after_ms: Millis,
}

impl RouterSettings {
    /// What the GraphQL endpoint shows in this profile.
    pub fn shown(&self) -> GraphqlSettings {
        match self.profile {
            Profile::Development => self.graphql.clone(),
            Profile::Production => GraphqlSettings { graphiql: false, introspection: false, suggestions: false },
        }
    }

    /// What the engine needs of them.
    pub fn engine(&self) -> EngineSettings {
        let shown = self.shown();
        EngineSettings {
            limits: self.limits.of_documents(),
            execution: self.limits.of_executions(),
            introspection: shown.introspection,
            suggestions: shown.suggestions,
            on_denied: self.auth.on_denied,
            plan_cache_entries: self.supergraph.plans as u64,
            ..EngineSettings::default()
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            header_timeout_s: Seconds(30),
            send_timeout_s: Seconds(60),
            max_connections: 10_000,
            max_in_flight: 2_000,
            drain_s: Seconds(20),
            cors_origins: Vec::new(),
        }
    }
}

impl Default for RestSettings {
    fn default() -> Self {
        Self { enabled: true, public_reads_open: false, failures_use_status: false, time_offset_minutes: 8 * 60 }
    }
}

impl Default for GraphqlSettings {
    fn default() -> Self {
        Self { graphiql: true, introspection: true, suggestions: true }
    }
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            video_limit_bytes: 200 * 1024 * 1024,
            image_limit_bytes: 8 * 1024 * 1024,
            timeout_s: Seconds(600),
            idle_timeout_s: Seconds(30),
        }
    }
}

impl Default for RevocationSettings {
    fn default() -> Self {
        Self { poll_ms: Millis(250), stale_after_ms: Millis(5_000) }
    }
}
