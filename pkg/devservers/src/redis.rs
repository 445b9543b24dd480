use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::child::{Launch, ServerChild};
use crate::directory::StateDirectory;
use crate::{Options, StartError, binary};

const PACKAGE: &str = "the package redis-server (Debian, Ubuntu) or redis (brew)";

/// Starts Redis and waits until it answers.
pub(crate) async fn start(directory: &StateDirectory, options: &Options) -> Result<ServerChild, StartError> {
    let mut command = vec![binary::find("redis-server", PACKAGE)?.into_os_string()];
    command.extend(arguments(directory, options));
    let launch = Launch {
        program: "redis-server",
        command,
        log: directory.path().join("logs/redis.log"),
        leftover: options.ephemeral.then(|| directory.path().join("redis")),
    };
    let mut server = ServerChild::start(launch, directory)?;
    let socket = socket(directory);
    server.wait_until(options.start_timeout, async || answers_ping(&socket).await).await?;
    Ok(server)
}

/// Where it listens.
pub(crate) fn socket(directory: &StateDirectory) -> PathBuf {
    directory.sockets().join("redis.sock")
}

/// While it loads its data it answers `-LOADING`.
async fn answers_ping(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(b"PING\r\n").await?;
    let mut answer = [0_u8; 5];
    stream.read_exact(&mut answer).await?;
    Ok(&answer == b"+PONG")
}

fn arguments(directory: &StateDirectory, options: &Options) -> Vec<OsString> {
    let path = directory.path();
    let pairs: [(&str, OsString); 9] = [
        ("--port", "0".into()),
        ("--unixsocket", socket(directory).into()),
        ("--unixsocketperm", "700".into()),
        ("--dir", path.join("redis").into()),
        ("--pidfile", path.join("redis.pid").into()),
        ("--daemonize", "no".into()),
        ("--appendonly", "no".into()),
        // What is in Redis can be rebuilt, so a copy once a minute is plenty.
        ("--save", if options.ephemeral { "" } else { "60 1" }.into()),
        ("--always-show-logo", "no".into()),
    ];
    pairs.into_iter().flat_map(|(name, value)| [name.into(), value]).collect()
}
