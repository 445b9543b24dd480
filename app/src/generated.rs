//! `reelgraph schema`: the generated files under `schema/`, which are reviewed like code.

use std::fs;
use std::path::{Path, PathBuf};

use reel_composition::Supergraph;

use crate::Failure;
use crate::cli::SchemaOptions;
use crate::planning::planning_engine;

/// One generated file.
struct Generated {
    path: PathBuf,
    text: String,
}

/// Writes the files, or checks that they are what would be written and that every operation still fits the schema.
pub(crate) async fn run(options: &SchemaOptions) -> Result<(), Failure> {
    let supergraph = compose_ours()?;
    let files = files(&options.dir, &supergraph);
    if options.check {
        check(&files)?;
    } else {
        write(&files)?;
    }
    let operations = check_operations(&options.dir.join("operations"), &supergraph).await?;
    println!(
        "schema: {} files {}, {operations} operations fit",
        files.len(),
        if options.check { "up to date" } else { "written" }
    );
    Ok(())
}

/// The supergraph of our own four subgraphs.
///
/// # Errors
/// The composition's errors, when the subgraphs do not fit each other.
pub(crate) fn compose_ours() -> Result<Supergraph, Failure> {
    let subgraphs = sdl_of_ours().map(|(name, sdl)| reel_composition::Subgraph { name: name.into(), url: None, sdl });
    reel_composition::compose(&subgraphs).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::internal(anyhow::anyhow!("the subgraphs do not compose:\n{}", lines.join("\n")))
    })
}

fn sdl_of_ours() -> [(&'static str, String); 4] {
    [
        (reel_user::NAME, reel_user::sdl()),
        (reel_video::NAME, reel_video::sdl()),
        (reel_interaction::NAME, reel_interaction::sdl()),
        (reel_social::NAME, reel_social::sdl()),
    ]
}

fn files(dir: &Path, supergraph: &Supergraph) -> Vec<Generated> {
    let subgraphs = sdl_of_ours()
        .map(|(name, text)| Generated { path: dir.join("subgraphs").join(format!("{name}.graphql")), text });
    let mut files = Vec::from(subgraphs);
    files.push(Generated { path: dir.join("supergraph.graphql"), text: supergraph.supergraph_sdl.clone() });
    files.push(Generated { path: dir.join("api.graphql"), text: supergraph.api_sdl.clone() });
    files.push(Generated { path: dir.join("openapi.json"), text: reel_router::openapi() });
    files
}

fn write(files: &[Generated]) -> Result<(), Failure> {
    for file in files {
        fs::write(&file.path, &file.text)
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.path.display())))?;
    }
    Ok(())
}

fn check(files: &[Generated]) -> Result<(), Failure> {
    let is_stale = |file: &&Generated| fs::read_to_string(&file.path).ok().as_deref() != Some(&file.text);
    let stale: Vec<String> = files.iter().filter(is_stale).map(|file| file.path.display().to_string()).collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::internal(anyhow::anyhow!(
        "out of date: {}; run `make schema` and commit the result",
        stale.join(", ")
    )))
}

/// Plans every operation file; what cannot be planned would fail at run time.
async fn check_operations(dir: &Path, supergraph: &Supergraph) -> Result<usize, Failure> {
    let engine = planning_engine(&supergraph.supergraph_sdl)?;
    let paths = operation_files(dir)?;
    for path in &paths {
        let text = fs::read_to_string(path).map_err(Failure::internal)?;
        engine.prepare(&text).await.map_err(|errors| {
            let reasons: Vec<&str> = errors.iter().map(|error| error.message.as_ref()).collect();
            Failure::internal(anyhow::anyhow!("{} does not fit the schema: {}", path.display(), reasons.join("; ")))
        })?;
    }
    Ok(paths.len())
}

fn operation_files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for group in ["rest", "frontend"] {
        let folder = dir.join(group);
        let entries = fs::read_dir(&folder)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", folder.display())))?;
        for entry in entries {
            let path = entry.map_err(Failure::internal)?.path();
            if path.extension().is_some_and(|extension| extension == "graphql") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
