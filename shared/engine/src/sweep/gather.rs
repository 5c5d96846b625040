//! Reading: one page, stored, checkpoint, next page. Everything is read before anything is judged, and a page that
//! fails makes the whole sweep wait; after five ticks in vain the sweep is given up. Nothing here can write to
//! Confluence.

use super::{Status, Step, Tick};
use crate::{
    ports::{Clock, ConfluenceRead, ConfluenceWrite, ErrorClass, LastLogin, Page, Person, PortError, Rename, Store},
    state::{self, Gather, Gathered, Listing, StoredLogin, StoredPerson, Work},
    trouble::Trouble,
};
use seatkeeper_policy::{GroupName, Status as AccountStatus, UserKey};

/// Ticks in a row that may end with an error before a sweep is given up.
const PATIENCE: u32 = 5;

/// Pages of one sweep at most: two million entries at a hundred a page. A listing that goes on beyond that never ends.
const MAX_PAGES: u32 = 20_000;

/// Reads one page of the listing that is due.
async fn read(confluence: &impl ConfluenceRead, gather: &Gather) -> Result<(Gathered, Option<u64>), PortError> {
    let Some(listing) = gather.listings.get(gather.listing) else {
        return Ok((Gathered::Logins(Vec::new()), None));
    };
    match listing {
        Listing::Licence(group) => {
            let Page { items, next } = members(confluence, group, gather.start).await?;
            let people = items
                .into_iter()
                .map(|person| {
                    let Person { key, username, display_name, status, email: _ } = person;
                    StoredPerson { k: key, u: username, n: display_name, s: status }
                })
                .collect();
            Ok((Gathered::Members { listing: gather.listing, people }, next))
        }
        Listing::Administrators(group) | Listing::Mark(group) | Listing::OtherSeat(group) => {
            let Page { items, next } = members(confluence, group, gather.start).await?;
            let keys = items.into_iter().map(|p| (p.key, p.status == AccountStatus::Current)).collect();
            Ok((Gathered::Keys { listing: gather.listing, keys }, next))
        }
        Listing::Active => {
            let Page { items, next } = confluence.active(gather.start).await?;
            let logins = items
                .into_iter()
                .filter_map(|(person, login)| match login {
                    LastLogin::At(at) => Some((person.key, StoredLogin::At(at.timestamp_millis()))),
                    LastLogin::Never => Some((person.key, StoredLogin::Never)),
                    LastLogin::Unknown => None,
                })
                .collect();
            Ok((Gathered::Logins(logins), next))
        }
    }
}

async fn members(confluence: &impl ConfluenceRead, group: &GroupName, start: u64) -> Result<Page<Person>, PortError> {
    confluence.members(group, start).await.map_err(|mut error| {
        if error.class == ErrorClass::Gone {
            error.detail =
                format!("{}; the policy names group `{group}`, which does not exist: correct it", error.detail);
        }
        error
    })
}

fn ends(page: &Gathered) -> Option<(UserKey, UserKey)> {
    match page {
        Gathered::Members { people, .. } => Some((people.first()?.k.clone(), people.last()?.k.clone())),
        Gathered::Keys { keys, .. } => Some((keys.first()?.0.clone(), keys.last()?.0.clone())),
        Gathered::Logins(logins) => Some((logins.first()?.0.clone(), logins.last()?.0.clone())),
    }
}

fn len(page: &Gathered) -> usize {
    match page {
        Gathered::Members { people, .. } => people.len(),
        Gathered::Keys { keys, .. } => keys.len(),
        Gathered::Logins(logins) => logins.len(),
    }
}

impl<S: Store, X: ConfluenceRead + ConfluenceWrite, N: Rename, C: Clock> Tick<'_, S, X, N, C> {
    /// Reads one page, or judges when all pages are there.
    pub(super) async fn gather(&mut self) -> Result<Step, Trouble> {
        let Some(Work::Gather(mut gather)) = self.at.work.clone() else { return Ok(Step::Again) };
        if gather.policy != self.record.version {
            let trouble = Trouble::new("policy-invalid", "the policy was replaced while accounts were being read");
            self.give_up(&gather, &trouble).await?;
            // The new policy gets its own sweep at once.
            self.at.opened = None;
            self.sweep = None;
            self.save().await?;
            return Ok(Step::Again);
        }
        if gather.listing >= gather.listings.len() {
            self.conclude(gather).await?;
            return Ok(Step::Again);
        }
        match self.next_page(&mut gather).await {
            Ok(()) => {
                gather.failures = 0;
                self.at.work = Some(Work::Gather(gather));
                self.save().await?;
                Ok(Step::Again)
            }
            Err(trouble) => {
                gather.failures += 1;
                if trouble.may_pass() && gather.failures < PATIENCE {
                    self.at.work = Some(Work::Gather(gather));
                    self.save().await?;
                } else {
                    self.give_up(&gather, &trouble).await?;
                    if trouble.code == "unauthorized" {
                        return Err(trouble);
                    }
                    self.collect_garbage().await?;
                }
                Err(trouble)
            }
        }
    }

    async fn next_page(&self, gather: &mut Gather) -> Result<(), Trouble> {
        let (page, next) = read(self.ports.confluence, gather).await?;
        let ends = ends(&page);
        let again = ends.is_some() && ends == gather.last_page;
        if again || gather.pages >= MAX_PAGES {
            return Err(Trouble::new(
                "endless-listing",
                "a listing repeats itself and never ends, so the accounts cannot be read completely; \
                 see whether a proxy or a Confluence bug ignores the `start` parameter",
            ));
        }
        if len(&page) > 0 {
            state::save(self.ports.store, &state::gathered(&gather.sweep, gather.pages), &page).await?;
            gather.pages += 1;
            gather.entries += u64::try_from(len(&page)).unwrap_or_default();
        }
        if let Some(start) = next {
            gather.start = start;
            gather.last_page = ends;
        } else {
            gather.listing += 1;
            gather.start = 0;
            gather.last_page = None;
        }
        Ok(())
    }
}

impl Status {
    /// The status of a tick that has to wait for somebody or something.
    pub(super) fn waiting() -> Step {
        Step::Rest(Self::Waiting)
    }
}
