//! Reading the schema of a subgraph from a file, or from the subgraph itself by `_service { sdl }`.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt as _;
use url::Url;

use crate::config::{ListedSubgraph, SubgraphCallSettings};
use crate::transport::tls;

/// Reads the schemas of subgraphs, with bounds on time and size.
#[derive(Debug, Clone)]
pub struct SchemaReader {
    client: reqwest::Client,
    /// For those that have certificate authorities of their own.
    own: HashMap<String, reqwest::Client>,
    /// The longest answer of a subgraph, in bytes.
    longest: usize,
}

/// Where the schema of a subgraph is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    File(&'a Path),
    Url(&'a str),
}

impl ListedSubgraph {
    /// What to call the place that its schema is read from: a path or an address.
    pub fn origin(&self) -> String {
        match (&self.file, &self.url) {
            (Some(file), _) => file.display().to_string(),
            (None, url) => url.clone().unwrap_or_default(),
        }
    }

    /// Where its schema is read from.
    ///
    /// # Errors
    /// When the entry is not as it has to be.
    pub(super) fn source(&self) -> Result<Origin<'_>, String> {
        if let Some(url) = &self.url {
            self.check(url)?;
        }
        match (&self.file, &self.url) {
            (Some(file), _) => Ok(Origin::File(file)),
            (None, Some(url)) => Ok(Origin::Url(url)),
            (None, None) => Err(format!("{}: give it a `file` or a `url`", self.name)),
        }
    }

    /// An address goes into the supergraph and into messages: not a place for a password.
    fn check(&self, url: &str) -> Result<(), String> {
        let name = &self.name;
        if self.file.is_none() && !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(format!("{name}: {url} is not an http or https address"));
        }
        let Ok(parsed) = Url::parse(url) else {
            // With a file beside it, it is only copied.
            let wrong = format!("{name}: its address cannot be read");
            return if self.file.is_some() { Ok(()) } else { Err(wrong) };
        };
        if parsed.username().is_empty() && parsed.password().is_none() {
            return Ok(());
        }
        Err(format!("{name}: its address holds a user name or a password, which would be published: remove it"))
    }
}

impl SchemaReader {
    /// A reader that gives a subgraph so much time for an answer of at most so many bytes, and trusts whom calls to it trust.
    ///
    /// # Errors
    /// When the machine cannot make connections at all, or a file of certificate authorities cannot be used.
    pub fn new(time: Duration, longest: usize, calls: &SubgraphCallSettings) -> Result<Self, String> {
        let mut own = HashMap::new();
        for name in calls.by_name.keys() {
            let file = calls.of(name).ca_file;
            if file != calls.all.ca_file {
                own.insert(name.clone(), client(time, file.as_deref())?);
            }
        }
        Ok(Self { client: client(time, calls.all.ca_file.as_deref())?, own, longest })
    }

    /// The schema of a subgraph.
    ///
    /// # Errors
    /// Why it cannot be read, in a sentence that begins with the name of the subgraph.
    pub async fn read(&self, subgraph: &ListedSubgraph) -> Result<String, String> {
        let name = &subgraph.name;
        match subgraph.source()? {
            Origin::File(file) => {
                let sdl = tokio::fs::read_to_string(file).await;
                sdl.map_err(|error| format!("{name}: cannot read {}: {error}", file.display()))
            }
            Origin::Url(url) => self.ask(name, url).await.map_err(|why| format!("{name}: {url} {why}")),
        }
    }

    /// Asks a subgraph for its schema; says what is wrong as the end of a sentence about the address.
    async fn ask(&self, name: &str, url: &str) -> Result<String, String> {
        let question = serde_json::json!({ "query": "{ _service { sdl } }" });
        let client = self.own.get(name).unwrap_or(&self.client);
        let response = client.post(url).json(&question).send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| unreachable(&error))?);
            if body.len() > self.longest {
                return Err(format!("answers with more than {} MiB, which no schema needs", self.longest >> 20));
            }
        }
        let answer: serde_json::Value = serde_json::from_slice(&body)
            .map_err(|_| format!("answers with {status} and no JSON: is it a subgraph?"))?;
        if let Some(sdl) = answer.pointer("/data/_service/sdl").and_then(serde_json::Value::as_str) {
            return Ok(sdl.to_owned());
        }
        match answer.pointer("/errors/0/message").and_then(serde_json::Value::as_str) {
            Some(message) => Err(format!("does not tell its schema: {message}")),
            None => Err(format!("answers with {status} and without `_service {{ sdl }}`: is it a subgraph?")),
        }
    }
}

fn client(time: Duration, ca_file: Option<&Path>) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder().timeout(time).redirect(reqwest::redirect::Policy::none());
    let client = builder.tls_backend_preconfigured(tls::trusting(ca_file)?).build();
    client.map_err(|error| format!("no connection can be made: {}", innermost(&error)))
}

fn unreachable(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "does not answer in time: see whether it is up, or give it more".to_owned();
    }
    format!("cannot be reached: {}", innermost(error))
}

/// The outer error repeats the address; what went wrong is the innermost.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
