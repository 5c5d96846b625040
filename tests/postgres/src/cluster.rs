//! Making and starting a server.

use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::{fs::chown, process::CommandExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Server;

/// The superuser's password, for a server that only this machine reaches and that ends with the test.
pub(crate) const SUPERUSER_PASSWORD: &str = "superuser";

const DEBIAN: &str = "/usr/lib/postgresql";
/// Another program may take the port between looking and starting.
const TRIES: u32 = 5;
/// Looks at a starting server, 50 ms apart.
const ATTEMPTS: u32 = 300;

/// The user that the server runs as when the tests run as root, which PostgreSQL refuses.
#[derive(Clone, Copy)]
pub(crate) struct User {
    uid: u32,
    gid: u32,
}

pub(crate) fn start() -> Result<Server, String> {
    let binaries = binaries()?;
    let user = user()?;
    let folder =
        tempfile::Builder::new().prefix("seatkeeper-postgres-").tempdir().map_err(|error| error.to_string())?;
    if let Some(user) = user {
        chown(folder.path(), Some(user.uid), Some(user.gid)).map_err(|error| error.to_string())?;
    }
    let password = folder.path().join("password");
    std::fs::write(&password, SUPERUSER_PASSWORD).map_err(|error| error.to_string())?;
    let mut initdb = command(&binaries.join("initdb"), user.as_ref());
    initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    initdb.args(["--no-instructions", "--pgdata"]).arg(folder.path().join("data")).arg("--pwfile").arg(&password);
    finish(initdb)?;
    certificate(folder.path(), user.as_ref())?;
    let mut tries = 1;
    loop {
        match run(&binaries, folder.path(), user.as_ref()) {
            Ok((child, port)) => return Ok(Server { binaries, folder, user, port, child }),
            // Somebody took the port between looking and starting.
            Err(log) if tries < TRIES && log.contains("Address already in use") => tries += 1,
            Err(log) => return Err(format!("PostgreSQL did not start: {log}")),
        }
    }
}

/// Starts the server on a free port and waits until it answers; the error is what it wrote before it ended.
fn run(binaries: &Path, folder: &Path, user: Option<&User>) -> Result<(Child, u16), String> {
    let port = free_port()?;
    let mut server = command(&binaries.join("postgres"), user);
    server.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", folder.join("server.crt").display()),
        format!("ssl_key_file={}", folder.join("server.key").display()),
    ] {
        server.arg("-c").arg(setting);
    }
    let log = folder.join("log");
    let stderr = File::create(&log).map_err(|error| error.to_string())?;
    let mut child = server.stdout(Stdio::null()).stderr(stderr).spawn().map_err(|error| error.to_string())?;
    for _ in 0..ATTEMPTS {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            break;
        }
        if psql(binaries, port, "postgres", "SELECT 1").is_ok() {
            return Ok((child, port));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(std::fs::read_to_string(log).unwrap_or_default())
}

/// Runs statements as superuser.
pub(crate) fn psql(binaries: &Path, port: u16, database: &str, sql: &str) -> Result<(), String> {
    let mut command = command(&binaries.join("psql"), None);
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1", "--username=postgres"]);
    command.args(["--dbname", database, "--port", &port.to_string()]).env("PGPASSWORD", SUPERUSER_PASSWORD);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("psql cannot be started: {error}"))?;
    let mut input = child.stdin.take().ok_or("psql has no input")?;
    // A server that is not there yet ends psql before it has read anything; its own words say more.
    let _ = input.write_all(sql.as_bytes());
    drop(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The newest of Debian's versions.
fn binaries() -> Result<PathBuf, String> {
    let missing = || {
        format!("no PostgreSQL server below {DEBIAN}; install it with `cargo xtask setup`, or the package `postgresql`")
    };
    let versions = std::fs::read_dir(DEBIAN).map_err(|_| missing())?;
    let versions = versions.filter_map(Result::ok).filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        folder.join("initdb").is_file().then_some((version, folder))
    });
    versions.max().map(|(_, folder)| folder).ok_or_else(missing)
}

/// The package's own user, if we are root.
fn user() -> Result<Option<User>, String> {
    let id = Command::new("id").arg("-u").output().map_err(|error| format!("`id` cannot be run: {error}"))?;
    if id.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let line = users.lines().find_map(|line| line.strip_prefix("postgres:"));
    let mut numbers = line.into_iter().flat_map(|line| line.split(':')).skip(1).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(uid)), Some(Ok(gid))) => Ok(Some(User { uid, gid })),
        _ => Err("no user `postgres`, which the server has to run as when the tests run as root; the package \
                  `postgresql` makes it (`cargo xtask setup`)"
            .to_owned()),
    }
}

pub(crate) fn command(program: &Path, user: Option<&User>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).current_dir("/");
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// A certificate that signs itself; the package needs `openssl` for one of its own too.
fn certificate(folder: &Path, user: Option<&User>) -> Result<(), String> {
    let mut openssl = command(Path::new("openssl"), user);
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(folder.join("server.key"));
    openssl.arg("-out").arg(folder.join("server.crt"));
    finish(openssl)
}

fn finish(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?} cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}
