//! An LDAP server for the tests: people are read from a real one. The tests start it themselves, in folders of their own.
//! Debian starts one of its own when the package is installed, on the usual port; nothing here uses or changes it.

use std::path::Path;

use anyhow::{Result, bail};

use crate::system;

const SERVER: &str = "/usr/sbin/slapd";
const PACKAGES: [&str; 3] = ["slapd", "ldap-utils", "openssl"];

/// Makes sure that a server can be started.
pub fn prepare() -> Result<()> {
    if is_complete() {
        return Ok(());
    }
    system::apt_install(&PACKAGES, "no LDAP server /usr/sbin/slapd, on which tests read people")?;
    if !is_complete() {
        bail!("no {SERVER}, even with {} installed", PACKAGES.join(", "));
    }
    Ok(())
}

fn is_complete() -> bool {
    Path::new(SERVER).is_file() && system::find_program("openssl").is_some()
}
