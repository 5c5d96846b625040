//! Crowd as a directory: who is there, who is switched off, and when Crowd last saw them.
//!
//! Crowd's search tells neither a total nor whether there is more, and a proxy may cut a page short, so a listing is at its
//! end with an empty page only.

use super::{
    Crowd, same,
    wire::{ListingWire, UserWire},
};
use crate::reply::Failure;
use seatkeeper_confluence::path::encoded;
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage, not_configured},
    ports::{Clock, ErrorClass, Http, PortError},
};
use seatkeeper_policy::{
    account::Sighting,
    directory::{Directory, Match, Presence, Provider},
};

/// People asked for with one request. It is Crowd's own default.
const PAGE_SIZE: usize = 1000;

/// People after whom a listing counts as endless.
const MAX_PEOPLE: usize = 5_000_000;

/// Accounts with the same mail address whose sign-ins are looked up. Beyond, the address tells nobody apart.
const MAX_NAMESAKES: usize = 20;

/// Where a listing goes on, and who was first on the page before: whoever comes again there proves that the listing does
/// not advance.
#[derive(Debug, PartialEq)]
struct Place {
    start: usize,
    first: Option<String>,
}

impl Place {
    fn parse(cursor: Option<&str>) -> Result<Self, Failure> {
        let Some(cursor) = cursor else { return Ok(Self { start: 0, first: None }) };
        let place = cursor
            .split_once(' ')
            .and_then(|(start, first)| Some(Self { start: start.parse().ok()?, first: Some(first.to_owned()) }));
        place.ok_or_else(|| {
            Failure::new(ErrorClass::Malformed, "the cursor is not one of Crowd's listing; read the directory anew")
        })
    }

    fn after(self, people: usize, first: &str) -> Result<String, Failure> {
        let start = self.start.saturating_add(people);
        if start > MAX_PEOPLE {
            return Err(Failure::new(ErrorClass::Endless, format!("the listing goes on after {MAX_PEOPLE} people")));
        }
        Ok(format!("{start} {first}"))
    }
}

impl<H: Http, C: Clock> Crowd<H, C> {
    async fn page(&self, by: Match, cursor: Option<&str>) -> Result<PeoplePage, Failure> {
        tellable(by)?;
        let place = Place::parse(cursor)?;
        let path = format!("/search?entity-type=user&start-index={}&max-results={PAGE_SIZE}&expand=user", place.start);
        let users = self.search(&path).await?;
        let Some(first) = users.first() else { return Ok(PeoplePage::default()) };
        if place.first.as_ref().is_some_and(|before| users.iter().any(|user| user.name == *before)) {
            let detail = format!("the page from {} brings people of the page before it", place.start);
            return Err(Failure::new(ErrorClass::Endless, detail));
        }
        let next = Some(place.after(users.len(), &first.name)?);
        let people = users.iter().filter_map(|user| {
            let identity = identity(user, by)?.to_owned();
            Some(DirectoryPerson { identity, presence: user.presence(), seen: None })
        });
        Ok(PeoplePage { people: people.collect(), next })
    }

    async fn search(&self, path: &str) -> Result<Vec<UserWire>, Failure> {
        let users = self.read::<ListingWire>(path).await?.users;
        if users.iter().all(UserWire::expanded) {
            return Ok(users);
        }
        let detail = "Crowd listed names without accounts; this version does not know `expand=user`, ask one by one";
        Err(Failure::new(ErrorClass::Malformed, detail))
    }

    async fn one(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, Failure> {
        tellable(directory.matching)?;
        if directory.matching == Match::Mail {
            return self.by_mail(identity, directory.sign_ins).await;
        }
        let expand = if directory.sign_ins { "&expand=attributes" } else { "" };
        let nobody = || DirectoryPerson { identity: identity.to_owned(), presence: Presence::Absent, seen: None };
        Ok(self.account::<UserWire>(identity, expand).await?.map_or_else(nobody, |user| DirectoryPerson {
            presence: user.presence(),
            seen: user.seen(),
            identity: user.name,
        }))
    }

    async fn by_mail(&self, mail: &str, sign_ins: bool) -> Result<DirectoryPerson, Failure> {
        let nothing = |presence| Ok(DirectoryPerson { identity: mail.to_owned(), presence, seen: None });
        let Some(literal) = literal(mail) else { return nothing(Presence::Unknown) };
        let restriction = encoded(&format!("email = {literal}"));
        let path = format!(
            "/search?entity-type=user&restriction={restriction}&start-index=0&max-results={PAGE_SIZE}&expand=user"
        );
        let found = self.search(&path).await?;
        let all: Vec<_> = found.iter().filter(|user| user.email().is_some_and(|email| same(email, mail))).collect();
        let Some(first) = all.first() else {
            // Others than those we asked for: the restriction was not heeded. And some Crowds take the backslash of an
            // escaped character for part of the text (CWD-3874), so they would find nobody either way.
            let told = found.is_empty() && !literal.contains('\\');
            return nothing(if told { Presence::Absent } else { Presence::Unknown });
        };
        let mut seen = None;
        if sign_ins {
            seen = self.newest(mail, &all).await?;
        }
        let identity = first.email().unwrap_or(mail).to_owned();
        let presence = match together(&all) {
            // More may follow, and one of them may be present.
            Presence::Disabled if found.len() >= PAGE_SIZE => Presence::Unknown,
            presence => presence,
        };
        Ok(DirectoryPerson { identity, presence, seen })
    }

    /// The newest sign-in of several accounts; a search does not tell it.
    async fn newest(&self, mail: &str, accounts: &[&UserWire]) -> Result<Option<Sighting>, Failure> {
        if accounts.len() > MAX_NAMESAKES {
            let detail = format!("{} accounts have the address `{mail}`; match by username instead", accounts.len());
            return Err(Failure::new(ErrorClass::Malformed, detail));
        }
        let mut newest = None;
        for account in accounts {
            let user: Option<UserWire> = self.account(&account.name, "&expand=attributes").await?;
            newest = newest.max(user.and_then(|user| user.seen()));
        }
        Ok(newest)
    }
}

/// Crowd has no attribute for everything that a policy may match by.
fn tellable(by: Match) -> Result<(), Failure> {
    match by {
        Match::Username | Match::Upn | Match::Mail => Ok(()),
        Match::EmployeeId => {
            let detail = "Crowd does not tell employee numbers; match by `username` or `mail`";
            Err(Failure::new(ErrorClass::Refused, detail))
        }
    }
}

fn identity(user: &UserWire, by: Match) -> Option<&str> {
    match by {
        Match::Mail => user.email(),
        Match::Username | Match::Upn | Match::EmployeeId => Some(&user.name),
    }
}

/// What several accounts of one person say together: whoever is present in one is present.
fn together(accounts: &[&UserWire]) -> Presence {
    let has = |presence| accounts.iter().any(|account| account.presence() == presence);
    [Presence::Active, Presence::Unknown].into_iter().find(|presence| has(*presence)).unwrap_or(Presence::Disabled)
}

/// A text in Crowd's query language. Nothing for a text that the language cannot say: `*` always stands for anything
/// there, and a control character is in no mail address.
fn literal(text: &str) -> Option<String> {
    if text.contains(|c: char| c == '*' || c.is_control()) {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

impl<H: Http, C: Clock> Directories for Crowd<H, C> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        if directory.provider != Provider::Crowd {
            return Err(not_configured(directory));
        }
        let read = self.page(directory.matching, cursor).await;
        read.map_err(|failure| failure.during(format!("read directory `{}`", directory.name)))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        if directory.provider != Provider::Crowd {
            return Err(not_configured(directory));
        }
        let read = self.one(directory, identity).await;
        read.map_err(|failure| {
            failure.about_one().during(format!("look up `{identity}` in directory `{}`", directory.name))
        })
    }
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
