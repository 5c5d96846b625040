//! The ports: what the flows need from the world, one small trait for each power. Whoever holds only a read port
//! cannot write, so a planner that changes something does not compile.
//!
//! Guests are single-threaded, so no future here is `Send`, and nothing is boxed.
#![expect(
    async_fn_in_trait,
    reason = "guests are single-threaded: a Send bound would be wrong, and all callers are ours"
)]

use chrono::{DateTime, Utc};
use seatkeeper_policy::{GroupName, SeatCount, Status, UserKey, Username};
use std::{collections::BTreeSet, time::Duration};

/// Time, as seen by a flow. Only adapters read the real clock.
pub trait Clock {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
    /// Waits without blocking other requests of the same instance.
    async fn sleep(&self, how_long: Duration);
}

/// Outbound HTTP with whole bodies. The adapter bounds bodies and time.
pub trait Http {
    /// Sends one request and reads the whole answer.
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError>;
}

/// Why no HTTP answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The host refused the destination (`allowed_outbound_hosts`).
    #[error("the host does not allow this destination; check allowed_outbound_hosts")]
    Denied,
    /// No answer in time. The request may have had its effect.
    #[error("no answer in time")]
    Timeout,
    /// The answer was larger than the adapter accepts.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// Bytes accepted at most.
        limit: usize,
    },
    /// The connection failed or broke. The request may have had its effect.
    #[error("connection failed: {0}")]
    Connection(String),
}

/// Key-value state with the portable semantics only: no scan, no compare-and-swap, the last writer wins.
pub trait Store {
    /// The value, or nothing.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Writes the value.
    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes the key; a missing key is fine.
    async fn delete(&self, key: &str) -> Result<(), StoreError>;
}

/// Why the store did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// This component has no grant for the store.
    #[error("the key-value store is not granted to this component; check key_value_stores in spin.toml")]
    Denied,
    /// The store failed; try again later.
    #[error("the key-value store failed: {0}")]
    Failed(String),
}

/// What a caller may do about a failed port call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// Our credentials do not hold (401, a token that turned anonymous, a CAPTCHA): stop everything.
    Unauthorized,
    /// This call is not allowed (403, read-only directory, a rejected value): do not repeat it.
    Refused,
    /// The subject does not exist (404).
    Gone,
    /// Asked to slow down beyond the retries that were spent (429, 503 with Retry-After).
    Throttled,
    /// A fault that may pass: 5xx, time-out, broken connection. The call may have had its effect.
    Retryable,
    /// The answer is not what the contract says: HTML, truncated JSON, a missing field.
    Malformed,
    /// A listing that never ends or brings no new entries.
    Endless,
}

/// A failed call on a port, with its class, the operation and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to {operation}: {detail}")]
pub struct PortError {
    /// What the caller may do about it.
    pub class: ErrorClass,
    /// The operation as a verb phrase, such as `list members of group `x``.
    pub operation: String,
    /// What was seen, never with a secret or a whole body.
    pub detail: String,
}

/// One page of a listing. `next` is where to go on, or nothing at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries of this page.
    pub items: Vec<T>,
    /// Offset of the following page.
    pub next: Option<u64>,
}

/// Who our token belongs to, as Confluence sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// User key of our own account.
    pub key: UserKey,
    /// User name of our own account.
    pub username: Username,
}

/// What this Confluence can do, found by probing, never by version string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Capabilities {
    /// `admin/users/list/active` exists (9.3 and later).
    pub active_list: bool,
    /// That list carries `lastLogin` (10.2 and later).
    pub last_login: bool,
    /// Global permissions can be read, so all licence groups are known (9.3 and later).
    pub permissions: bool,
    /// Child groups of a group can be listed (after 9.0).
    pub child_groups: bool,
}

/// One account as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Identity.
    pub key: UserKey,
    /// Present user name.
    pub username: Username,
    /// Name for people; comes from outside, so it is escaped wherever it is shown.
    pub display_name: String,
    /// Present status; `Unknown` when the answer did not say.
    pub status: Status,
    /// Mail address where this version tells it.
    pub email: Option<String>,
}

/// What the list of seat holders says about the last login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastLogin {
    /// The newest login Confluence knows.
    At(DateTime<Utc>),
    /// Confluence says that there was none.
    Never,
    /// This version does not tell, or the value cannot be understood.
    Unknown,
}

/// A holder of the global permission *can use*.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// Everybody in the group.
    Group(GroupName),
    /// One account, individually.
    Account(UserKey),
}

/// Global permissions that give a seat.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SeatPermissions {
    /// Holders of *can use*.
    pub can_use: BTreeSet<Holder>,
    /// Holders of an administrator permission.
    pub administer: BTreeSet<Holder>,
}

/// How an account is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who<'a> {
    /// By identity.
    Key(&'a UserKey),
    /// By present name.
    Name(&'a Username),
}

/// Reading Confluence.
pub trait ConfluenceRead {
    /// Proves that the token still works and belongs to the expected account.
    async fn whoami(&self) -> Result<Identity, PortError>;
    /// Probes what this Confluence can do.
    async fn capabilities(&self) -> Result<Capabilities, PortError>;
    /// Members of a group from an offset on. A group that does not exist is `Gone`.
    async fn members(&self, group: &GroupName, start: u64) -> Result<Page<Person>, PortError>;
    /// Direct child groups of a group, all of them. Needs the capability.
    async fn child_groups(&self, group: &GroupName) -> Result<BTreeSet<GroupName>, PortError>;
    /// Seat holders with their last login from an offset on. Needs the capability.
    async fn active(&self, start: u64) -> Result<Page<(Person, LastLogin)>, PortError>;
    /// Global permissions. Needs the capability.
    async fn permissions(&self) -> Result<SeatPermissions, PortError>;
    /// One account, or nothing when it does not exist.
    async fn account(&self, who: Who<'_>) -> Result<Option<Person>, PortError>;
    /// All groups of an account; may include inherited ones.
    async fn groups_of(&self, key: &UserKey) -> Result<BTreeSet<GroupName>, PortError>;
    /// Whether Confluence takes no changes at present, as during maintenance.
    async fn read_only(&self) -> Result<bool, PortError>;
    /// Seats used and bought. Confluence caches the number for some minutes.
    async fn seats(&self) -> Result<SeatCount, PortError>;
}

/// Changing seats in Confluence. Every call is idempotent, and success is not proof: callers read again.
pub trait ConfluenceWrite {
    /// Takes the account out of the group.
    async fn remove_from_group(&self, username: &Username, group: &GroupName) -> Result<(), PortError>;
    /// Puts the account into the group.
    async fn add_to_group(&self, username: &Username, group: &GroupName) -> Result<(), PortError>;
    /// Deactivates the account.
    async fn disable(&self, username: &Username) -> Result<(), PortError>;
    /// Activates the account.
    async fn enable(&self, username: &Username) -> Result<(), PortError>;
}

/// Renaming accounts. Confluence has no REST call for it, so this is a port of its own with its own capability.
pub trait Rename {
    /// Whether an executor is configured at all.
    fn available(&self) -> bool;
    /// Gives the account a new name; refused when the new name is taken.
    async fn rename(&self, from: &Username, to: &Username) -> Result<(), PortError>;
    /// The name as the executor's directory spells it, when somebody there has it, active or not.
    async fn holder(&self, name: &Username) -> Result<Option<String>, PortError>;
}

/// Mail address and full name of an account. Texts from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Attributes {
    /// Full name.
    pub full_name: String,
    /// Mail address.
    pub email: String,
}

/// Changing mail address and full name.
pub trait UpdateAttributes {
    /// What does it, such as `Confluence` or `Crowd`, or nothing where nothing here can. Found by asking.
    async fn updater(&self) -> Result<Option<&'static str>, PortError>;
    /// What they are now; nothing when nobody has the name.
    async fn attributes(&self, username: &Username) -> Result<Option<Attributes>, PortError>;
    /// Sets both. Idempotent; callers read again.
    async fn update(&self, username: &Username, to: &Attributes) -> Result<(), PortError>;
}
