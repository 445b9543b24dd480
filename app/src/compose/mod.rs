//! `reelgraph compose`.

mod report;
mod sources;

use std::path::Path;

use reel_composition::{Diagnostic, Subgraph, Supergraph, compose};
use report::finding;
use sources::Source;

use crate::Failure;
use crate::cli::ComposeOptions;
use crate::report::is_colour_wanted;

/// Composes subgraphs and hands over the supergraph (or the API schema); what is wrong with them, or deserves a look,
/// goes to standard error, or with the schema into one JSON document.
///
/// # Errors
/// Wrong use when the subgraphs cannot be read; otherwise that they do not compose.
pub(crate) async fn run(options: &ComposeOptions, list: Option<&Path>) -> Result<(), Failure> {
    let sources = sources::read(options, list).await?;
    let subgraphs: Vec<_> = sources.iter().map(|source| source.subgraph.clone()).collect();
    let composed = compose(&subgraphs);
    if options.json {
        as_json(options, &sources, &composed)?;
    } else {
        as_text(options, &sources, &composed)?;
    }
    composed.map(drop).map_err(|errors| failure(&errors))
}

/// Composes subgraphs that were read from `origins`. Errors are printed with their lines as [`run`] prints them.
///
/// # Errors
/// That they do not compose.
pub(crate) fn composed(subgraphs: Vec<Subgraph>, origins: impl Iterator<Item = String>) -> Result<String, Failure> {
    compose(&subgraphs).map(|supergraph| supergraph.supergraph_sdl).map_err(|errors| {
        let sources: Vec<_> =
            subgraphs.into_iter().zip(origins).map(|(subgraph, origin)| Source { subgraph, origin }).collect();
        print(&sources, &errors);
        failure(&errors)
    })
}

fn failure(errors: &[Diagnostic]) -> Failure {
    let count = errors.len();
    let noun = if count == 1 { "error" } else { "errors" };
    Failure::internal(anyhow::anyhow!("the subgraphs do not compose: {count} {noun}"))
}

fn print(sources: &[Source], diagnostics: &[Diagnostic]) {
    let is_coloured = is_colour_wanted();
    for diagnostic in diagnostics {
        eprintln!("{}", finding(diagnostic, sources).text(is_coloured));
    }
}

type Composed = Result<Supergraph, Vec<Diagnostic>>;

fn as_text(options: &ComposeOptions, sources: &[Source], composed: &Composed) -> Result<(), Failure> {
    let diagnostics = match composed {
        Ok(supergraph) => &supergraph.hints,
        Err(errors) => errors,
    };
    print(sources, diagnostics);
    match (composed, &options.output) {
        (Ok(supergraph), Some(file)) => write(file, wanted(options, supergraph)),
        (Ok(supergraph), None) => {
            print!("{}", wanted(options, supergraph));
            Ok(())
        }
        (Err(_), _) => Ok(()),
    }
}

fn as_json(options: &ComposeOptions, sources: &[Source], composed: &Composed) -> Result<(), Failure> {
    let schema = composed.as_ref().ok().map(|supergraph| wanted(options, supergraph));
    let diagnostics = match composed {
        Ok(supergraph) => &supergraph.hints,
        Err(errors) => errors,
    };
    let diagnostics: Vec<_> = diagnostics.iter().map(|diagnostic| finding(diagnostic, sources).json()).collect();
    let mut document = serde_json::json!({ "composed": composed.is_ok(), "diagnostics": diagnostics });
    match (schema, &options.output) {
        (Some(schema), Some(file)) => write(file, schema)?,
        (Some(schema), None) => document["schema"] = schema.into(),
        (None, _) => {}
    }
    println!("{}", serde_json::to_string_pretty(&document).map_err(Failure::internal)?);
    Ok(())
}

fn wanted<'a>(options: &ComposeOptions, supergraph: &'a Supergraph) -> &'a str {
    if options.api { &supergraph.api_sdl } else { &supergraph.supergraph_sdl }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))
}
