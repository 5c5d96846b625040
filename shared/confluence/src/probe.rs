//! Finds out what this Confluence can do. Only answers count: version strings lie behind proxies and after backports.

use crate::{
    Confluence, PAGE_SIZE,
    answer::Failure,
    page::{Asked, Listing},
    path::segment,
    wire::{GroupWire, PersonWire},
};
use http::Method;
use seatkeeper_engine::ports::{Capabilities, Clock, Http, PortError};

/// Entries of a probe that only asks whether there is a login among them.
const SAMPLE: u64 = 25;

/// How often the distance between two samples is doubled, which reaches beyond 3 million accounts.
const STRIDES: u32 = 14;

/// How often the gap between the last filled and the first empty sample is halved: down to a 64th of the list.
const HALVINGS: u32 = 6;

/// Whether a resource is there at all.
fn found<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(failure) if matches!(failure.status, Some(404 | 405)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl<H: Http, C: Clock> Confluence<H, C> {
    pub(crate) async fn probe(&self) -> Result<Capabilities, PortError> {
        let during = |what: &'static str| move |failure: Failure| failure.during(what);
        let seat_holders = during("probe the list of seat holders");
        let first = found(self.active_listing(Asked { start: 0, limit: PAGE_SIZE }).await).map_err(seat_holders)?;
        let last_login = match &first {
            Some(listing) => self.any_login(listing).await.map_err(seat_holders)?,
            None => false,
        };
        self.last_login.set(Some(last_login));
        let permissions = found(self.call(&Method::GET, "/rest/api/permissions").await)
            .map_err(during("probe the global permissions"))?
            .is_some();
        let child_groups = self.has_child_groups().await.map_err(during("probe the listing of child groups"))?;
        Ok(Capabilities { active_list: first.is_some(), last_login, permissions, child_groups })
    }

    /// Whether the list of seat holders delivers `lastLogin`; found out once.
    pub(crate) async fn delivers_last_login(&self) -> Result<bool, Failure> {
        if let Some(known) = self.last_login.get() {
            return Ok(known);
        }
        let first = self.active_listing(Asked { start: 0, limit: PAGE_SIZE }).await?;
        let delivers = self.any_login(&first).await?;
        self.last_login.set(Some(delivers));
        Ok(delivers)
    }

    /// Whether any sample of the list has a login on it. The list is ordered by last login, oldest first, so those who
    /// never logged in can fill page after page before the first login shows up, but hardly the end of the list.
    async fn any_login(&self, first: &Listing<PersonWire>) -> Result<bool, Failure> {
        let tells = |listing: &Listing<PersonWire>| listing.results.iter().any(PersonWire::tells_login);
        let first_asked = Asked { start: 0, limit: PAGE_SIZE };
        if tells(first) {
            return Ok(true);
        }
        let Some(mut filled) = first.next(first_asked)? else { return Ok(false) };
        let mut empty = None;
        for stride in 0..STRIDES {
            let start = filled.max(PAGE_SIZE << stride);
            let sample = self.active_listing(Asked { start, limit: SAMPLE }).await?;
            if tells(&sample) {
                return Ok(true);
            }
            if sample.results.is_empty() {
                empty = Some(start);
                break;
            }
            filled = start;
        }
        let Some(mut empty) = empty else { return Ok(false) };
        for _ in 0..HALVINGS {
            let middle = filled + (empty - filled) / 2;
            if middle <= filled {
                break;
            }
            let sample = self.active_listing(Asked { start: middle, limit: SAMPLE }).await?;
            if tells(&sample) {
                return Ok(true);
            }
            if sample.results.is_empty() {
                empty = middle;
            } else {
                filled = middle;
            }
        }
        Ok(false)
    }

    /// The resource needs an existing group to be asked about; any will do whose name fits into a path.
    async fn has_child_groups(&self) -> Result<bool, Failure> {
        let listing: Listing<GroupWire> = self.call(&Method::GET, "/rest/api/group?start=0&limit=25").await?.json()?;
        let Some(group) = listing.results.iter().find_map(|group| segment(&group.name).ok()) else { return Ok(false) };
        let path = format!("/rest/api/group/{group}/groupmember?start=0&limit=1");
        Ok(found(self.call(&Method::GET, &path).await)?.is_some())
    }
}
