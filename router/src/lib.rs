//! The router: one graph in front of many subgraphs. It knows no database and no subgraph of its own.
//!
//! A request goes down through [`pipeline`] (parse, limits, validate, authorize, plan) and [`executor`] (fetch, merge,
//! project); [`transport`] is the only way to a subgraph. [`Engine`] is these together.

pub mod auth;
mod condition;
pub mod config;
mod documents;
pub mod engine;
mod error;
pub mod executor;
pub mod explanation;
mod grants;
pub mod graph;
mod headers;
pub mod http;
mod introspection;
mod meters;
mod path;
pub mod pipeline;
pub mod planner;
pub mod reload;
mod rest;
pub mod schema;
pub mod transport;

pub use documents::SharedDocuments;
pub use engine::{Engine, EngineError, EngineSettings, GraphqlRequest, GraphqlResponse, PreparedOperation};
pub use error::GraphqlError;
pub use executor::ExecutedOperation;
pub use explanation::Explanation;
pub use grants::{GrantedNames, Grants};
pub use path::PathSegment;
pub use rest::openapi;
