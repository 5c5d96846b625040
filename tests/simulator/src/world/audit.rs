//! The audit log: small records, rendered only when somebody asks for them.

use super::{GroupId, UserId};

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// An account.
    User(UserId),
    /// Nobody known.
    Anonymous,
    /// The site itself.
    System,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A successful login.
    Login(UserId),
    /// A failed login.
    LoginFailed(UserId),
    /// An account was made.
    UserCreated(UserId),
    /// Name, address or state of an account was changed: which, from, to.
    UserUpdated(UserId, Box<(&'static str, String, String)>),
    /// A username was changed: from, to.
    UserRenamed(UserId, Box<(String, String)>),
    /// An account was deleted.
    UserDeleted(UserId),
    /// An account joined a group.
    Joined(UserId, GroupId),
    /// An account left a group.
    Left(UserId, GroupId),
    /// A group was made.
    GroupCreated(GroupId),
    /// A group was deleted.
    GroupDeleted(GroupId),
    /// A global permission was given: holder, kind, permission.
    Granted(Box<(String, &'static str, String)>),
    /// A global permission was taken: holder, kind, permission.
    Revoked(Box<(String, &'static str, String)>),
    /// A token was made.
    TokenCreated(Box<str>),
    /// A token was deleted.
    TokenDeleted(Box<str>),
    /// Somebody read this log.
    Searched,
}

/// One record.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    /// Its number, rising.
    pub id: u64,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// Who.
    pub author: Author,
    /// What.
    pub action: Action,
}

/// All records, oldest first.
#[derive(Debug, Default)]
pub struct AuditLog {
    events: Vec<AuditEvent>,
    next_id: u64,
    /// How many webhook requests were made; they share the log's counter so that ids stay the same for the same story.
    pub(crate) requests: u64,
}

impl AuditLog {
    /// The records, oldest first.
    pub fn events(&self) -> &[AuditEvent] {
        &self.events
    }

    /// Adds a record; one from the past is put where it belongs.
    pub fn push(&mut self, at_ms: i64, author: Author, action: Action) {
        self.next_id = self.next_id.saturating_add(1);
        let event = AuditEvent { id: self.next_id, at_ms, author, action };
        let at = self.events.partition_point(|known| known.at_ms <= at_ms);
        self.events.insert(at, event);
    }

    /// Replaces everything by records of the past, in any order.
    pub(crate) fn load(&mut self, mut past: Vec<(i64, Author, Action)>) {
        past.sort_by_key(|(at, _, _)| *at);
        self.events = past
            .into_iter()
            .zip(1..)
            .map(|((at_ms, author, action), id)| AuditEvent { id, at_ms, author, action })
            .collect();
        self.next_id = self.events.last().map_or(0, |event| event.id);
    }

    /// Forgets every login, as if the coverage had been off from the start.
    pub(crate) fn forget_logins(&mut self) {
        self.events.retain(|event| !matches!(event.action, Action::Login(_) | Action::LoginFailed(_)));
    }

    /// Records up to `to_ms` that are older than the cursor, newest first.
    pub fn newest_first(&self, to_ms: Option<i64>, before: Option<(i64, u64)>) -> impl Iterator<Item = &AuditEvent> {
        let mut end = self.events.len();
        if let Some(to) = to_ms {
            end = end.min(self.events.partition_point(|event| event.at_ms <= to));
        }
        if let Some((at, id)) = before {
            // Ids of one moment rise with the position, so that the pair orders the whole log.
            end = end.min(self.events.partition_point(|event| (event.at_ms, event.id) < (at, id)));
        }
        self.events.get(..end).unwrap_or_default().iter().rev()
    }
}
