//! Where subgraph schemas come from: files, running subgraphs, and a YAML list of both.

use std::path::Path;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reel_composition::Subgraph;
use reel_router::config::{ListedSubgraph, SubgraphCallSettings};
use reel_router::reload::SchemaReader;
use serde::Deserialize;

use crate::Failure;
use crate::cli::ComposeOptions;

/// No schema that people write comes near it.
const MAX_SCHEMA_BYTES: usize = 16 * 1024 * 1024;

/// Subgraphs asked at the same time.
const AT_ONCE: usize = 8;

/// A subgraph, and what to call the place that its schema was read from.
pub(super) struct Source {
    pub(super) subgraph: Subgraph,
    /// A file's path or an address.
    pub(super) origin: String,
}

/// The YAML list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    subgraphs: Vec<ListedSubgraph>,
}

/// Reads all subgraphs that the arguments name, or else those of the list.
///
/// # Errors
/// Wrong use, when something is not as it has to be or cannot be read.
pub(super) async fn read(options: &ComposeOptions, list: Option<&Path>) -> Result<Vec<Source>, Failure> {
    let entries = match list {
        _ if !options.subgraphs.is_empty() => {
            options.subgraphs.iter().map(|argument| entry(argument)).collect::<Result<Vec<_>, _>>()?
        }
        Some(list) => entries(list)?,
        None => {
            let message = "name the subgraphs as NAME=FILE or NAME=URL, or list them in a file with --config";
            return Err(Failure::usage(message));
        }
    };
    let reader =
        SchemaReader::new(Duration::from_secs(options.timeout), MAX_SCHEMA_BYTES, &SubgraphCallSettings::default());
    let reader = reader.map_err(Failure::usage)?;
    stream::iter(entries).map(|entry| source(&reader, entry)).buffered(AT_ONCE).try_collect().await
}

fn entry(argument: &str) -> Result<ListedSubgraph, Failure> {
    let (name, from) =
        argument.split_once('=').filter(|(name, from)| !name.is_empty() && !from.is_empty()).ok_or_else(|| {
            let examples = "user=schema/subgraphs/user.graphql or user=http://127.0.0.1:4001/graphql";
            Failure::usage(format!("`{argument}` is neither NAME=FILE nor NAME=URL: write for example {examples}"))
        })?;
    let name = name.to_owned();
    if is_address(from) {
        return Ok(ListedSubgraph { name, url: Some(from.to_owned()), file: None });
    }
    Ok(ListedSubgraph { name, url: None, file: Some(from.into()) })
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn entries(list: &Path) -> Result<Vec<ListedSubgraph>, Failure> {
    let text = std::fs::read_to_string(list);
    let text = text.map_err(|error| Failure::usage(format!("cannot read {}: {error}", list.display())))?;
    let parsed: List = serde_yaml_ng::from_str(&text).map_err(|error| {
        let hint = "it needs `subgraphs`, a list with a `name` and a `url`, a `file` or both in each entry";
        Failure::usage(format!("{} is not a list of subgraphs: {error}; {hint}", list.display()))
    })?;
    let folder = list.parent().unwrap_or(Path::new("."));
    let mut entries = parsed.subgraphs;
    if entries.is_empty() {
        return Err(Failure::usage(format!("{} lists no subgraphs", list.display())));
    }
    for entry in &mut entries {
        entry.file = entry.file.take().map(|file| folder.join(file));
    }
    Ok(entries)
}

async fn source(reader: &SchemaReader, entry: ListedSubgraph) -> Result<Source, Failure> {
    let sdl = reader.read(&entry).await.map_err(Failure::usage)?;
    let origin = entry.origin();
    let ListedSubgraph { name, url, .. } = entry;
    Ok(Source { subgraph: Subgraph { name, url, sdl }, origin })
}
