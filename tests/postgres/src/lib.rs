//! A real PostgreSQL server of its own for each test program, with Confluence's tables and accounts that have every
//! oddity we know. It needs Debian's package `postgresql`, of which nothing runs but what is started here.

mod cluster;

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// The database with Confluence's tables.
pub const DATABASE: &str = "confluence";
/// A role that reads what Seatkeeper needs.
pub const READER: &str = "seatkeeper";
/// A role that owns the tables.
pub const WRITER: &str = "confluence_owner";
/// The password of both roles; it has characters that an address has to quote.
pub const PASSWORD: &str = r"it's a \ p@ssword";

const LAYOUT: &str = include_str!("layout.sql");
const PEOPLE: &str = include_str!("people.sql");

/// A running server. Dropping it ends it and removes its files.
pub struct Server {
    binaries: PathBuf,
    folder: TempDir,
    user: Option<cluster::User>,
    port: u16,
    child: Child,
}

impl Server {
    /// Starts a server on a free port of the loopback address and fills it; `grants` are the rights of [`READER`].
    pub fn start(grants: &str) -> Result<Self, String> {
        let server = cluster::start()?;
        server.run("postgres", &format!("CREATE DATABASE {DATABASE}"))?;
        let password = PASSWORD.replace('\'', "''");
        let roles = format!(
            "CREATE ROLE {WRITER} LOGIN PASSWORD '{password}'; CREATE ROLE {READER} LOGIN PASSWORD '{password}';
             GRANT CREATE ON SCHEMA public TO {WRITER}; SET ROLE {WRITER};"
        );
        server.run(DATABASE, &format!("{roles}\n{LAYOUT}\n{PEOPLE}\nRESET ROLE;\n{grants}"))?;
        Ok(server)
    }

    /// A server that tests of one program share while any of them runs. They must not change it.
    pub fn shared(grants: &str) -> Result<Arc<Self>, String> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start(grants)?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// The port on 127.0.0.1 and `localhost`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's certificate in PEM form, which is its own authority. It is for `localhost`.
    pub fn certificate(&self) -> Result<String, String> {
        std::fs::read_to_string(self.folder.path().join("server.crt")).map_err(|error| error.to_string())
    }

    /// Runs statements as superuser.
    pub fn run(&self, database: &str, sql: &str) -> Result<(), String> {
        cluster::psql(&self.binaries, self.port, database, sql)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asking the server leaves no shared memory behind; if that fails, it is ended all the same.
        let mut stop = cluster::command(&self.binaries.join("pg_ctl"), self.user.as_ref());
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]).arg(self.folder.path().join("data"));
        let asked = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
