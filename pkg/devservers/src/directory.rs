use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use crate::StartError;
use crate::error::IoContext;

/// How long the servers of a previous owner may take to end.
const PREVIOUS_SERVERS: Duration = Duration::from_secs(30);

/// The longest path of a socket that every system of ours accepts is 103 bytes; the names below take up to 14.
const LONGEST_SOCKET_DIRECTORY: usize = 88;

/// A shell reads its script while it runs it, so the file is written while no server runs, and only then.
const SCRIPT: &str = include_str!("supervise.sh");
const SCRIPT_NAME: &str = "supervise.sh";

/// The state directory, owned by this process for as long as this value lives.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    sockets: PathBuf,
    /// Shared with every script and server that we start: the lock ends with the last of them.
    servers: File,
    _owner: File,
}

impl StateDirectory {
    /// Makes the directory if needed and waits until the servers of a previous owner are gone.
    pub(crate) async fn own(path: &Path) -> Result<Self, StartError> {
        make(path)?;
        let path = path.canonicalize().context("find", path)?;
        let owner = lock_as_owner(&path)?;
        let servers = wait_for_servers(&path).await?;
        for part in ["logs", "mysql", "redis", "tmp"] {
            make(&path.join(part))?;
        }
        begin_logs(&path.join("logs"))?;
        let script = path.join(SCRIPT_NAME);
        fs::write(&script, SCRIPT).context("write", &script)?;
        let sockets = socket_directory(&path)?;
        Ok(Self { path, sockets, servers, _owner: owner })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The script that servers run under.
    pub(crate) fn script(&self) -> PathBuf {
        self.path.join(SCRIPT_NAME)
    }

    /// Where the sockets are: in the state directory, or in a short temporary one when its path is too long.
    pub(crate) fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// The sockets' directory when it is a temporary one, which has to go when the servers stop.
    pub(crate) fn temporary_sockets(&self) -> Option<&Path> {
        (!self.sockets.starts_with(&self.path)).then_some(self.sockets.as_path())
    }

    /// A copy of the servers' lock, to be held by a child.
    pub(crate) fn servers_lock(&self) -> Result<File, StartError> {
        self.servers.try_clone().context("share the lock of", &self.path)
    }
}

/// Makes a directory that only its owner can enter.
fn make(path: &Path) -> Result<(), StartError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).context("make the directory", path)
}

fn open_lock(path: &Path) -> Result<File, StartError> {
    File::options().read(true).write(true).create(true).truncate(false).open(path).context("open", path)
}

fn lock_as_owner(directory: &Path) -> Result<File, StartError> {
    let path = directory.join("owner.lock");
    let mut file = open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
            let owner = if known { format!(" ({})", pid.trim()) } else { String::new() };
            return Err(StartError::InUse { directory: directory.to_owned(), owner });
        }
        Err(TryLockError::Error(source)) => {
            return Err(StartError::Io { action: "lock", path, source });
        }
    }
    file.set_len(0).and_then(|()| file.rewind()).context("write", &path)?;
    writeln!(file, "{}", std::process::id()).context("write", &path)?;
    Ok(file)
}

async fn wait_for_servers(directory: &Path) -> Result<File, StartError> {
    let path = directory.join("servers.lock");
    let file = open_lock(&path)?;
    let deadline = Instant::now() + PREVIOUS_SERVERS;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(StartError::Io { action: "lock", path, source }),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(StartError::StillRunning {
                    directory: directory.to_owned(),
                    waited_s: PREVIOUS_SERVERS.as_secs(),
                    pids: pids(directory),
                });
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn pids(directory: &Path) -> String {
    let pid = |part: &str| fs::read_to_string(directory.join(part)).ok();
    let known: Vec<String> = ["mysql.pid", "redis.pid"].into_iter().filter_map(pid).collect();
    known.join(" ").split_whitespace().collect::<Vec<_>>().join(", ")
}

/// Each run writes its own logs and leaves those of the run before.
fn begin_logs(directory: &Path) -> Result<(), StartError> {
    for name in ["mariadbd", "redis"] {
        let log = directory.join(format!("{name}.log"));
        if log.exists() {
            fs::rename(&log, directory.join(format!("{name}.previous.log"))).context("rename", &log)?;
        }
    }
    Ok(())
}

fn socket_directory(state: &Path) -> Result<PathBuf, StartError> {
    let inside = state.join("run");
    if inside.as_os_str().len() <= LONGEST_SOCKET_DIRECTORY {
        make(&inside)?;
        return Ok(inside);
    }
    let short = Path::new("/tmp");
    let directory =
        tempfile::Builder::new().prefix("reelgraph-").tempdir_in(short).context("make a directory in", short)?;
    Ok(directory.keep())
}
