//! The reading half of the client.

use crate::{
    Confluence, MAX_PAGES, PAGE_SIZE,
    answer::Failure,
    page::{Asked, Fit, Listing, again, endless},
    path::{encoded, segment},
    wire::{CountWire, GroupWire, PermissionWire, PersonWire, SeatPermission, Subject, malformed, seat_count, subject},
};
use http::Method;
use seatkeeper_engine::ports::{
    Capabilities, Clock, ConfluenceRead, ErrorClass, Holder, Http, Identity, LastLogin, Page, Person, PortError,
    SeatPermissions, Who,
};
use seatkeeper_policy::{GroupName, SeatCount, UserKey};
use serde::de::{DeserializeOwned, IgnoredAny};
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

    /// One page of a listing. `path` ends where the paging parameters follow, with `?` or `&`.
    pub(crate) async fn listing<T: DeserializeOwned>(&self, path: &str, asked: Asked) -> Result<Listing<T>, Failure> {
        let listing: Listing<T> = self.call(&Method::GET, &format!("{path}{}", asked.query())).await?.json()?;
        let Fit::Again { from } = listing.fit(asked)? else { return Ok(listing) };
        // Some versions start over behind the last entry (CONFSERVER-95396). That is the end of the listing if the entry
        // before it can still be had by its number; else `start` is not heeded, and all but the first page is hidden.
        let before = Asked { start: asked.start - 1, limit: 1 };
        let last: Listing<IgnoredAny> = self.call(&Method::GET, &format!("{path}{}", before.query())).await?.json()?;
        if last.results.is_empty() || last.fit(before)? != Fit::Asked {
            return Err(again(asked, from));
        }
        Ok(Listing::end())
    }

    /// One page of the list of seat holders, as it came. It is looked for where the reference says, then where the issue
    /// that introduced it says.
    pub(crate) async fn active_listing(&self, asked: Asked) -> Result<Listing<PersonWire>, Failure> {
        const EXPAND: &str = "expand=status%2ClastLogin&";
        let moved = format!("/rest/api/user/list/active?{EXPAND}");
        if self.active_moved.get() {
            return self.listing(&moved, asked).await;
        }
        let missing = match self.listing(&format!("/rest/api/admin/users/list/active?{EXPAND}"), asked).await {
            Err(failure) if failure.not_there() => failure,
            other => return other,
        };
        match self.listing(&moved, asked).await {
            Ok(listing) => {
                self.active_moved.set(true);
                Ok(listing)
            }
            Err(failure) if failure.not_there() => Err(missing),
            Err(failure) => Err(failure),
        }
    }

    /// All groups of a listing. `path` ends where the paging parameters follow.
    async fn all_groups(&self, path: &str, operation: &str) -> Result<BTreeSet<GroupName>, PortError> {
        let during = |failure: Failure| failure.during(operation);
        let mut groups = BTreeSet::new();
        let mut start = Some(0);
        for _ in 0..MAX_PAGES {
            let Some(from) = start else { return Ok(groups) };
            let asked = Asked { start: from, limit: PAGE_SIZE };
            let listing: Listing<GroupWire> = self.listing(path, asked).await.map_err(during)?;
            let page = listing.page(asked, |group| group.group().map(Some)).map_err(during)?;
            let before = groups.len();
            groups.extend(page.items);
            start = page.next;
            if groups.len() == before && start.is_some() {
                return Err(during(endless(format_args!("the page from {from} brought nothing new"))));
            }
        }
        match start {
            None => Ok(groups),
            Some(_) => Err(during(endless(format_args!("more than {MAX_PAGES} pages")))),
        }
    }

    pub(crate) async fn lookup(&self, who: Who<'_>, operation: &str) -> Result<Option<Person>, PortError> {
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
        let listing: Result<Listing<PersonWire>, _> =
            self.listing(&format!("/rest/api/group/{name}/member?expand=status&"), asked).await;
        listing
            .and_then(|listing| listing.page(asked, PersonWire::person))
            .map_err(|failure| failure.during(&operation))
    }

    async fn child_groups(&self, group: &GroupName) -> Result<BTreeSet<GroupName>, PortError> {
        let operation = format!("list child groups of group `{group}`");
        let name = checked_segment(group.as_str(), &operation)?;
        self.all_groups(&format!("/rest/api/group/{name}/groupmember?"), &operation).await
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
        self.all_groups(&format!("/rest/api/user/memberof?key={}&", encoded(key.as_str())), &operation).await
    }

    async fn read_only(&self) -> Result<bool, PortError> {
        match self.access_mode().await {
            Ok(mode) => Ok(mode == AccessMode::ReadOnly),
            Err(error) if error.class == ErrorClass::Gone => Ok(false),
            Err(error) => Err(error),
        }
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
