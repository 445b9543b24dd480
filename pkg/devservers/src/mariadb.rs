use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::Command;

use crate::child::{Launch, ServerChild, tail};
use crate::directory::StateDirectory;
use crate::error::IoContext;
use crate::{Options, StartError, binary};

const PACKAGE: &str = "the packages mariadb-server-core and mariadb-client-core (Debian, Ubuntu) or mariadb (brew)";

/// Starts MariaDB, after making its data directory the first time, and waits until it answers.
pub(crate) async fn start(directory: &StateDirectory, options: &Options) -> Result<ServerChild, StartError> {
    let program = binary::find("mariadbd", PACKAGE)?;
    let log = directory.path().join("logs/mariadbd.log");
    if !data(directory).exists() {
        install(directory, &log).await?;
    }
    let mut command = vec![program.into_os_string()];
    command.extend(arguments(directory, options));
    let leftover = options.ephemeral.then(|| data(directory));
    let launch = Launch { program: "mariadbd", command, log, leftover };
    let mut server = ServerChild::start(launch, directory)?;
    let socket = socket(directory);
    server.wait_until(options.start_timeout, async || greets(&socket).await).await?;
    Ok(server)
}

/// Where it listens.
pub(crate) fn socket(directory: &StateDirectory) -> PathBuf {
    directory.sockets().join("mysql.sock")
}

fn data(directory: &StateDirectory) -> PathBuf {
    directory.path().join("mysql/data")
}

/// The server greets first, with one packet, as soon as it takes connections.
async fn greets(socket: &Path) -> io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut header = [0_u8; 5];
    stream.read_exact(&mut header).await?;
    // 0xff would be an error packet, for example "too many connections".
    Ok(header[4] != 0xff)
}

/// Makes the data directory under another name first, so that one that was broken off is never taken for a whole one.
async fn install(directory: &StateDirectory, log: &Path) -> Result<(), StartError> {
    let program = binary::find("mariadb-install-db", PACKAGE)?;
    let unfinished = directory.path().join("mysql/unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).context("remove", &unfinished)?;
    }
    let log_file = std::fs::File::options().create(true).append(true).open(log).context("open", log)?;
    let mut command = std::process::Command::new("/bin/sh");
    // The lock (standard output here) stays open as 9 until the installation ends, whatever happens to us.
    command
        .args(["-c", r#"exec 9>&1 1>&2; "$@""#, "mariadb-install-db"])
        .arg(&program)
        // --force: go on where the machine's name, which nothing here needs, cannot be resolved.
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", "--force"])
        // Relative, because the program does not bear spaces in a path.
        .arg("--datadir=./mysql/unfinished")
        .args(as_root().map(|()| "--user=root"))
        .stdin(Stdio::null())
        .stdout(directory.servers_lock()?)
        .stderr(log_file)
        .current_dir(directory.path())
        .process_group(0);
    let status = Command::from(command).status().await.context("run", &program)?;
    if !status.success() {
        return Err(StartError::Failed {
            program: "mariadb-install-db",
            what: format!("ended with {status}"),
            log: log.to_owned(),
            tail: tail(log),
        });
    }
    std::fs::rename(&unfinished, data(directory)).context("rename", &unfinished)
}

fn arguments(directory: &StateDirectory, options: &Options) -> Vec<OsString> {
    let path = directory.path();
    let mut arguments: Vec<OsString> = vec![
        "--no-defaults".into(),
        flag("--datadir=", &data(directory)),
        flag("--socket=", &socket(directory)),
        flag("--pid-file=", &path.join("mysql.pid")),
        flag("--tmpdir=", &path.join("tmp")),
    ];
    arguments.extend(SETTINGS.iter().map(OsString::from));
    arguments.push(format!("--innodb-buffer-pool-size={}M", options.mysql_buffer_mib).into());
    if !options.durable {
        arguments.extend(["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0"].map(OsString::from));
    }
    if options.ephemeral {
        // Counts the statements of each account, see reel-testkit. A shorter shutdown: the data goes anyway.
        arguments.extend(["--userstat=1", "--innodb-fast-shutdown=2"].map(OsString::from));
    }
    arguments.extend(as_root().map(|()| "--user=root".into()));
    arguments
}

const SETTINGS: [&str; 17] = [
    "--skip-networking",
    "--skip-ssl",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=0",
    "--max-connections=600",
    "--thread-cache-size=64",
    "--table-open-cache=2000",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
    "--innodb-log-file-size=48M",
    "--innodb-log-buffer-size=8M",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_bin",
    "--transaction-isolation=READ-COMMITTED",
    "--default-time-zone=+00:00",
    "--max-allowed-packet=16M",
];

fn flag(name: &str, path: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push(path);
    flag
}

/// MariaDB refuses to run as root unless it is told to.
fn as_root() -> Option<()> {
    nix::unistd::geteuid().is_root().then_some(())
}
