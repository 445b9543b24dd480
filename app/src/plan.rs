//! `reelgraph plan`.

use std::io::Read as _;
use std::path::Path;

use async_graphql_value::Variables;
use reel_router::{Explanation, GraphqlError};
use serde_json::{Value, json};

use crate::Failure;
use crate::cli::{PlanOptions, PlanSection};
use crate::graph::SUPERGRAPH;
use crate::planning::planning_engine;
use crate::report::{Finding, Place, Severity, is_colour_wanted};

/// Prints what becomes of an operation on its way to subgraphs; what is wrong with it goes to standard error, or with all
/// else into one JSON document.
///
/// # Errors
/// Wrong use when something cannot be read or the supergraph cannot be used; otherwise that there is no plan.
pub(crate) fn run(options: &PlanOptions) -> Result<(), Failure> {
    let supergraph = match &options.supergraph {
        Some(path) => read(path)?,
        None => SUPERGRAPH.to_owned(),
    };
    let operation = read(&options.operation)?;
    let variables = options.variables.as_deref().map(variables).transpose()?;
    let engine = planning_engine(&supergraph)?;
    let explained = engine.explain(&operation, options.operation_name.as_deref(), variables);
    let origin = if is_stdin(&options.operation) { "<stdin>".into() } else { options.operation.to_string_lossy() };
    let findings: Vec<_> = match &explained {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| finding(error, &origin, &operation)).collect(),
    };
    if options.json {
        let document = document(options, explained.as_ref().ok(), &findings)?;
        println!("{}", serde_json::to_string_pretty(&document).map_err(Failure::internal)?);
    } else if let Ok(explanation) = &explained {
        print!("{}", text(options, explanation));
    } else {
        let is_coloured = is_colour_wanted();
        findings.iter().for_each(|finding| eprintln!("{}", finding.text(is_coloured)));
    }
    explained.map(drop).map_err(|errors| failure(errors.len()))
}

fn failure(count: usize) -> Failure {
    let noun = if count == 1 { "error" } else { "errors" };
    Failure::internal(anyhow::anyhow!("the operation cannot be planned: {count} {noun}"))
}

fn finding<'a>(error: &'a GraphqlError, origin: &'a str, operation: &'a str) -> Finding<'a> {
    let place = |line, column| Place { origin, subgraph: None, line, column, text: Some(operation) };
    let mut places: Vec<_> = error.locations.iter().map(|at| place(at.line, at.column)).collect();
    if places.is_empty() {
        places.push(place(0, 0));
    }
    Finding { severity: Severity::Error, code: error.code.name(), message: &error.message, places }
}

/// The sections that are wanted. One alone has no heading, so that it can be passed on.
fn text(options: &PlanOptions, explanation: &Explanation) -> String {
    let section = |section: &PlanSection| match section {
        PlanSection::Normalised => {
            ("Normalised operation", explanation.normalised.clone().unwrap_or_else(|| "nothing to plan\n".to_owned()))
        }
        PlanSection::Plan => ("Plan", explanation.plan_text()),
        PlanSection::Fetches => ("Fetches", explanation.fetches_text()),
    };
    let sections: Vec<_> = options.sections().iter().map(section).collect();
    match sections.as_slice() {
        [(_, only)] => only.clone(),
        several => {
            several.iter().map(|(heading, text)| format!("# {heading}\n\n{text}")).collect::<Vec<_>>().join("\n")
        }
    }
}

fn document(
    options: &PlanOptions,
    explanation: Option<&Explanation>,
    findings: &[Finding<'_>],
) -> Result<Value, Failure> {
    let diagnostics: Vec<_> = findings.iter().map(Finding::json).collect();
    let mut document = json!({ "planned": explanation.is_some(), "diagnostics": diagnostics });
    let Some(explanation) = explanation else { return Ok(document) };
    let mut explanation = serde_json::to_value(explanation).map_err(Failure::internal)?;
    for section in options.sections() {
        document[section.name()] = explanation[section.name()].take();
    }
    Ok(document)
}

/// The variables: JSON, or `@` and the file with it.
fn variables(given: &str) -> Result<Variables, Failure> {
    let text = match given.strip_prefix('@') {
        Some(path) => read(Path::new(path))?,
        None => given.to_owned(),
    };
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(Variables::from_json(value)),
        Ok(_) => Err(Failure::usage("--variables: give a JSON object, such as '{\"first\": 10}'")),
        Err(error) => Err(Failure::usage(format!("--variables: no JSON: {error}"))),
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = if is_stdin(path) {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}
