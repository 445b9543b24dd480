//! Every metric of the router by its name.

pub(crate) const OPERATIONS: &str = "reelgraph_operations_total";
pub(crate) const OPERATION_DURATION: &str = "reelgraph_operation_duration_seconds";
pub(crate) const FETCHES: &str = "reelgraph_subgraph_fetches_total";
pub(crate) const FETCH_DURATION: &str = "reelgraph_subgraph_fetch_duration_seconds";
pub(crate) const DEDUPLICATED: &str = "reelgraph_subgraph_deduplicated_total";
pub(crate) const RETRIES: &str = "reelgraph_subgraph_retries_total";
pub(crate) const BREAKER_OPEN: &str = "reelgraph_subgraph_breaker_open";
pub(crate) const PLAN_LOOKUPS: &str = "reelgraph_plan_cache_lookups_total";
pub(crate) const PLAN_ENTRIES: &str = "reelgraph_plan_cache_entries";
pub(crate) const PLANNED: &str = "reelgraph_operations_planned_total";
pub(crate) const AUTOMATIC_DOCUMENTS: &str = "reelgraph_automatic_documents_total";
pub(crate) const SHARED_DOCUMENTS: &str = "reelgraph_shared_documents_total";
pub(crate) const LIMITS_HIT: &str = "reelgraph_limits_hit_total";
pub(crate) const REQUESTS_SHED: &str = "reelgraph_requests_shed_total";
pub(crate) const RELOADS: &str = "reelgraph_supergraph_reloads_total";
pub(crate) const KEY_FETCHES: &str = "reelgraph_jwks_fetches_total";

/// What each of them says.
const TEXTS: [(&str, &str); 16] = [
    (OPERATIONS, "Operations of clients, by the names of trusted documents."),
    (OPERATION_DURATION, "Time from knowing an operation to its answer."),
    (FETCHES, "Fetches from subgraphs, retries not counted apart."),
    (FETCH_DURATION, "Time from a fetch to its answer, waiting and retries included."),
    (DEDUPLICATED, "Fetches that were answered by an equal one that was under way."),
    (RETRIES, "Queries that were sent to a subgraph again."),
    (BREAKER_OPEN, "1 while a subgraph is left alone because it does not answer, else 0."),
    (PLAN_LOOKUPS, "Operations that were looked up among the planned ones."),
    (PLAN_ENTRIES, "Planned operations that are kept."),
    (PLANNED, "Operations that were planned."),
    (AUTOMATIC_DOCUMENTS, "Requests about automatic persisted queries."),
    (SHARED_DOCUMENTS, "Automatic persisted queries that were looked up in Redis."),
    (LIMITS_HIT, "Requests that were refused or cut short by a limit, by its error code."),
    (REQUESTS_SHED, "Requests that were refused because too many were under way."),
    (RELOADS, "Attempts to serve another supergraph."),
    (KEY_FETCHES, "Fetches of the keys of issuers."),
];

/// Explains them to whoever reads `/metrics`.
pub(crate) fn describe() {
    for (name, text) in TEXTS {
        if name.ends_with("_total") {
            metrics::describe_counter!(name, text);
        } else if name.ends_with("_seconds") {
            metrics::describe_histogram!(name, metrics::Unit::Seconds, text);
        } else {
            metrics::describe_gauge!(name, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_the_router_lists_every_metric() {
        let page = include_str!("../../../docs/router.md");
        for (name, _) in TEXTS {
            assert!(page.contains(&format!("| `{name}")), "docs/router.md has no line for {name}");
        }
    }
}
