//! LDAP and Active Directory on the [`Tcp`] port.
//!
//! INVARIANT (whole list): a list is read completely or not at all. The cookie that a server hands out for its next page
//! is worth something on the same connection only, and a tick of a sweep begins without one. So all pages are read in
//! one go, put in order, and handed out in pages of our own; the cursor is the last identity that was handed out. Whoever
//! comes back with it in a later tick gets what follows it in a fresh reading: everybody who is there both times is
//! handed out exactly once, whatever order the server keeps.
//!
//! Reading order: [`LdapSettings`], `session`, `line`, `filter`, `status`, `fault`.

mod dn;
mod fault;
mod filter;
mod line;
mod pages;
mod session;
mod settings;
mod status;

use chrono::TimeDelta;
use dn::Name;
use fault::Fault;
use pages::PageControl;
use rasn::types::OctetString;
use rasn_ldap::{Filter, SearchResultEntry};
use seatkeeper_confluence::answer::printable;
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage, Tcp, not_configured},
    ports::{Clock, ErrorClass, PortError},
};
use seatkeeper_policy::{
    Instant,
    directory::{Directory, LdapDialect, LdapRules, Presence, Provider},
};
use session::{Query, Session};
use std::{
    cell::RefCell,
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

pub use filter::parse_filter;
pub use settings::{LdapSettings, Protection, Tls};

/// Entries of one page of the server; Active Directory gives no more.
pub const SERVER_PAGE: u32 = 1_000;

/// People of one page of ours.
pub const PAGE: usize = 1_000;

/// People of a directory at most. They are held in memory together, some hundred bytes each, and a component has 128 MiB
/// on the strictest host: an error is better than an instance that ends.
pub const MAX_PEOPLE: usize = 400_000;

/// Time for the whole list at most.
const MAX_LISTING: TimeDelta = TimeDelta::minutes(5);

/// Entries that one person may have at most.
const MAX_ENTRIES: u32 = 50;

/// Pages in a row that may be empty: a server looks for a while and says that it is not through.
const MAX_EMPTY: u32 = 50;

/// Connections that are kept for the next question.
const MAX_IDLE: usize = 8;

/// After so long nothing is tried again: a tick has about 20 seconds, and the next one comes soon.
const MAX_TRYING: TimeDelta = TimeDelta::seconds(10);

/// Pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// User accounts of people in Active Directory, without computers and trusts.
const NORMAL_USER: (&str, &str) = ("sAMAccountType", "805306368");

/// Parts of an Active Directory that hold no people, although every search below its root names them.
const WITHOUT_PEOPLE: [&str; 4] = ["cn=configuration,", "cn=schema,", "dc=domaindnszones,", "dc=forestdnszones,"];

/// A client of one LDAP server.
pub struct Ldap<T: Tcp, C> {
    tcp: T,
    clock: C,
    settings: LdapSettings,
    idle: RefCell<Vec<Session<T::Stream>>>,
    listing: RefCell<Option<Listing>>,
}

/// A list that was read, in the order of the identities.
struct Listing {
    directory: Directory,
    people: Vec<DirectoryPerson>,
}

/// Where people are and how they are looked for, from the policy.
struct Plan {
    bases: Vec<String>,
    leavers: Option<Name>,
    filter: Option<Filter>,
    dialect: LdapDialect,
    attribute: &'static str,
    attributes: Vec<&'static str>,
}

impl<T: Tcp, C: Clock> Ldap<T, C> {
    /// A client that is connected when it is asked something.
    pub fn new(tcp: T, clock: C, settings: LdapSettings) -> Self {
        Self { tcp, clock, settings, idle: RefCell::default(), listing: RefCell::default() }
    }

    /// Does something on a connection: one that is kept, or a new one. What may pass is tried again.
    async fn converse<R>(&self, talk: impl AsyncFn(&mut Session<T::Stream>) -> Result<R, Fault>) -> Result<R, Fault> {
        let (started, mut pauses) = (self.clock.now(), PAUSES.iter());
        loop {
            let kept = self.idle.borrow_mut().pop();
            let was_kept = kept.is_some();
            let outcome = match kept {
                Some(session) => Ok(session),
                None => Session::open(&self.tcp, &self.clock, &self.settings).await,
            };
            let fault = match outcome {
                Ok(mut session) => match talk(&mut session).await {
                    Ok(result) => {
                        let mut idle = self.idle.borrow_mut();
                        if idle.len() < MAX_IDLE {
                            idle.push(session);
                        }
                        return Ok(result);
                    }
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            if !fault.may_pass() {
                return Err(fault);
            }
            // A server may close a connection that was idle; that is no failure of the question.
            if was_kept {
                continue;
            }
            let pause = pauses.next().filter(|_| self.clock.now() - started < MAX_TRYING);
            let Some(pause) = pause else { return Err(fault) };
            self.clock.sleep(*pause).await;
        }
    }

    /// Everybody, in order.
    async fn list(&self, directory: &Directory, plan: &Plan) -> Result<Vec<DirectoryPerson>, Fault> {
        let mut people = Vec::new();
        let mut filters = vec![filter::present(plan.attribute)];
        filters.extend(plan.people_filter());
        for base in &plan.bases {
            let query =
                Query { base: base.clone(), filter: filter::all(filters.clone()), attributes: plan.attributes.clone() };
            let found = self.converse(async |session| self.read_all(session, directory, plan, &query).await).await?;
            people.extend(found);
        }
        people.sort_by_cached_key(|person: &DirectoryPerson| person.identity.to_lowercase());
        Ok(people)
    }

    async fn read_all(
        &self,
        session: &mut Session<T::Stream>,
        directory: &Directory,
        plan: &Plan,
        query: &Query,
    ) -> Result<Vec<DirectoryPerson>, Fault> {
        let started = self.clock.now();
        let (mut people, mut known) = (Vec::new(), HashSet::new());
        let (mut cookie, mut empty) = (OctetString::default(), 0);
        loop {
            let page = PageControl { size: SERVER_PAGE, cookie: cookie.clone() };
            let found = session.search(&self.clock, query, 0, Some(page)).await?;
            refuse_elsewhere(&found.elsewhere)?;
            let now = self.clock.now();
            let before = known.len();
            for entry in &found.entries {
                let mut hasher = DefaultHasher::new();
                entry.object_name.hash(&mut hasher);
                if known.insert(hasher.finish()) {
                    people.extend(plan.people(directory, entry, now));
                }
            }
            empty = if found.entries.is_empty() { empty + 1 } else { 0 };
            let Some(next) = found.cookie else { return Ok(people) };
            if empty > MAX_EMPTY || next == cookie || (!found.entries.is_empty() && known.len() == before) {
                return Err(Fault::new(ErrorClass::Endless, "the LDAP server's list goes on without anybody new"));
            }
            if people.len() > MAX_PEOPLE {
                let detail = format!("the list has more than {MAX_PEOPLE} people; narrow the base or the filter");
                return Err(Fault::new(ErrorClass::Endless, detail));
            }
            if now - started > MAX_LISTING {
                let minutes = MAX_LISTING.num_minutes();
                return Err(Fault::retryable(format!("the list was not complete after {minutes} minutes")));
            }
            cookie = next;
        }
    }

    async fn look_up(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, Fault> {
        let plan = Plan::new(directory)?;
        let absent = DirectoryPerson { identity: identity.to_owned(), presence: Presence::Absent, seen: None };
        // An empty value would be an invalid question, and is nobody.
        if identity.is_empty() {
            return Ok(absent);
        }
        let mut filters = vec![filter::equals(plan.attribute, identity)];
        filters.extend(plan.people_filter());
        let mut best: Option<DirectoryPerson> = None;
        for base in &plan.bases {
            let query =
                Query { base: base.clone(), filter: filter::all(filters.clone()), attributes: plan.attributes.clone() };
            let found =
                self.converse(async |session| session.search(&self.clock, &query, MAX_ENTRIES, None).await).await?;
            refuse_elsewhere(&found.elsewhere)?;
            let now = self.clock.now();
            for entry in &found.entries {
                let judged = plan.people(directory, entry, now);
                let same = |person: &DirectoryPerson| person.identity.to_lowercase() == identity.to_lowercase();
                // The server compares more loosely than we do; what it found may be somebody else.
                let person = judged
                    .into_iter()
                    .find(same)
                    .unwrap_or_else(|| DirectoryPerson { presence: Presence::Unknown, ..absent.clone() });
                best = Some(match best {
                    Some(other) => kinder(other, person),
                    None => person,
                });
            }
        }
        Ok(best.unwrap_or(absent))
    }

    fn page_after(&self, cursor: Option<&str>) -> PeoplePage {
        let listing = self.listing.borrow();
        let Some(people) = listing.as_ref().map(|listing| listing.people.as_slice()) else {
            return PeoplePage::default();
        };
        let start = cursor.map_or(0, |last| people.partition_point(|p| p.identity.to_lowercase().as_str() <= last));
        let rest = people.get(start..).unwrap_or_default();
        let mut end = rest.len().min(PAGE);
        let key = |at: usize| rest.get(at).map(|person| person.identity.to_lowercase());
        // Equal identities stay together, or those after the cut would be lost with the cursor.
        while end > 0 && end < rest.len() && key(end) == key(end - 1) {
            end += 1;
        }
        PeoplePage {
            people: rest.get(..end).unwrap_or_default().to_vec(),
            next: if end < rest.len() { end.checked_sub(1).and_then(key) } else { None },
        }
    }
}

impl<T: Tcp, C: Clock> Directories for Ldap<T, C> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        if !matches!(directory.provider, Provider::Ldap(_)) {
            return Err(not_configured(directory));
        }
        let error = |fault: Fault| fault.into_error(format!("list the people of directory `{}`", directory.name));
        let at_hand =
            cursor.is_some() && self.listing.borrow().as_ref().is_some_and(|listing| listing.directory == *directory);
        if !at_hand {
            self.listing.replace(None);
            let plan = Plan::new(directory).map_err(error)?;
            let people = self.list(directory, &plan).await.map_err(error)?;
            self.listing.replace(Some(Listing { directory: directory.clone(), people }));
        }
        Ok(self.page_after(cursor))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        if !matches!(directory.provider, Provider::Ldap(_)) {
            return Err(not_configured(directory));
        }
        self.look_up(directory, identity).await.map_err(|fault| {
            let who = printable(identity, 100);
            fault.into_error(format!("ask directory `{}` about `{who}`", directory.name))
        })
    }
}

impl Plan {
    fn new(directory: &Directory) -> Result<Self, Fault> {
        let Provider::Ldap(rules) = &directory.provider else {
            return Err(Fault::refused("the directory is not an LDAP server"));
        };
        let LdapRules { base, dialect, filter, leavers_base } = rules;
        let filter = filter.as_deref().map(parse_filter).transpose().map_err(Fault::refused)?;
        let name = |text: &str| Name::parse(text).map_err(Fault::refused);
        let root = name(base)?;
        let leavers = leavers_base.as_deref().map(name).transpose()?;
        if let Some(above) = leavers_base.as_ref().filter(|_| leavers.as_ref().is_some_and(|name| root.is_within(name)))
        {
            return Err(Fault::refused(format!(
                "`leavers-base` (`{above}`) is the base (`{base}`) or above it, so everybody would have left; name the \
                 part of the tree where leavers are moved to"
            )));
        }
        let mut bases = vec![base.clone()];
        // Leavers that are elsewhere have to be looked for there too, or they would only be absent.
        bases.extend(leavers_base.clone().filter(|_| leavers.as_ref().is_some_and(|name| !name.is_within(&root))));
        Ok(Self {
            bases,
            leavers,
            filter,
            dialect: *dialect,
            attribute: status::identity_attribute(*dialect, directory.matching),
            attributes: status::attributes(*dialect, directory.matching, directory.sign_ins),
        })
    }

    /// What must hold besides.
    fn people_filter(&self) -> Vec<Filter> {
        let normal =
            (self.dialect == LdapDialect::ActiveDirectory).then(|| filter::equals(NORMAL_USER.0, NORMAL_USER.1));
        normal.into_iter().chain(self.filter.clone()).collect()
    }

    /// A person for each identity of an entry.
    fn people(&self, directory: &Directory, entry: &SearchResultEntry, now: Instant) -> Vec<DirectoryPerson> {
        let has_left = self.leavers.as_ref().is_some_and(|leavers| {
            // A name that cannot be read is below nothing.
            Name::parse(&entry.object_name).is_ok_and(|name| name.is_within(leavers))
        });
        let presence = if has_left { Presence::Disabled } else { status::presence(self.dialect, entry, now) };
        let seen = if directory.sign_ins { status::seen(self.dialect, entry, now) } else { None };
        let identities = status::texts(entry, self.attribute).into_iter().filter(|text| !text.is_empty());
        identities.map(|identity| DirectoryPerson { identity: identity.to_owned(), presence, seen }).collect()
    }
}

/// Of two entries with the same identity, the one that speaks for the person; what was seen last is seen of both.
fn kinder(one: DirectoryPerson, other: DirectoryPerson) -> DirectoryPerson {
    let rank = |person: &DirectoryPerson| match person.presence {
        Presence::Active => 0,
        Presence::Locked => 1,
        Presence::Unknown => 2,
        Presence::Disabled => 3,
        Presence::Absent => 4,
    };
    let seen = one.seen.max(other.seen);
    let best = if rank(&other) < rank(&one) { other } else { one };
    DirectoryPerson { seen, ..best }
}

/// Referrals are never followed. One to a part that can hold people makes the answer incomplete, so it is an error.
fn refuse_elsewhere(uris: &[String]) -> Result<(), Fault> {
    let with_people = uris.iter().find(|uri| {
        let path = uri.splitn(4, '/').nth(3).unwrap_or_default().to_lowercase();
        !WITHOUT_PEOPLE.iter().any(|part| path.starts_with(part))
    });
    match with_people {
        None => Ok(()),
        Some(uri) => Err(Fault::refused(format!(
            "a part of the tree is on another server (`{}`), and referrals are never followed, so people would be \
             missing; choose a base without that part, or the global catalogue of Active Directory (port 3268 or 3269)",
            printable(uri, 200)
        ))),
    }
}

#[cfg(test)]
mod scripted;
#[cfg(test)]
#[path = "ldap_tests.rs"]
mod tests;
