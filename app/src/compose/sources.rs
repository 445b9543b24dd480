//! Where subgraph schemas come from: files, running subgraphs, and a YAML list of both.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reel_composition::Subgraph;
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

/// What is known of a subgraph before its schema is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    /// Where the router will find it; without a file, its schema is read from there, too.
    url: Option<String>,
    /// Relative to the folder of the list.
    file: Option<PathBuf>,
}

/// The YAML list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    subgraphs: Vec<Entry>,
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
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(options.timeout))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Failure::internal)?;
    stream::iter(entries).map(|entry| source(&client, entry)).buffered(AT_ONCE).try_collect().await
}

fn entry(argument: &str) -> Result<Entry, Failure> {
    let (name, from) =
        argument.split_once('=').filter(|(name, from)| !name.is_empty() && !from.is_empty()).ok_or_else(|| {
            let examples = "user=schema/subgraphs/user.graphql or user=http://127.0.0.1:4001/graphql";
            Failure::usage(format!("`{argument}` is neither NAME=FILE nor NAME=URL: write for example {examples}"))
        })?;
    let name = name.to_owned();
    if is_address(from) {
        return Ok(Entry { name, url: Some(from.to_owned()), file: None });
    }
    Ok(Entry { name, url: None, file: Some(from.into()) })
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn entries(list: &Path) -> Result<Vec<Entry>, Failure> {
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

async fn source(client: &reqwest::Client, entry: Entry) -> Result<Source, Failure> {
    let Entry { name, url, file } = entry;
    let (origin, sdl) = match (file, &url) {
        (Some(file), _) => {
            let sdl = std::fs::read_to_string(&file);
            let sdl =
                sdl.map_err(|error| Failure::usage(format!("{name}: cannot read {}: {error}", file.display())))?;
            (file.display().to_string(), sdl)
        }
        (None, Some(url)) if is_address(url) => {
            without_password(&name, url)?;
            let sdl = fetch(client, url).await.map_err(|why| Failure::usage(format!("{name}: {url} {why}")))?;
            (url.clone(), sdl)
        }
        (None, Some(url)) => return Err(Failure::usage(format!("{name}: {url} is not an http or https address"))),
        (None, None) => return Err(Failure::usage(format!("{name}: give it a `file` or a `url`"))),
    };
    Ok(Source { subgraph: Subgraph { name, url, sdl }, origin })
}

/// An address goes into the supergraph and into messages: not a place for a password.
fn without_password(name: &str, url: &str) -> Result<(), Failure> {
    let parsed = reqwest::Url::parse(url);
    let parsed = parsed.map_err(|error| Failure::usage(format!("{name}: its address cannot be read: {error}")))?;
    if parsed.username().is_empty() && parsed.password().is_none() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{name}: its address holds a user name or a password, which would be published: remove it"
    )))
}

/// Asks a subgraph for its schema; says what is wrong as the end of a sentence about the address.
async fn fetch(client: &reqwest::Client, url: &str) -> Result<String, String> {
    let question = serde_json::json!({ "query": "{ _service { sdl } }" });
    let response = client.post(url).json(&question).send().await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        body.extend_from_slice(&chunk.map_err(|error| unreachable(&error))?);
        if body.len() > MAX_SCHEMA_BYTES {
            return Err(format!(
                "answers with more than {} MiB, which no schema needs",
                MAX_SCHEMA_BYTES / 1024 / 1024
            ));
        }
    }
    let answer: serde_json::Value =
        serde_json::from_slice(&body).map_err(|_| format!("answers with {status} and no JSON: is it a subgraph?"))?;
    if let Some(sdl) = answer.pointer("/data/_service/sdl").and_then(serde_json::Value::as_str) {
        return Ok(sdl.to_owned());
    }
    match answer.pointer("/errors/0/message").and_then(serde_json::Value::as_str) {
        Some(message) => Err(format!("does not tell its schema: {message}")),
        None => Err(format!("answers with {status} and without `_service {{ sdl }}`: is it a subgraph?")),
    }
}

fn unreachable(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "does not answer in time: raise --timeout, or see whether it is up".to_owned();
    }
    // The outer error repeats the address; what went wrong is the innermost.
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    format!("cannot be reached: {cause}")
}
