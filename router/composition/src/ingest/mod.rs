//! From SDL text to [`Schema`]: parsing, imports, extensions, root names, and what refers to what.

mod context;
mod cost;
mod document;
mod link;
mod marks;
mod types;
mod usage;

use crate::map::HashSet;
use std::collections::BTreeMap;

use crate::{
    Code, Subgraph,
    diagnostics::{Place, Report},
    model::Schema,
    parallel,
};

/// Reads all subgraphs, in the order of their names so that the order of the input does not matter.
pub(crate) fn ingest(subgraphs: &[Subgraph], report: &mut Report) -> Vec<Schema> {
    let mut sorted: Vec<&Subgraph> = subgraphs.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    check_names(&sorted, report);
    let graphs = graph_names(&sorted);
    let read = parallel::map(sorted.into_iter().zip(graphs).collect(), |(subgraph, graph)| {
        let mut report = Report::default();
        let mut schema = document::read(subgraph, graph, &mut report);
        schema.iter_mut().for_each(usage::mark);
        (schema, report)
    });
    let mut schemas = Vec::with_capacity(read.len());
    for (schema, found) in read {
        schemas.extend(schema);
        report.append(found);
    }
    schemas
}

fn check_names(subgraphs: &[&Subgraph], report: &mut Report) {
    let mut seen = HashSet::default();
    for subgraph in subgraphs {
        let place = vec![Place { subgraph: subgraph.name.clone(), line: 0, column: 0 }];
        if subgraph.name.trim().is_empty() || subgraph.name == "__" {
            let message = format!("\"{}\" cannot be the name of a subgraph: choose another.", subgraph.name);
            report.error(Code::InvalidSubgraphName, message, place);
        } else if !seen.insert(&subgraph.name) {
            let message = format!("Two subgraphs are named \"{}\": rename one.", subgraph.name);
            report.error(Code::InvalidSubgraphName, message, place);
        }
    }
}

/// The values of `join__Graph`: upper case, only what a name may hold, and distinct.
fn graph_names(subgraphs: &[&Subgraph]) -> Vec<String> {
    let wished: Vec<String> = subgraphs.iter().map(|subgraph| graph_name(&subgraph.name)).collect();
    let mut total: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &wished {
        *total.entry(name).or_default() += 1;
    }
    let mut used: BTreeMap<&str, usize> = BTreeMap::new();
    let number = |name: &str, used: usize| if total[name] > 1 { format!("{name}_{used}") } else { name.to_owned() };
    wished
        .iter()
        .map(|name| {
            let used = used.entry(name).or_default();
            *used += 1;
            number(name, *used)
        })
        .collect()
}

fn graph_name(name: &str) -> String {
    let mut graph: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if graph.starts_with(|c: char| c.is_ascii_digit()) {
        graph.insert(0, '_');
    }
    // A name that ends like a numbered one could collide with a number of ours.
    let unnumbered = graph.trim_end_matches(|c: char| c.is_ascii_digit());
    if unnumbered.len() < graph.len() && unnumbered.ends_with('_') {
        graph.push('_');
    }
    graph
}
