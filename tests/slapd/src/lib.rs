//! A real LDAP server of its own for each test, with generated people and certificates of an authority of its own. It
//! needs Debian's package `slapd`, of which nothing runs but what is started here.

mod certificates;
mod people;
mod server;

use std::process::Child;

use tempfile::TempDir;

pub use certificates::Certificate;
pub use people::{PeopleOf, ad_person, openldap_person};

/// The base of all entries.
pub const BASE: &str = "dc=example,dc=test";
/// Where people are.
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
/// Where people go who have left.
pub const LEAVERS: &str = "ou=leavers,dc=example,dc=test";
/// An account that reads everything without a limit.
pub const READER: &str = "cn=reader,dc=example,dc=test";
/// An account that may ask, and may see nothing of the people.
pub const STRANGER: &str = "cn=stranger,dc=example,dc=test";
/// An account that is given ten entries of a list and no more.
pub const LIMITED: &str = "cn=limited,dc=example,dc=test";
/// The password of all three; it has characters that a shell or an address would have to quote.
pub const PASSWORD: &str = r"it's a \ p@sswörd";
/// The name in the server's certificate, beside the address 127.0.0.1.
pub const SERVER_NAME: &str = "ldap.example.test";

/// A running server. Dropping it ends it and removes its files.
pub struct Server {
    folder: TempDir,
    child: Child,
    port: u16,
    tls_port: u16,
}

/// How a server is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// More entries, as LDIF, below those that every server has.
    pub ldif: &'a str,
    /// Its certificate.
    pub certificate: Certificate,
    /// A reference to another server below [`BASE`], such as `ldap://other.example/ou=far,dc=example,dc=test`.
    pub referral: Option<&'a str>,
}

impl Server {
    /// Starts a server on two free ports of the loopback address.
    pub fn start(options: Options<'_>) -> Result<Self, String> {
        server::start(options)
    }

    /// The port on 127.0.0.1 for plain LDAP and `StartTLS`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port on 127.0.0.1 for LDAP inside TLS from the first byte.
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The authority that signed the server's certificate, in PEM form.
    pub fn authority(&self) -> Result<String, String> {
        std::fs::read_to_string(self.folder.path().join("ca.crt")).map_err(|error| error.to_string())
    }

    /// Another authority, which signed nothing here.
    pub fn other_authority(&self) -> Result<String, String> {
        std::fs::read_to_string(self.folder.path().join("other.crt")).map_err(|error| error.to_string())
    }

    /// Bytes of memory that the server has now.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
