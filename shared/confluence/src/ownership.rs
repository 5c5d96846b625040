//! What somebody would leave behind without anybody in charge: a personal space, and spaces with no other administrator.
//!
//! Confluence cannot be asked for the spaces of an administrator, so candidates are found by search (spaces that the
//! account made or wrote in), and the permissions of each are read. The number of requests is bounded; what the bound left
//! out is counted and never told as "nobody's".

use crate::{
    Confluence,
    answer::Failure,
    content::{SpaceWire, quoted},
    page::Listing,
    path::{encoded, segment},
    wire::{PermissionWire, PersonWire, Subject, subject},
};
use http::Method;
use seatkeeper_engine::{
    ports::{Clock, ErrorClass, Http, PortError, Who},
    sources::Owned,
};
use seatkeeper_policy::{Status, UserKey, Username};
use std::collections::{BTreeMap, BTreeSet};

/// Results of one search for candidates.
const CANDIDATES: u64 = 100;

/// Requests that the permissions of spaces and the states of their other administrators may cost for one account.
const BUDGET: u32 = 40;

/// Requests for one account at most, tries after a fault not counted: the personal space, two searches that each may be
/// asked back about, and 40 for permissions. Somebody who made no space and wrote nowhere costs three.
pub const MAX_OWNERSHIP_REQUESTS: u32 = BUDGET + 5;

/// What an account owns, and how complete the answer is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ownership {
    /// What was found.
    pub owned: Owned,
    /// What is known about the administrators of spaces.
    pub administrators: Administrators,
}

/// Whether the administrators of an account's spaces could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Administrators {
    /// All candidates were read.
    #[default]
    Complete,
    /// So many candidates could not be read, or were beyond the bound.
    Partial {
        /// How many.
        unread: u64,
    },
    /// This version does not tell the permissions of spaces (known from 10.0 on), so nothing is known.
    NotTold,
}

/// What one account's question may still cost, and what it found out about other administrators.
struct Inquiry<'a> {
    account: &'a UserKey,
    left: u32,
    /// Whether a holder is somebody who can take care of a space.
    caring: BTreeMap<String, bool>,
}

impl Inquiry<'_> {
    /// Pays for one request.
    fn pay(&mut self) -> bool {
        let paid = self.left > 0;
        self.left = self.left.saturating_sub(1);
        paid
    }
}

/// Who administers one space.
enum Rule {
    /// The account and nobody else who could take care.
    Alone,
    /// Somebody else, or not the account at all.
    Others,
    /// It cannot be told.
    Unread,
    /// This version does not tell.
    NotTold,
}

impl<H: Http, C: Clock> Confluence<H, C> {
    /// What an account owns. A space that our own account may not see is not found.
    pub async fn ownership(&self, key: &UserKey, username: &Username) -> Result<Ownership, PortError> {
        let operation = format!("find the spaces of account `{username}`");
        let mut found = Ownership { owned: Owned::default(), administrators: Administrators::Complete };
        found.owned.personal_space = self.personal_space(key, username, &operation).await?;
        if self.space_permissions.get() == Some(false) {
            found.administrators = Administrators::NotTold;
            return Ok(found);
        }
        let (candidates, cut) = self.candidates(username, &operation).await?;
        let mut inquiry = Inquiry { account: key, left: BUDGET, caring: BTreeMap::new() };
        let mut unread = u64::from(cut);
        for space in candidates {
            if found.owned.personal_space.as_ref() == Some(&space) {
                // It is told already, and its only administrator is nearly always its owner.
                continue;
            }
            match self.rule(&space, &mut inquiry, &operation).await? {
                Rule::Alone => {
                    found.owned.sole_administrator_of.insert(space);
                }
                Rule::Others => {}
                Rule::Unread => unread = unread.saturating_add(1),
                Rule::NotTold => {
                    found.administrators = Administrators::NotTold;
                    return Ok(found);
                }
            }
        }
        if unread > 0 {
            found.administrators = Administrators::Partial { unread };
        }
        Ok(found)
    }

    /// Keys are made of the name; after anonymisation of the user key. A renamed account may still own `~old-name`, which
    /// shows up among the candidates.
    async fn personal_space(
        &self,
        key: &UserKey,
        username: &Username,
        operation: &str,
    ) -> Result<Option<String>, PortError> {
        let keys = [format!("~{username}"), format!("~{key}")];
        let path = format!(
            "/rest/api/space?type=personal&spaceKey={}&spaceKey={}&start=0&limit=10",
            encoded(&keys[0]),
            encoded(&keys[1])
        );
        let listing: Listing<SpaceWire> = self.get(&path, operation).await?;
        // A Confluence that did not heed the filter must not give somebody another one's space.
        let own = |space: &SpaceWire| keys.iter().any(|key| key.to_lowercase() == space.key.to_lowercase());
        Ok(listing.results.into_iter().find(own).map(|space| space.key))
    }

    /// Spaces that the account made or wrote in, and whether there may be more.
    async fn candidates(&self, username: &Username, operation: &str) -> Result<(BTreeSet<String>, bool), PortError> {
        let name = quoted(username.as_str());
        let mut keys = BTreeSet::new();
        let mut cut = false;
        for (cql, expand) in [
            (format!("type = space and creator = {name}"), ""),
            (format!("contributor = {name} order by lastmodified desc"), "&expand=content.space"),
        ] {
            let more = format!("limit={CANDIDATES}&includeArchivedSpaces=true{expand}");
            let Some(found) = self.search_of(username, &cql, &more, operation).await? else { continue };
            cut |= found.results.len() as u64 >= CANDIDATES;
            let spaces = found.results.into_iter().filter_map(|hit| hit.space.or_else(|| hit.content?.space));
            keys.extend(spaces.map(|space| space.key));
        }
        Ok((keys, cut))
    }

    async fn rule(&self, space: &str, inquiry: &mut Inquiry<'_>, operation: &str) -> Result<Rule, PortError> {
        let Ok(path) = segment(space).map(|space| format!("/rest/api/space/{space}")) else { return Ok(Rule::Unread) };
        if !inquiry.pay() {
            return Ok(Rule::Unread);
        }
        let answer = self.call(&Method::GET, &format!("{path}/permissions")).await;
        let entries: Vec<PermissionWire> = match answer.and_then(|answer| answer.json()) {
            Ok(entries) => entries,
            Err(failure) if failure.not_there() && failure.class != ErrorClass::Unauthorized => {
                return self.missing(&path, inquiry, operation).await;
            }
            // Our account administers Confluence and still may not look into this space.
            Err(failure) if failure.class == ErrorClass::Refused => return Ok(Rule::Unread),
            Err(failure) => return Err(failure.during(operation)),
        };
        self.space_permissions.set(Some(true));
        let mut ours = false;
        let mut others = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.operation.administers_space()) {
            match subject(&entry.subject) {
                Ok(Subject::Key(key)) if key == *inquiry.account => ours = true,
                Ok(Subject::Nobody) => {}
                Ok(other) => others.push(other),
                Err(_) => return Ok(Rule::Unread),
            }
        }
        if !ours {
            return Ok(Rule::Others);
        }
        for other in others {
            match self.cares(&other, inquiry, operation).await? {
                Some(true) => return Ok(Rule::Others),
                Some(false) => {}
                None => return Ok(Rule::Unread),
            }
        }
        Ok(Rule::Alone)
    }

    /// Either the space is gone, or the resource does not exist here.
    async fn missing(&self, path: &str, inquiry: &mut Inquiry<'_>, operation: &str) -> Result<Rule, PortError> {
        if self.space_permissions.get() == Some(true) {
            return Ok(Rule::Others);
        }
        if !inquiry.pay() {
            return Ok(Rule::Unread);
        }
        match self.call(&Method::GET, path).await {
            Ok(_) => {
                self.space_permissions.set(Some(false));
                Ok(Rule::NotTold)
            }
            Err(failure) if failure.class == ErrorClass::Gone => Ok(Rule::Others),
            Err(failure) => Err(failure.during(operation)),
        }
    }

    /// Whether another administrator can take care of a space: an account in use, or a group with another account in use.
    /// Nothing when that cannot be told within the bound.
    async fn cares(
        &self,
        other: &Subject,
        inquiry: &mut Inquiry<'_>,
        operation: &str,
    ) -> Result<Option<bool>, PortError> {
        let id = format!("{other:?}");
        if let Some(known) = inquiry.caring.get(&id) {
            return Ok(Some(*known));
        }
        if !inquiry.pay() {
            return Ok(None);
        }
        let known = match other {
            Subject::Key(key) => self.in_use(Who::Key(key), operation).await?,
            Subject::Name(name) => self.in_use(Who::Name(name), operation).await?,
            Subject::Group(group) => match segment(group.as_str()) {
                Ok(name) => match self.has_another(&name, inquiry.account).await {
                    Ok(another) => another,
                    Err(failure) if failure.class == ErrorClass::Gone => false,
                    Err(failure) if failure.class == ErrorClass::Refused => return Ok(None),
                    Err(failure) => return Err(failure.during(operation)),
                },
                Err(_) => return Ok(None),
            },
            Subject::Nobody => false,
        };
        inquiry.caring.insert(id, known);
        Ok(Some(known))
    }

    async fn in_use(&self, who: Who<'_>, operation: &str) -> Result<bool, PortError> {
        Ok(self.lookup(who, operation).await?.is_some_and(|person| person.status == Status::Current))
    }

    /// Looks at the first page of the group only: beyond it, hardly any group has nobody in use.
    async fn has_another(&self, group: &str, account: &UserKey) -> Result<bool, Failure> {
        let path = format!("/rest/api/group/{group}/member?expand=status&start=0&limit={}", crate::PAGE_SIZE);
        let listing: Listing<PersonWire> = self.call(&Method::GET, &path).await?.json()?;
        for person in listing.results {
            if person.person()?.is_some_and(|person| person.key != *account && person.status == Status::Current) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
