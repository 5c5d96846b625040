//! Reading: some pages at once, stored, checkpoint, next pages. Everything is read before anything is judged, and a
//! page that fails makes the whole sweep wait; after five ticks in vain the sweep is given up. Nothing here can write
//! to Confluence.

use super::{Status, Step, Tick, page, words};
use crate::{
    ports::{Clock, Rename, Store},
    sources::{Outside, Site},
    state::{self, Gather, Gathered, Listing, Work},
    trouble::Trouble,
};
use seatkeeper_policy::UserKey;

/// Ticks in a row that may end with an error before a sweep is given up.
const PATIENCE: u32 = 5;

/// Pages of one sweep at most: far more than a million accounts need. A listing that goes on beyond that never ends.
const MAX_PAGES: u32 = 20_000;

/// Pages of one listing that are asked for at once. More would only move the wait into Confluence, which shares its
/// threads with the people who work there.
const FAN: u32 = 8;

/// Entries in one stored page: about 250 KB, below what every store takes.
const STORED: usize = 2_000;

fn ends(page: &Gathered) -> Option<(UserKey, UserKey)> {
    match page {
        Gathered::Members { people, .. } => Some((people.first()?.k.clone(), people.last()?.k.clone())),
        Gathered::Keys { keys, .. } => Some((keys.first()?.0.clone(), keys.last()?.0.clone())),
        Gathered::Logins(logins) => Some((logins.first()?.0.clone(), logins.last()?.0.clone())),
        Gathered::Database(rows) => Some((rows.first()?.k.clone(), rows.last()?.k.clone())),
        // Two pages of logins of the same two people are possible; the clients watch the cursor.
        Gathered::Audit(_) | Gathered::People { .. } => None,
    }
}

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Reads the next pages, or goes on to the judgement when all are there.
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
            self.begin_judgement(gather).await?;
            return Ok(Step::Again);
        }
        let read = match gather.listings.get(gather.listing) {
            Some(Listing::Ask(name)) => self.ask(&name.clone(), &mut gather).await,
            _ => self.next_pages(&mut gather).await,
        };
        match read {
            Ok(()) => {
                gather.failures = 0;
                self.at.work = Some(Work::Gather(gather));
                self.save().await?;
                Ok(Step::Again)
            }
            Err(trouble) => {
                gather.failures += 1;
                if let Some(Listing::Directory(name)) = gather.listings.get(gather.listing)
                    && gather.failures > 1
                {
                    // Its cursor may have run out; what was read of it is read again and said twice.
                    gather.people.remove(name);
                    gather.cursor = None;
                    gather.restarts += 1;
                }
                if trouble.may_pass() && gather.failures < PATIENCE && gather.restarts < PATIENCE {
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

    /// Reads one page of a listing first, then more and more at once: their offsets follow from the length of the
    /// first. A page of another length than expected makes the offsets after it worthless, so they are asked again.
    async fn next_pages(&self, gather: &mut Gather) -> Result<(), Trouble> {
        if gather.first_pages.len() <= gather.listing {
            gather.first_pages.push(gather.pages);
        }
        let starts: Vec<u64> = match gather.stride {
            Some(stride) => (0..u64::from(gather.fan)).map(|page| gather.start + page * stride).collect(),
            None => vec![gather.start],
        };
        let (confluence, outside) = (self.ports.confluence, self.outside);
        let reads = starts.iter().map(|start| page::read(confluence, outside, &self.policy, gather, *start));
        let answers = futures::future::join_all(reads).await;
        let mut progress = gather.clone();
        let mut stored: Option<Gathered> = None;
        let mut failed = None;
        for (start, answer) in starts.into_iter().zip(answers) {
            if progress.listing != gather.listing || start != progress.start {
                break;
            }
            let page = match answer {
                Ok(page) => page,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            let ends = ends(&page.entries);
            let again = ends.is_some() && ends == progress.last_page;
            if again || progress.pages >= MAX_PAGES {
                return Err(Trouble::new(
                    "endless-listing",
                    "a listing repeats itself and never ends, so the accounts cannot be read completely; \
                     see whether a proxy or a Confluence bug ignores the `start` parameter",
                ));
            }
            progress.entries += u64::try_from(page.entries.len()).unwrap_or_default();
            progress.audit.0 += page.audit_entries;
            if matches!(page.entries, Gathered::Audit(_)) {
                progress.audit.1 += u64::try_from(page.entries.len()).unwrap_or_default();
            }
            if let Gathered::People { directory, people } = &page.entries {
                words::count(&mut progress, directory, people);
            }
            progress.last_page = ends;
            match page.next {
                page::Next::Offset(next) => {
                    progress.stride = Some(next.saturating_sub(start)).filter(|stride| *stride > 0);
                    progress.start = next;
                }
                page::Next::Cursor(cursor) => progress.cursor = Some(cursor),
                page::Next::End => {
                    progress.listing += 1;
                    progress.restarts = 0;
                    progress.start = 0;
                    progress.stride = None;
                    progress.cursor = None;
                    progress.last_page = None;
                }
            }
            stored = Some(match stored {
                None => page.entries,
                Some(before) if before.len() + page.entries.len() <= STORED => before.and(page.entries),
                Some(before) => {
                    self.keep(&before, &mut progress).await?;
                    page.entries
                }
            });
        }
        if let Some(stored) = stored {
            self.keep(&stored, &mut progress).await?;
        }
        progress.fan = if progress.stride.is_some() { (gather.fan * 2).clamp(2, FAN) } else { 0 };
        *gather = progress;
        // What arrived before the failure is kept; the rest is asked for by the next tick.
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    pub(super) async fn keep(&self, page: &Gathered, gather: &mut Gather) -> Result<(), Trouble> {
        if page.len() > 0 {
            state::save(self.ports.store, &state::gathered(&gather.sweep, gather.pages), page).await?;
            gather.pages += 1;
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
