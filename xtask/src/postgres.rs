//! A PostgreSQL server for the tests: Confluence's database is read from a real one. The tests start it themselves, in
//! folders of their own; nothing is left running.

use std::{ffi::OsStr, path::Path};

use anyhow::{Result, bail};

use crate::system;

/// Where Debian puts the servers, one folder for each version.
const SERVERS: &str = "/usr/lib/postgresql";
const PACKAGES: [&str; 2] = ["postgresql", "openssl"];

/// Makes sure that a server can be started.
pub fn prepare() -> Result<()> {
    if is_complete() {
        return Ok(());
    }
    system::apt_install(&PACKAGES, "no PostgreSQL server below /usr/lib/postgresql, on which tests read a database")?;
    if !is_complete() {
        bail!("no PostgreSQL server below {SERVERS}, even with {} installed", PACKAGES.join(", "));
    }
    Ok(())
}

fn is_complete() -> bool {
    has_server(Path::new(SERVERS)) && system::find_program("openssl").is_some()
}

fn has_server(servers: &Path) -> bool {
    let versions = servers.read_dir().into_iter().flatten().filter_map(Result::ok);
    versions.map(|version| version.path().join("bin")).any(|bin| {
        ["initdb", "pg_ctl", "postgres", "psql"].map(OsStr::new).iter().all(|program| bin.join(program).is_file())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::has_server;

    #[test]
    fn a_client_without_a_server_is_not_enough() {
        let servers = tempfile::tempdir().unwrap();
        assert!(!has_server(&servers.path().join("nothing")));
        let bin = servers.path().join("17/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("psql"), "").unwrap();
        assert!(!has_server(servers.path()));
        for program in ["initdb", "pg_ctl", "postgres"] {
            fs::write(bin.join(program), "").unwrap();
        }
        assert!(has_server(servers.path()));
    }
}
