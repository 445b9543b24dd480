//! `reelgraph plan`.

use std::io::Read as _;
use std::path::Path;

use reel_router::GraphqlError;

use crate::Failure;
use crate::cli::PlanOptions;
use crate::graph::SUPERGRAPH;
use crate::planning::planning_engine;

/// Prints the plan of an operation.
pub(crate) fn run(options: &PlanOptions) -> Result<(), Failure> {
    let supergraph = match &options.supergraph {
        Some(path) => read(path)?,
        None => SUPERGRAPH.to_owned(),
    };
    let operation = read(&options.operation)?;
    let plan =
        planning_engine(&supergraph)?.explain(&operation, None).map_err(|errors| Failure::usage(lines(&errors)))?;
    println!("{plan}");
    Ok(())
}

fn lines(errors: &[GraphqlError]) -> String {
    errors.iter().map(|error| error.message.as_ref()).collect::<Vec<&str>>().join("\n")
}

fn read(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(Failure::internal)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}
