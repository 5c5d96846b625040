//! Accounts and the directories that hold them.

use std::sync::Arc;

use super::group::GroupId;

/// The number of an account inside one world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub u32);

impl UserId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The number of a directory inside one world; also its priority, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectoryId(pub u8);

/// What kind of directory it is, in Confluence's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryKind {
    /// The internal directory.
    Internal,
    /// An LDAP server.
    Connector,
    /// Crowd, or Jira as a user server.
    Crowd,
    /// LDAP for passwords only.
    Delegating,
}

impl DirectoryKind {
    /// The name as the database spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "INTERNAL",
            Self::Connector => "CONNECTOR",
            Self::Crowd => "CROWD",
            Self::Delegating => "DELEGATING",
        }
    }
}

/// A user directory.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: DirectoryKind,
    /// Accounts of an inactive directory are as good as gone.
    pub active: bool,
    /// Whether accounts may be changed, disabled and renamed.
    pub update_users: bool,
    /// Whether memberships in local groups may be changed.
    pub update_groups: bool,
}

/// The state of an account as the API tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Active, with permission to use the site.
    Current,
    /// Disabled.
    Deactivated,
    /// Active, without permission to use the site.
    Unlicensed,
    /// Its directory no longer holds it.
    ExternallyDeleted,
}

/// An account.
#[derive(Clone, Debug)]
pub struct User {
    /// The name to log in with.
    pub username: Arc<str>,
    /// The name in lower case, which is what the site compares.
    pub lower: Arc<str>,
    /// The key that survives renaming.
    pub key: u128,
    /// The full name.
    pub display_name: Box<str>,
    /// The address, when it is not made from the name.
    pub email: Option<Box<str>>,
    /// The first directory that holds the name.
    pub directory: DirectoryId,
    /// How many further directories hold the same name; the records are [`World::shadows_of`](super::World::shadows_of).
    pub shadows: u8,
    /// Not disabled.
    pub active: bool,
    /// No directory holds it any more.
    pub removed: bool,
    /// When the account was made.
    pub created_ms: i64,
    /// The last successful login.
    pub last_login_ms: Option<i64>,
    /// The groups that name the account itself.
    pub groups: Vec<GroupId>,
    /// Whether the account takes a seat; kept by the world.
    pub(crate) seat: bool,
}

impl User {
    /// The key as the API writes it.
    pub fn key_text(&self) -> String {
        format!("{:032x}", self.key)
    }

    /// The e-mail address.
    pub fn email_text(&self) -> String {
        self.email
            .as_ref()
            .map_or_else(|| format!("{}@example.com", self.lower.replace([' ', '/', '@'], ".")), ToString::to_string)
    }

    /// Whether the account takes a seat.
    pub fn has_seat(&self) -> bool {
        self.seat
    }
}
