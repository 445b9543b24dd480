//! `reelgraph compose`.

use std::fs;

use reel_composition::{Diagnostic, Subgraph};

use crate::Failure;
use crate::cli::ComposeOptions;

/// Composes the named files and prints the supergraph (or the API schema) on standard output, hints and errors on
/// standard error.
pub(crate) fn run(options: &ComposeOptions) -> Result<(), Failure> {
    let subgraphs = options.subgraphs.iter().map(|argument| read(argument)).collect::<Result<Vec<_>, _>>()?;
    match reel_composition::compose(&subgraphs) {
        Ok(supergraph) => {
            report(&supergraph.hints, options.json)?;
            print!("{}", if options.api { supergraph.api_sdl } else { supergraph.supergraph_sdl });
            Ok(())
        }
        Err(errors) => {
            report(&errors, options.json)?;
            Err(Failure::internal(anyhow::anyhow!("the subgraphs do not compose ({} errors)", errors.len())))
        }
    }
}

fn read(argument: &str) -> Result<Subgraph, Failure> {
    let (name, path) = argument.split_once('=').ok_or_else(|| {
        Failure::usage(format!("`{argument}` is not NAME=FILE, for example user=schema/subgraphs/user.graphql"))
    })?;
    let sdl = fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
    Ok(Subgraph { name: name.to_owned(), url: None, sdl })
}

fn report(diagnostics: &[Diagnostic], json: bool) -> Result<(), Failure> {
    if json {
        eprintln!("{}", serde_json::to_string_pretty(diagnostics).map_err(Failure::internal)?);
        return Ok(());
    }
    for diagnostic in diagnostics {
        eprintln!("{diagnostic}");
    }
    Ok(())
}
