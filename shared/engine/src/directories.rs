//! The port to outside directories: who still belongs to the company. Nothing here can write.
#![expect(
    async_fn_in_trait,
    reason = "guests are single-threaded: a Send bound would be wrong, and all callers are ours"
)]

use crate::ports::{ErrorClass, PortError};
use seatkeeper_policy::{
    account::Sighting,
    directory::{Directory, Presence},
};

/// What a directory says about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPerson {
    /// The attribute that the policy matches by, as the directory spells it. Compared without case, as a whole.
    pub identity: String,
    /// Whether the person belongs to the company.
    pub presence: Presence,
    /// The newest sign-in that the directory tells, where the policy asks for sign-ins.
    pub seen: Option<Sighting>,
}

/// One page of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeoplePage {
    /// The people; a person with several matching attributes (mail addresses) is there once for each.
    pub people: Vec<DirectoryPerson>,
    /// Cursor of the following page, opaque to the caller; nothing at the end.
    pub next: Option<String>,
}

/// Reading outside directories.
pub trait Directories {
    /// One page of everybody. An error on any page makes the whole reading worthless, and the caller starts it anew.
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError>;
    /// One person, by the identity that the policy matches by. Somebody the directory does not have is
    /// [`Presence::Absent`]; an answer that says nothing is [`Presence::Unknown`]; a failure is an error.
    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError>;
}

/// No directory is configured.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDirectories;

/// The policy names a directory whose address was not configured.
pub fn not_configured(directory: &Directory) -> PortError {
    let word = directory.provider.word();
    PortError {
        class: ErrorClass::Refused,
        operation: format!("read directory `{}`", directory.name),
        detail: format!("the policy names it, but the variables `{word}_*` are not set; set them or take it out"),
    }
}

impl Directories for NoDirectories {
    async fn people(&self, directory: &Directory, _: Option<&str>) -> Result<PeoplePage, PortError> {
        Err(not_configured(directory))
    }

    async fn person(&self, directory: &Directory, _: &str) -> Result<DirectoryPerson, PortError> {
        Err(not_configured(directory))
    }
}

/// A raw connection, for a protocol that is not HTTP.
pub trait Tcp {
    /// An open connection.
    type Stream: ByteStream;
    /// Connects to an IP address and port: names cannot be looked up in a component.
    async fn connect(&self, address: std::net::SocketAddr) -> Result<Self::Stream, TcpError>;
}

/// Bytes both ways.
pub trait ByteStream {
    /// Sends all of them.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError>;
    /// Waits for the next bytes; none means that the other side closed.
    async fn read(&mut self) -> Result<Vec<u8>, TcpError>;
}

/// Why a raw connection failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TcpError {
    /// The host refused the destination.
    #[error("the host does not allow this destination; check allowed_outbound_hosts")]
    Denied,
    /// Nothing came in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection failed or broke.
    #[error("connection failed: {0}")]
    Connection(String),
}
