use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use reel_auth::{InternalKey, SigningKey};
use reel_testkit::{TestMysql, TestRedis};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::process::Process;
use crate::{Client, TokenForge};

/// The addresses of stored files begin with this; [`Client::file`] asks the product's router instead.
pub(crate) const FILES_URL: &str = "http://files.example/files";

/// The two forms in which the product runs. No behaviour may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `reelgraph dev`: everything in one process.
    OneProcess,
    /// `reelgraph router` in front of four `reelgraph subgraph`.
    SeparateProcesses,
}

/// The whole product, running over databases, a Redis prefix and a directory of its own.
#[derive(Debug)]
pub struct Product {
    form: Form,
    client: Client,
    forge: TokenForge,
    // Dropped in this order: the processes before what they stand on.
    processes: Mutex<Vec<Process>>,
    launch: Mutex<Launch>,
    mysql: TestMysql,
    redis: TestRedis,
    directory: TempDir,
}

/// Everything that a process of this product is started with.
#[derive(Debug)]
struct Launch {
    program: &'static str,
    /// Where they listen, each on a port that was free.
    listen: String,
    environment: BTreeMap<String, String>,
    nodes: u16,
}

impl Product {
    /// Starts `program` in this form, with these settings (`router.rest.public_reads_open`) beside the tests' own.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start(program: &'static str, form: Form, settings: &[(&str, &str)]) -> Self {
        let (mysql, redis) = (TestMysql::new().await, TestRedis::new().await);
        let directory = TempDir::with_prefix("reelgraph-e2e-").expect("a temporary directory");
        let (signing, internal) = (SigningKey::generate(), InternalKey::generate());
        let mut launch =
            Launch { program, listen: format!("{}:0", own_host()), environment: BTreeMap::new(), nodes: 0 };
        let path = |name: &str| directory.path().join(name).display().to_string();
        let own = [
            ("mysql.url", expose(mysql.settings().url.as_ref())),
            ("mysql.database_prefix", mysql.settings().database_prefix.clone()),
            ("mysql.max_connections", "8".to_owned()),
            ("mysql.acquire_timeout_ms", "20000".to_owned()),
            ("redis.url", expose(redis.settings().url.as_ref())),
            ("redis.prefix", redis.settings().prefix.clone()),
            ("files.dir", path("files")),
            ("files.public_url", FILES_URL.to_owned()),
            ("video.spool_dir", path("spool")),
            ("auth.signing_key", signing.to_setting().expose_secret().to_owned()),
            ("auth.internal_key", internal.to_setting().expose_secret().to_owned()),
        ];
        for (key, value) in own.iter().map(|(key, value)| (*key, value.as_str())).chain(settings.iter().copied()) {
            launch.set(key, value);
        }
        // Our processes find each other whatever proxy the environment names; this one is not there.
        launch.environment.insert("HTTP_PROXY".to_owned(), "http://127.0.0.1:1".to_owned());
        let processes = match form {
            Form::OneProcess => vec![launch.dev(&path("state")).await],
            Form::SeparateProcesses => launch.separate().await,
        };
        let url = format!("http://{}", processes.last().expect("at least one process").address);
        let forge = TokenForge::new(&signing);
        let (processes, launch) = (Mutex::new(processes), Mutex::new(launch));
        let product = Self { form, client: Client::new(url), forge, processes, launch, mysql, redis, directory };
        product.client().is_ready().await;
        product
    }

    /// In which form it runs.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The router's address.
    pub fn url(&self) -> &str {
        self.client.url()
    }

    /// A client that is not logged in.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Makes tokens that this product takes for its own.
    pub fn forge(&self) -> &TokenForge {
        &self.forge
    }

    /// Its databases, and the count of its statements.
    pub fn mysql(&self) -> &TestMysql {
        &self.mysql
    }

    /// Its part of Redis.
    pub fn redis(&self) -> &TestRedis {
        &self.redis
    }

    /// How many files it keeps: what is stored, and what is on the way.
    pub fn kept_files(&self) -> usize {
        ["files", "spool"].iter().map(|folder| count_files(&self.directory.path().join(folder))).sum()
    }

    /// Where a process listens: that of a subgraph, `router` or `dev`.
    ///
    /// # Panics
    /// When there is no such process.
    pub async fn address(&self, name: &str) -> SocketAddr {
        let processes = self.processes.lock().await;
        processes.iter().find(|process| process.name == name).expect("there is such a process").address
    }

    /// Asks a process to stop and waits until it has.
    ///
    /// # Panics
    /// When there is no such process or it does not end in order.
    pub async fn stop_process(&self, name: &str) {
        let mut processes = self.processes.lock().await;
        let index = processes.iter().position(|process| process.name == name).expect("there is such a process");
        let mut process = processes.remove(index);
        assert!(process.stop().await.success(), "{name} does not end in order");
    }

    /// Starts the process of a subgraph again, where the others know it to be.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_subgraph(&self, name: &'static str) {
        let mut launch = self.launch.lock().await;
        let url = launch.environment[&variable(&format!("subgraphs.{name}.url"))].clone();
        let address = url.strip_prefix("http://").expect("we wrote this address").to_owned();
        let process = launch.process(name, &["subgraph", name, "--listen", &address], "is ready").await;
        self.processes.lock().await.insert(0, process);
    }

    /// Starts another router in front of the same subgraph processes, and returns a client of it.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn start_router(&self) -> Client {
        let process = self.launch.lock().await.router().await;
        let client = Client::new(format!("http://{}", process.address));
        self.processes.lock().await.push(process);
        client.is_ready().await;
        client
    }

    /// Stops everything, the router first.
    ///
    /// # Panics
    /// When a process does not end in order.
    pub async fn stop(self) {
        for process in self.processes.lock().await.iter_mut().rev() {
            let status = process.stop().await;
            assert!(status.success(), "{} ended with {status}", process.name);
        }
        self.mysql.close().await;
    }
}

/// The files below a folder. One that is not there has none.
fn count_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { count_files(&entry.path()) } else { 1 }).sum()
}

/// The environment variable of a setting.
fn variable(key: &str) -> String {
    format!("REELGRAPH__{}", key.to_uppercase().replace('.', "__"))
}

/// A loopback address that nobody else uses, so that a port which a process gives up is still free when it comes back.
fn own_host() -> Ipv4Addr {
    static PRODUCTS: AtomicU8 = AtomicU8::new(0);
    // Elsewhere than on Linux only one address leads back to the machine.
    if cfg!(not(target_os = "linux")) {
        return Ipv4Addr::LOCALHOST;
    }
    let [_, _, high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 1 + PRODUCTS.fetch_add(1, Ordering::SeqCst) % 200, high, low)
}

fn expose(secret: Option<&reel_config::Secret>) -> String {
    secret.expect("the tests' servers have addresses").expose().to_owned()
}

impl Launch {
    fn set(&mut self, key: &str, value: &str) {
        self.environment.insert(variable(key), value.to_owned());
    }

    /// A process with all settings, and a node number of its own.
    async fn process(&mut self, name: &str, arguments: &[&str], marker: &'static str) -> Process {
        let node = self.nodes.to_string();
        self.set("node_id", &node);
        self.nodes += 1;
        let mut command = Command::new(self.program);
        command.args(arguments).envs(&self.environment);
        Process::start(command, name, marker).await
    }

    async fn dev(&mut self, state: &str) -> Process {
        let listen = self.listen.clone();
        let arguments = ["dev", "--listen", &listen, "--state-dir", state, "--no-demo"];
        self.process("dev", &arguments, "/graphql").await
    }

    /// Each after those that it asks, whose addresses it has to know.
    async fn separate(&mut self) -> Vec<Process> {
        let (mut processes, listen) = (Vec::new(), self.listen.clone());
        for name in ["user", "video", "interaction", "social"] {
            let arguments = ["subgraph", name, "--listen", &listen];
            let process = self.process(name, &arguments, "is ready").await;
            self.set(&format!("subgraphs.{name}.url"), &format!("http://{}", process.address));
            processes.push(process);
        }
        processes.push(self.router().await);
        processes
    }

    async fn router(&mut self) -> Process {
        let listen = self.listen.clone();
        self.process("router", &["router", "--listen", &listen], "is ready").await
    }
}
