//! A router that is measured: any program that serves the supergraph, and what it uses of the machine.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::compare::QUERY;
use crate::report::median;

/// How long a router may take to start.
const START_TIME: Duration = Duration::from_secs(60);
/// How long it is left alone before its idle memory is read.
const REST: Duration = Duration::from_secs(2);
/// How many operations are asked that it has not seen before.
const NEW_OPERATIONS: usize = 25;
/// The unit of CPU times in `/proc`, on every Linux that this runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A router: what it is called and how it is started.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    pub(crate) name: String,
    /// A shell command. It finds the port to listen on, the file of the supergraph and a folder of its own in `PORT`,
    /// `SUPERGRAPH` and `DIR`, stays in the foreground and serves `/graphql`.
    pub(crate) command: String,
}

/// A router that runs.
pub(crate) struct Running {
    pub(crate) name: String,
    pub(crate) address: String,
    /// What it used before anybody asked anything, in bytes.
    pub(crate) idle_memory: u64,
    /// How long its first operation took.
    pub(crate) cold: Duration,
    /// How much longer an operation takes that it has not seen before, in seconds: reading, validating and planning it.
    pub(crate) planning: f64,
    /// Its first answer; every further one must be the same.
    pub(crate) answer: Vec<u8>,
    process: Child,
}

impl Contender {
    /// Starts it, and compares its first answer with the right one.
    pub(crate) async fn start(&self, port: u16, supergraph: &Path, dir: &Path, right: &Value) -> Result<Running> {
        fs::create_dir_all(dir)?;
        let log_file = dir.join("log");
        let log = fs::File::create(&log_file)?;
        let mut process = Command::new("sh")
            .args(["-c", &format!("exec {}", self.command)])
            .env("PORT", port.to_string())
            .env("SUPERGRAPH", supergraph)
            .env("DIR", dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let address = format!("127.0.0.1:{port}");
        let client = reqwest::Client::builder().no_proxy().build()?;
        // The folder goes with the run, so what the router said of itself is said here.
        let said = || {
            let log = fs::read_to_string(&log_file).unwrap_or_default();
            format!("{} does not start; it printed:\n{}", self.name, log.trim_end())
        };
        wait_until_ready(&client, &address, &mut process).await.with_context(said)?;
        tokio::time::sleep(REST).await;
        let mut running = Running {
            name: self.name.clone(),
            address,
            idle_memory: 0,
            cold: Duration::ZERO,
            planning: 0.0,
            answer: vec![],
            process,
        };
        running.idle_memory = running.memory("VmRSS")?;
        let begun = Instant::now();
        running.answer = ask(&client, &running.address, QUERY).await?;
        running.cold = begun.elapsed();
        let answer: Value = serde_json::from_slice(&running.answer)?;
        ensure!(answer == *right, "{} answers wrongly: {}", self.name, String::from_utf8_lossy(&running.answer));
        running.planning = planning(&client, &running.address).await?;
        Ok(running)
    }
}

/// What an operation costs that is new, in seconds: the difference between the median times of operations with an alias
/// of their own and of the same one again and again, asked in turns.
async fn planning(client: &reqwest::Client, address: &str) -> Result<f64> {
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for number in 0..NEW_OPERATIONS {
        let query = QUERY.replace("topProducts(", &format!("alias{number}: topProducts("));
        for (query, times) in [(query.as_str(), &mut new), (QUERY, &mut known)] {
            let begun = Instant::now();
            ask(client, address, query).await?;
            times.push(begun.elapsed().as_secs_f64());
        }
    }
    Ok(median(new) - median(known))
}

async fn wait_until_ready(client: &reqwest::Client, address: &str, process: &mut Child) -> Result<()> {
    let begun = Instant::now();
    while ask(client, address, "{ __typename }").await.is_err() {
        if let Some(status) = process.try_wait()? {
            bail!("it has ended: {status}");
        }
        if begun.elapsed() > START_TIME {
            bail!("it does not answer at http://{address}/graphql");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn ask(client: &reqwest::Client, address: &str, query: &str) -> Result<Vec<u8>> {
    let request = client.post(format!("http://{address}/graphql")).json(&json!({ "query": query }));
    Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
}

impl Running {
    /// CPU time so far, in seconds, with that of its child processes.
    pub(crate) fn cpu(&self) -> Result<f64> {
        cpu(self.id()?)
    }

    /// The most memory that was in use since the last call, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        self.memory("VmHWM")
    }

    /// Begins a new count of the most memory in use. Not every kernel lets us; then the count goes on.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        for process in family(self.id()?) {
            let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        }
        Ok(())
    }

    /// Ends it, and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    fn memory(&self, what: &str) -> Result<u64> {
        let of = |process: u32| -> Option<u64> {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
        };
        Ok(family(self.id()?).into_iter().filter_map(of).sum())
    }

    fn id(&self) -> Result<u32> {
        self.process.id().with_context(|| format!("{} has ended", self.name))
    }
}

/// CPU time of a process and its children so far, in seconds.
pub(crate) fn cpu(process: u32) -> Result<f64> {
    let of = |process: u32| -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name of the program stands in parentheses and may hold anything; user and system time are the 14th and 15th.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        let (user, system) = (fields.next()?.parse::<f64>().ok()?, fields.next()?.parse::<f64>().ok()?);
        Some((user + system) / TICKS_PER_SECOND)
    };
    let own = of(process).with_context(|| format!("process {process} has ended"))?;
    Ok(own + family(process).into_iter().skip(1).filter_map(of).sum::<f64>())
}

/// A process and all its children.
fn family(process: u32) -> Vec<u32> {
    let mut members = vec![process];
    let mut next = 0;
    while let Some(process) = members.get(next) {
        let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { break };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            members.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        next += 1;
    }
    members
}
