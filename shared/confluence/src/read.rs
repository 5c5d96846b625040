//! The reading half of the client.

use crate::{
    Confluence, MAX_PAGES, PAGE_SIZE,
    answer::Failure,
    page::{Asked, Listing, endless},
    path::{encoded, segment},
    wire::{CountWire, GroupWire, PermissionWire, PersonWire, SeatPermission, Subject, malformed, seat_count, subject},
};
use http::Method;
use seatkeeper_engine::ports::{
    Capabilities, Clock, ConfluenceRead, ErrorClass, Holder, Http, Identity, LastLogin, Page, Person, PortError,
    SeatPermissions, Who,
};
use seatkeeper_policy::{GroupName, SeatCount, UserKey};
use std::collections::BTreeSet;

/// Whether Confluence takes changes at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessMode {
    /// The normal state.
    ReadWrite,
    /// Set by an administrator for maintenance; every change is refused.
    ReadOnly,
}

/// A name as one segment of a path, or the refusal to send it.
pub(crate) fn checked_segment(name: &str, operation: &str) -> Result<String, PortError> {
    segment(name).map_err(|problem| Failure::new(ErrorClass::Refused, problem).during(operation))
}

impl<H: Http, C: Clock> Confluence<H, C> {
    /// Whether Confluence takes changes at all.
    pub async fn access_mode(&self) -> Result<AccessMode, PortError> {
        self.get("/rest/api/accessmode", "read the access mode").await
    }

    /// One page of the list of seat holders, as it came.
    pub(crate) async fn active_listing(&self, asked: Asked) -> Result<Listing<PersonWire>, Failure> {
        let path = format!("/rest/api/admin/users/list/active?{}&expand=status%2ClastLogin", asked.query());
        self.call(&Method::GET, &path).await?.json()
    }

    /// All groups of a listing. `separator` joins the paging parameters to the path.
    async fn all_groups(&self, path: &str, separator: char, operation: &str) -> Result<BTreeSet<GroupName>, PortError> {
        let mut groups = BTreeSet::new();
        let mut start = Some(0);
        for _ in 0..MAX_PAGES {
            let Some(from) = start else { return Ok(groups) };
            let asked = Asked { start: from, limit: PAGE_SIZE };
            let listing: Listing<GroupWire> =
                self.get(&format!("{path}{separator}{}", asked.query()), operation).await?;
            let page = listing.page(asked, |group| group.group().map(Some)).map_err(|e| e.during(operation))?;
            let before = groups.len();
            groups.extend(page.items);
            start = page.next;
            if groups.len() == before && start.is_some() {
                return Err(endless(format_args!("the page from {from} brought nothing new")).during(operation));
            }
        }
        match start {
            None => Ok(groups),
            Some(_) => Err(endless(format_args!("more than {MAX_PAGES} pages")).during(operation)),
        }
    }

    async fn lookup(&self, who: Who<'_>, operation: &str) -> Result<Option<Person>, PortError> {
        let query = match who {
            Who::Key(key) => format!("key={}", encoded(key.as_str())),
            Who::Name(name) => format!("username={}", encoded(name.as_str())),
        };
        let found: Result<PersonWire, _> = self.get(&format!("/rest/api/user?{query}&expand=status"), operation).await;
        let person = match found {
            Ok(wire) => wire.person().map_err(|failure| failure.during(operation))?,
            Err(error) if error.class == ErrorClass::Gone => None,
            Err(error) => return Err(error),
        };
        let other = person.as_ref().is_some_and(|person| match who {
            Who::Key(key) => person.key != *key,
            Who::Name(name) => !same_name(person.username.as_str(), name.as_str()),
        });
        if other {
            return Err(
                malformed("the answer is about another account; check caches in front of Confluence").during(operation)
            );
        }
        Ok(person)
    }
}

fn same_name(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

impl<H: Http, C: Clock> ConfluenceRead for Confluence<H, C> {
    async fn whoami(&self) -> Result<Identity, PortError> {
        const OPERATION: &str = "verify our own account";
        let unauthorized = |detail: String| Failure::new(ErrorClass::Unauthorized, detail).during(OPERATION);
        let wire: PersonWire =
            self.get("/rest/api/user/current", OPERATION).await.map_err(|error| match error.class {
                ErrorClass::Refused => PortError { class: ErrorClass::Unauthorized, ..error },
                ErrorClass::Gone => PortError {
                    class: ErrorClass::Malformed,
                    detail: format!("{}; check the origin and the context path", error.detail),
                    ..error
                },
                ErrorClass::Unauthorized
                | ErrorClass::Throttled
                | ErrorClass::Retryable
                | ErrorClass::Malformed
                | ErrorClass::Endless => error,
            })?;
        if wire.kind.as_deref() != Some("known") {
            return Err(unauthorized(
                "Confluence answers us as anonymous, so the token is expired, revoked or unknown; create a new personal \
                 access token"
                    .to_owned(),
            ));
        }
        let Some(person) = wire.person().map_err(|failure| failure.during(OPERATION))? else {
            return Err(malformed("our own account came without name and key").during(OPERATION));
        };
        let expected = &self.settings.expected_user;
        if !same_name(person.username.as_str(), expected.as_str()) {
            return Err(unauthorized(format!(
                "the token belongs to `{}`, but `{expected}` is expected; use a token of `{expected}` or change the setting",
                person.username
            )));
        }
        Ok(Identity { key: person.key, username: person.username })
    }

    async fn capabilities(&self) -> Result<Capabilities, PortError> {
        self.probe().await
    }

    async fn members(&self, group: &GroupName, start: u64) -> Result<Page<Person>, PortError> {
        let operation = format!("list members of group `{group}`");
        let asked = Asked { start, limit: PAGE_SIZE };
        let name = checked_segment(group.as_str(), &operation)?;
        let path = format!("/rest/api/group/{name}/member?{}&expand=status", asked.query());
        let listing: Listing<PersonWire> = self.get(&path, &operation).await?;
        listing.page(asked, PersonWire::person).map_err(|failure| failure.during(&operation))
    }

    async fn child_groups(&self, group: &GroupName) -> Result<BTreeSet<GroupName>, PortError> {
        let operation = format!("list child groups of group `{group}`");
        let name = checked_segment(group.as_str(), &operation)?;
        self.all_groups(&format!("/rest/api/group/{name}/groupmember"), '?', &operation).await
    }

    async fn active(&self, start: u64) -> Result<Page<(Person, LastLogin)>, PortError> {
        const OPERATION: &str = "list seat holders";
        let during = |failure: Failure| failure.during(OPERATION);
        let asked = Asked { start, limit: PAGE_SIZE };
        let listing = self.active_listing(asked).await.map_err(during)?;
        let delivered = if listing.results.iter().any(PersonWire::tells_login) {
            self.last_login.set(Some(true));
            true
        } else {
            // The list starts with those who never logged in, so a page may well have no login on it.
            !listing.results.is_empty() && self.delivers_last_login().await.map_err(during)?
        };
        let convert = |wire: PersonWire| {
            let login = wire.last_login(delivered);
            Ok(wire.person()?.map(|person| (person, login)))
        };
        listing.page(asked, convert).map_err(during)
    }

    async fn permissions(&self) -> Result<SeatPermissions, PortError> {
        const OPERATION: &str = "read the global permissions";
        let during = |failure: Failure| failure.during(OPERATION);
        let entries: Vec<PermissionWire> = self.get("/rest/api/permissions", OPERATION).await?;
        let mut permissions = SeatPermissions::default();
        for entry in entries {
            let Some(permission) = entry.operation.seat_permission() else { continue };
            let holder = match subject(&entry.subject).map_err(during)? {
                Subject::Group(group) => Holder::Group(group),
                Subject::Key(key) => Holder::Account(key),
                Subject::Name(name) => match self.lookup(Who::Name(&name), OPERATION).await? {
                    Some(person) => Holder::Account(person.key),
                    None => continue,
                },
                Subject::Nobody => continue,
            };
            match permission {
                SeatPermission::Use => permissions.can_use.insert(holder),
                SeatPermission::Administer => permissions.administer.insert(holder),
            };
        }
        Ok(permissions)
    }

    async fn account(&self, who: Who<'_>) -> Result<Option<Person>, PortError> {
        let operation = match &who {
            Who::Key(key) => format!("read account with key `{key}`"),
            Who::Name(name) => format!("read account `{name}`"),
        };
        self.lookup(who, &operation).await
    }

    async fn groups_of(&self, key: &UserKey) -> Result<BTreeSet<GroupName>, PortError> {
        let operation = format!("list groups of the account with key `{key}`");
        self.all_groups(&format!("/rest/api/user/memberof?key={}", encoded(key.as_str())), '&', &operation).await
    }

    async fn seats(&self) -> Result<SeatCount, PortError> {
        const OPERATION: &str = "count seats";
        let used: CountWire = self.get("/rest/license/1.0/license/userCount", OPERATION).await?;
        let max: CountWire = self.get("/rest/license/1.0/license/maxUsers", OPERATION).await?;
        seat_count(&used, &max).map_err(|failure| failure.during(OPERATION))
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
