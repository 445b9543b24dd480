//! Checks: each subgraph by itself, and the merged schema.

use crate::{compose::model::Merged, diagnostics::Report, model::Schema};

/// Checks each subgraph by itself.
pub(crate) fn subgraphs(_schemas: &[Schema], _report: &mut Report) {}

/// Checks what only the merged schema can show.
pub(crate) fn supergraph(_merged: &Merged, _report: &mut Report) {}
