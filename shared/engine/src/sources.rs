//! Ports to sources of evidence beyond Confluence's listings: its audit log, its content, its database. All of them
//! only read.
#![expect(
    async_fn_in_trait,
    reason = "guests are single-threaded: a Send bound would be wrong, and all callers are ours"
)]

use crate::directories::{Directories, DirectoryPerson, PeoplePage};
use crate::ports::{PortError, SeatPermissions};
use chrono::{DateTime, Utc};
use seatkeeper_policy::{Directory, GroupName, UserKey, Username};
use std::collections::BTreeSet;

/// A successful login as the audit log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLogin {
    /// Identity, where the entry has it.
    pub key: Option<UserKey>,
    /// User name at the time of the entry, where it has one.
    pub username: Option<Username>,
    /// When.
    pub at: DateTime<Utc>,
}

/// One page of the audit log, newest entries first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditPage {
    /// Logins on this page.
    pub logins: Vec<AuditLogin>,
    /// Entries of any kind on this page; an audit log with entries and without logins does not record them.
    pub entries: u64,
    /// Cursor of the following page.
    pub next: Option<String>,
}

/// Reading the audit log. Each search is itself recorded by Confluence, so callers ask rarely.
pub trait AuditLog {
    /// Logins between two instants, from a cursor on. The window stays the same for all pages of one pass.
    async fn logins(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        cursor: Option<&str>,
    ) -> Result<AuditPage, PortError>;
}

/// What an account owns that somebody has to take over.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Owned {
    /// Key of the personal space.
    pub personal_space: Option<String>,
    /// Keys of spaces with no other administrator.
    pub sole_administrator_of: BTreeSet<String>,
}

/// Reading what accounts wrote and own.
pub trait Content {
    /// When the account last created or edited something; nothing when it never did. Sees contributions only, not
    /// reading.
    async fn last_contribution(&self, username: &Username) -> Result<Option<DateTime<Utc>>, PortError>;
    /// What the account owns.
    async fn owned(&self, key: &UserKey, username: &Username) -> Result<Owned, PortError>;
}

/// What Confluence's database says about one account, seen from the first directory that has its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseAccount {
    /// Identity.
    pub key: UserKey,
    /// Present user name.
    pub username: Username,
    /// Name of the directory the account comes from.
    pub directory: String,
    /// Whether group memberships can be changed from Confluence.
    pub writable_groups: bool,
    /// Whether the account itself can be changed (deactivated) from Confluence.
    pub writable_account: bool,
    /// When the account was created, where the database says so.
    pub created: Option<DateTime<Utc>>,
    /// Mail address.
    pub email: Option<String>,
    /// `logininfo.successdate`.
    pub last_login: Option<DateTime<Utc>>,
    /// The user attribute `lastAuthenticated`.
    pub last_authenticated: Option<DateTime<Utc>>,
    /// The licence groups that the account is a direct member of; any other membership in them is inherited.
    pub direct_groups: BTreeSet<GroupName>,
    /// Lower directories that hold an active account of the same name.
    pub shadowed_in: BTreeSet<String>,
}

/// Reading Confluence's database. Nothing here can write.
pub trait Database {
    /// Whether a database is configured at all.
    fn configured(&self) -> bool;
    /// All accounts, active or not, in the order of their lower-case names, from the first name after `after` on.
    /// `groups` are the licence groups of interest.
    async fn accounts(&self, groups: &BTreeSet<GroupName>, after: Option<&str>) -> Result<DatabasePage, PortError>;
    /// Permissions and nested groups; nothing where the source does not know them.
    async fn structure(&self) -> Result<DatabaseStructure, PortError> {
        Ok(DatabaseStructure::default())
    }
}

/// What the database says about permissions and groups.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatabaseStructure {
    /// Global permissions that give a seat.
    pub permissions: SeatPermissions,
    /// Pairs of a group and a group directly inside it.
    pub nested: BTreeSet<(GroupName, GroupName)>,
}

/// One page of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatabasePage {
    /// The accounts.
    pub accounts: Vec<DatabaseAccount>,
    /// Pass this as `after` for the following page; nothing at the end.
    pub next: Option<String>,
}

/// No database is configured.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDatabase;

impl Database for NoDatabase {
    fn configured(&self) -> bool {
        false
    }

    async fn accounts(&self, _: &BTreeSet<GroupName>, _: Option<&str>) -> Result<DatabasePage, PortError> {
        Ok(DatabasePage::default())
    }
}

/// All that a sweep reads besides Confluence itself.
pub trait Outside: Database + Directories {}

impl<X: Database + Directories> Outside for X {}

/// The database and the outside directories, held together.
#[derive(Debug)]
pub struct Elsewhere<'a, D, P> {
    /// Confluence's database.
    pub database: &'a D,
    /// Outside directories.
    pub directories: &'a P,
}

impl<D: Database, P> Database for Elsewhere<'_, D, P> {
    fn configured(&self) -> bool {
        self.database.configured()
    }

    async fn accounts(&self, groups: &BTreeSet<GroupName>, after: Option<&str>) -> Result<DatabasePage, PortError> {
        self.database.accounts(groups, after).await
    }

    async fn structure(&self) -> Result<DatabaseStructure, PortError> {
        self.database.structure().await
    }
}

impl<D, P: Directories> Directories for Elsewhere<'_, D, P> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        self.directories.people(directory, cursor).await
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        self.directories.person(directory, identity).await
    }
}

/// Everything a sweep reads from and changes in Confluence.
pub trait Site: crate::ports::ConfluenceRead + crate::ports::ConfluenceWrite + AuditLog + Content {}

impl<X: crate::ports::ConfluenceRead + crate::ports::ConfluenceWrite + AuditLog + Content> Site for X {}
