//! A supergraph that is composed here, of subgraphs that the settings list.

use std::time::Duration;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _, stream};
use reel_composition::{Diagnostic, Subgraph, compose};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::file::WatchedFile;
use super::schemas::{Origin, SchemaReader};
use super::{Hash, SupergraphSource};
use crate::config::{ListedSubgraph, SubgraphCallSettings, SupergraphSettings};

/// Subgraphs asked at the same time.
const AT_ONCE: usize = 8;

/// The subgraphs of the settings with their schemas. Files are looked at every time, running subgraphs are asked every
/// `router.supergraph.ask_ms`. One whose schema cannot be read keeps the last that it had.
#[derive(Debug)]
pub struct ListedSubgraphs {
    listed: Vec<Listed>,
    reader: SchemaReader,
    period: Duration,
    asked: Instant,
    /// What was composed last, whether or not it could be.
    tried: Hash,
}

#[derive(Debug)]
struct Listed {
    subgraph: ListedSubgraph,
    file: Option<WatchedFile>,
    sdl: String,
    /// Why the last look failed.
    stale: Option<String>,
}

impl ListedSubgraphs {
    /// Reads the schemas of all subgraphs. Those that are asked are trusted as in `calls`.
    ///
    /// # Errors
    /// Which of them cannot be read, and why: all of them, a line each.
    pub async fn read(settings: &SupergraphSettings, calls: &SubgraphCallSettings) -> Result<Self, String> {
        let reader = SchemaReader::new(settings.ask_timeout_ms.duration(), settings.schema_bytes, calls)?;
        let reads: Vec<_> = settings.subgraphs.iter().map(|subgraph| Listed::read(&reader, subgraph).boxed()).collect();
        let read: Vec<_> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        let wrong: Vec<_> = read.iter().filter_map(|listed| listed.as_ref().err().cloned()).collect();
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        let listed: Vec<_> = read.into_iter().flatten().collect();
        let tried = fingerprint(&listed);
        Ok(Self { listed, reader, period: settings.ask_ms.duration(), asked: Instant::now(), tried })
    }

    /// The subgraphs for composition.
    pub fn subgraphs(&self) -> Vec<Subgraph> {
        let subgraph = |listed: &Listed| {
            let ListedSubgraph { name, url, .. } = listed.subgraph.clone();
            Subgraph { name, url, sdl: listed.sdl.clone() }
        };
        self.listed.iter().map(subgraph).collect()
    }

    async fn refresh(&mut self) {
        let is_due = self.asked.elapsed() >= self.period;
        let reader = &self.reader;
        let looks: Vec<_> = self.listed.iter_mut().map(|listed| listed.look(reader, is_due).boxed()).collect();
        stream::iter(looks).buffer_unordered(AT_ONCE).collect::<()>().await;
        if is_due {
            self.asked = Instant::now();
        }
    }
}

#[async_trait]
impl SupergraphSource for ListedSubgraphs {
    async fn look(&mut self) -> Result<Option<String>, String> {
        self.refresh().await;
        let found = fingerprint(&self.listed);
        if found == self.tried {
            return Ok(None);
        }
        self.tried = found;
        let subgraphs = self.subgraphs();
        match tokio::task::spawn_blocking(move || compose(&subgraphs)).await {
            Ok(Ok(supergraph)) => Ok(Some(supergraph.supergraph_sdl)),
            Ok(Err(errors)) => Err(told(&errors)),
            Err(error) => Err(format!("composing failed: {error}")),
        }
    }

    fn stale(&self) -> Option<String> {
        let stale: Vec<_> = self.listed.iter().filter_map(|listed| listed.stale.as_deref()).collect();
        (!stale.is_empty()).then(|| format!("the last schema stays in use: {}", stale.join("; ")))
    }
}

impl Listed {
    async fn read(reader: &SchemaReader, subgraph: &ListedSubgraph) -> Result<Self, String> {
        let sdl = reader.read(subgraph).await?;
        let file = match subgraph.source()? {
            Origin::File(path) => Some(WatchedFile::new(path.to_owned())),
            Origin::Url(_) => None,
        };
        Ok(Self { subgraph: subgraph.clone(), file, sdl, stale: None })
    }

    /// Reads the file if it may have changed, or asks the subgraph if that is due.
    async fn look(&mut self, reader: &SchemaReader, is_due: bool) {
        let found = match &mut self.file {
            Some(file) => file.changed().await.map_err(|why| format!("{}: {why}", self.subgraph.name)),
            None if is_due => reader.read(&self.subgraph).await.map(Some),
            None => return,
        };
        match found {
            Ok(sdl) => {
                self.stale = None;
                if let Some(sdl) = sdl {
                    self.sdl = sdl;
                }
            }
            Err(why) => self.stale = Some(why),
        }
    }
}

/// Tells apart what is composed.
fn fingerprint(listed: &[Listed]) -> Hash {
    let mut hasher = Sha256::new();
    for one in listed {
        hasher.update(Sha256::digest(one.sdl.as_bytes()));
    }
    hasher.finalize().into()
}

/// The errors with their places, one after the other.
fn told(errors: &[Diagnostic]) -> String {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    format!("the subgraphs do not compose: {}", errors.join("; "))
}
