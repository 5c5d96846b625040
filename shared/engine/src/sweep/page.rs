//! One page of one listing, as it is stored until the judgement.

use super::words;
use crate::{
    ports::{ErrorClass, LastLogin, Page, Person, PortError},
    sources::{DatabaseAccount, Outside, Site},
    state::{Gather, Gathered, Listing, StoredLogin, StoredPerson, StoredRow},
};
use seatkeeper_policy::{GroupName, Instant, Policy, Status, UserKey};

/// A page that was read.
pub(super) struct ReadPage {
    /// Its entries.
    pub entries: Gathered,
    /// Entries of any kind, on a page of the audit log.
    pub audit_entries: u64,
    /// Where to go on.
    pub next: Next,
}

/// Where a listing goes on.
pub(super) enum Next {
    /// At an offset.
    Offset(u64),
    /// At a cursor.
    Cursor(String),
    /// Nowhere.
    End,
}

impl From<Option<u64>> for Next {
    fn from(next: Option<u64>) -> Self {
        next.map_or(Self::End, Self::Offset)
    }
}

impl From<Option<String>> for Next {
    fn from(next: Option<String>) -> Self {
        next.map_or(Self::End, Self::Cursor)
    }
}

/// Reads one page of the listing that is due.
pub(super) async fn read(
    confluence: &impl Site,
    outside: &impl Outside,
    policy: &Policy,
    gather: &Gather,
    start: u64,
) -> Result<ReadPage, PortError> {
    let page = |entries, next| ReadPage { entries, audit_entries: 0, next };
    let Some(listing) = gather.listings.get(gather.listing) else {
        return Ok(page(Gathered::Logins(Vec::new()), Next::End));
    };
    match listing {
        Listing::Licence(group) => {
            let Page { items, next } = members(confluence, group, start).await?;
            let people = items.into_iter().map(stored).collect();
            Ok(page(Gathered::Members { listing: gather.listing, people }, next.into()))
        }
        Listing::Administrators(group)
        | Listing::Mark(group)
        | Listing::OtherSeat(group)
        | Listing::Nested { via: group, .. } => {
            let Page { items, next } = members(confluence, group, start).await?;
            let keys = items.into_iter().map(|p| (p.key, p.status == Status::Current)).collect();
            Ok(page(Gathered::Keys { listing: gather.listing, keys }, next.into()))
        }
        Listing::Active => {
            let Page { items, next } = confluence.active(start).await?;
            let logins = items.into_iter().filter_map(|(person, login)| last_login(person.key, login)).collect();
            Ok(page(Gathered::Logins(logins), next.into()))
        }
        Listing::Audit => {
            let from = gather.audit_from.unwrap_or(gather.opened);
            let read = confluence.logins(from, gather.opened, gather.cursor.as_deref()).await?;
            let logins = read.logins.into_iter().map(|login| {
                (login.key, login.username.map(|name| name.as_str().to_lowercase()), login.at.timestamp_millis())
            });
            Ok(ReadPage {
                entries: Gathered::Audit(logins.collect()),
                audit_entries: read.entries,
                next: read.next.into(),
            })
        }
        Listing::Database => {
            let read = outside.accounts(&policy.licence_groups, gather.cursor.as_deref()).await?;
            Ok(page(Gathered::Database(read.accounts.into_iter().map(row).collect()), read.next.into()))
        }
        Listing::Directory(name) => {
            let Some(directory) = policy.directory(name) else {
                return Ok(page(Gathered::Logins(Vec::new()), Next::End));
            };
            let read = outside.people(directory, gather.cursor.as_deref()).await?;
            let people = read.people.iter().map(words::stored).collect();
            Ok(page(Gathered::People { directory: name.clone(), people }, read.next.into()))
        }
        // Asked elsewhere, with the accounts at hand.
        Listing::Ask(_) => Ok(page(Gathered::Logins(Vec::new()), Next::End)),
    }
}

fn stored(person: Person) -> StoredPerson {
    let Person { key, username, display_name, status, email } = person;
    StoredPerson { k: key, u: username, n: display_name, s: status, e: email }
}

fn last_login(key: UserKey, login: LastLogin) -> Option<(UserKey, StoredLogin)> {
    match login {
        LastLogin::At(at) => Some((key, StoredLogin::At(at.timestamp_millis()))),
        LastLogin::Never => Some((key, StoredLogin::Never)),
        LastLogin::Unknown => None,
    }
}

fn row(account: DatabaseAccount) -> StoredRow {
    let millis = |at: Option<Instant>| at.map(|at| at.timestamp_millis());
    StoredRow {
        k: account.key,
        d: account.directory,
        g: account.writable_groups,
        a: account.writable_account,
        c: millis(account.created),
        m: account.email,
        l: millis(account.last_login),
        t: millis(account.last_authenticated),
        i: account.direct_groups,
        h: account.shadowed_in,
    }
}

async fn members(confluence: &impl Site, group: &GroupName, start: u64) -> Result<Page<Person>, PortError> {
    confluence.members(group, start).await.map_err(|mut error| {
        if error.class == ErrorClass::Gone {
            error.detail =
                format!("{}; the policy names group `{group}`, which does not exist: correct it", error.detail);
        }
        error
    })
}

impl Gathered {
    /// Entries.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Members { people, .. } => people.len(),
            Self::Keys { keys, .. } => keys.len(),
            Self::Logins(logins) => logins.len(),
            Self::Audit(logins) => logins.len(),
            Self::Database(rows) => rows.len(),
            Self::People { people, .. } => people.len(),
        }
    }

    /// Two pages of the same listing as one.
    pub(super) fn and(self, more: Self) -> Self {
        match (self, more) {
            (Self::Members { listing, mut people }, Self::Members { people: more, .. }) => {
                people.extend(more);
                Self::Members { listing, people }
            }
            (Self::Keys { listing, mut keys }, Self::Keys { keys: more, .. }) => {
                keys.extend(more);
                Self::Keys { listing, keys }
            }
            (Self::Logins(mut logins), Self::Logins(more)) => {
                logins.extend(more);
                Self::Logins(logins)
            }
            (Self::Audit(mut logins), Self::Audit(more)) => {
                logins.extend(more);
                Self::Audit(logins)
            }
            (Self::Database(mut rows), Self::Database(more)) => {
                rows.extend(more);
                Self::Database(rows)
            }
            (Self::People { directory, mut people }, Self::People { people: more, .. }) => {
                people.extend(more);
                Self::People { directory, people }
            }
            // One batch never spans two listings, so pages of two kinds never meet.
            (first, _) => first,
        }
    }
}
