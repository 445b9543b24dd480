//! Federation composition: the schemas of several subgraphs become one supergraph.
//!
//! [`compose`] is a pure function from text to text. It runs in phases, and the folders are named after them:
//! `ingest` reads each subgraph's SDL into a plain model (imports resolved, extensions folded in), `validate`
//! checks each subgraph by itself, `compose/` merges them type by type, `validate` looks at the
//! result, `satisfiability` asks whether every field can be reached, and `emit` prints the supergraph (join and
//! link specifications) and the API schema.
//!
//! `@context` and `@fromContext` are checked and emitted (join v0.5, only where they are used), with one limit outside
//! this crate: the planner that Reelgraph's router uses does not know contextual arguments yet, so only other routers
//! can serve such a supergraph.
//!
//! Nothing stops at the first mistake: every phase collects its [`Diagnostic`]s, and composition ends after the first
//! phase that found an error (reading and checking single subgraphs are one). The same input gives the same output,
//! whatever the order of the subgraphs.

mod compose;
mod diagnostics;
mod emit;
mod field_set;
mod ingest;
mod map;
mod model;
mod nesting;
mod parallel;
mod satisfiability;
mod spec;
mod validate;

pub use diagnostics::{Code, Diagnostic, Place, Severity};

use diagnostics::Report;

/// One subgraph as it is handed to composition.
#[derive(Clone, Debug)]
pub struct Subgraph {
    /// Its name: unique in the graph, and what planners call it.
    pub name: String,
    /// Where it is served; copied into the supergraph, empty when unknown.
    pub url: Option<String>,
    /// Its schema, as `_service { sdl }` answers it.
    pub sdl: String,
}

/// What composition makes of subgraphs that fit together.
#[derive(Clone, Debug)]
pub struct Supergraph {
    /// The schema for routers, with join and link directives.
    pub supergraph_sdl: String,
    /// The schema for clients: no federation directives, nothing inaccessible.
    pub api_sdl: String,
    /// What works but deserves a look.
    pub hints: Vec<Diagnostic>,
}

/// Composes subgraphs into one supergraph.
///
/// # Errors
///
/// Every error that the first failing phase found, with the places in the subgraphs that cause it.
pub fn compose(subgraphs: &[Subgraph]) -> Result<Supergraph, Vec<Diagnostic>> {
    let mut report = Report::default();
    let schemas = ingest::ingest(subgraphs, &mut report);
    if schemas.len() < subgraphs.len() {
        // What cannot be parsed cannot be checked any further.
        report.checkpoint()?;
    }
    validate::subgraphs(&schemas, &mut report);
    report.checkpoint()?;
    let merged = compose::merge(&schemas, &mut report);
    report.checkpoint()?;
    validate::supergraph(&merged, &schemas, &mut report);
    report.checkpoint()?;
    let (supergraph_sdl, api_sdl) = parallel::beside(
        schemas.len(),
        || (emit::supergraph(&merged), emit::api(&merged)),
        || satisfiability::check(&merged, &schemas, &mut report),
    );
    report.checkpoint()?;
    Ok(Supergraph { supergraph_sdl, api_sdl, hints: report.into_hints() })
}
