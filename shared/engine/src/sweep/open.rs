//! Opening a sweep: who are we, what can this Confluence do, and which listings have to be read.

use super::Tick;
use crate::{
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Holder, Rename, SeatPermissions, Store},
    state::{self, Garbage, Gather, Listing, Outcome, Pages, Work},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{GroupName, Instant, SweepId};
use std::collections::BTreeSet;

impl<S: Store, X: ConfluenceRead + ConfluenceWrite, N: Rename, C: Clock> Tick<'_, S, X, N, C> {
    /// Opens a sweep. A plan that waits for an answer lapses, with this reason.
    pub(super) async fn open(&mut self, lapse: &str) -> Result<(), Trouble> {
        let now = self.ports.clock.now();
        let confluence = self.ports.confluence;
        let own = confluence.whoami().await?.key;
        let capabilities = confluence.capabilities().await?;
        let permissions =
            if capabilities.permissions { confluence.permissions().await? } else { SeatPermissions::default() };
        let seats = confluence.seats().await?;
        if let Some(Work::Await(plan)) = &self.at.work {
            self.record(plan, |run| run.outcome = Outcome::Lapsed { why: lapse.to_owned() }).await?;
        }
        let runs = state::load(self.ports.store, &state::runs()).await?.unwrap_or_default();
        self.close_orphan(runs.first()).await?;
        let sweep = self.unused(now).await?;
        let gather = Gather {
            sweep: sweep.clone(),
            opened: now,
            policy: self.record.version,
            own,
            capabilities,
            seats,
            individual: individual(&permissions),
            listings: self.listings(&permissions, capabilities.active_list && capabilities.last_login),
            listing: 0,
            start: 0,
            pages: 0,
            entries: 0,
            last_page: None,
            failures: 0,
        };
        self.record(&sweep, |run| {
            run.opened = now;
            run.before = Some(seats);
        })
        .await?;
        self.index(&sweep).await?;
        self.sweep = Some(sweep);
        self.at.opened = Some(now);
        self.at.work = Some(Work::Gather(gather));
        self.save().await
    }

    /// An id that no sweep had. Two sweeps of one second must not share their records.
    async fn unused(&self, now: Instant) -> Result<SweepId, Trouble> {
        let mut at = now;
        loop {
            let id = SweepId::opened_at(at);
            if state::load(self.ports.store, &state::run(&id)).await?.is_none() {
                return Ok(id);
            }
            at += TimeDelta::seconds(1);
        }
    }

    /// A run that was noted just before a crash and never began.
    async fn close_orphan(&self, newest: Option<&SweepId>) -> Result<(), Trouble> {
        let Some(newest) = newest else { return Ok(()) };
        match state::load(self.ports.store, &state::run(newest)).await? {
            Some(run) if run.outcome == Outcome::Running => {
                let why = "interrupted before it began".to_owned();
                self.record(newest, |run| run.outcome = Outcome::Lapsed { why }).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// All listings, evidence last so that it is as fresh as can be.
    fn listings(&self, permissions: &SeatPermissions, logins: bool) -> Vec<Listing> {
        let groups = |holders: &BTreeSet<Holder>| -> BTreeSet<GroupName> {
            holders
                .iter()
                .filter_map(|holder| match holder {
                    Holder::Group(group) => Some(group.clone()),
                    Holder::Account(_) => None,
                })
                .collect()
        };
        let licence = &self.policy.licence_groups;
        let mut administrators = self.policy.administrator_groups.clone();
        administrators.extend(groups(&permissions.administer).into_iter().filter(|group| !licence.contains(group)));
        let others = groups(&permissions.can_use);
        let others = others.iter().filter(|group| !licence.contains(*group) && !administrators.contains(*group));
        let marks = self.policy.marked_groups();
        let marks = marks.into_iter().filter(|group| !licence.contains(*group));
        let mut listings: Vec<Listing> = administrators.iter().cloned().map(Listing::Administrators).collect();
        listings.extend(marks.cloned().map(Listing::Mark));
        listings.extend(others.cloned().map(Listing::OtherSeat));
        listings.extend(licence.iter().cloned().map(Listing::Licence));
        if logins {
            listings.push(Listing::Active);
        }
        listings
    }

    /// Gives up a sweep that cannot be completed. Nothing was written by it and nothing will be.
    pub(super) async fn give_up(&mut self, gather: &Gather, trouble: &Trouble) -> Result<(), Trouble> {
        let (code, message) = (trouble.code.clone(), trouble.message.clone());
        self.record(&gather.sweep, |run| run.outcome = Outcome::Failed { code, message }).await?;
        let pages = Pages { sweep: gather.sweep.clone(), count: gather.pages };
        self.at.garbage.push(Garbage::Gathered(pages));
        // The next try comes after an hour instead of a whole period.
        let period = chrono::TimeDelta::hours(i64::from(self.policy.sweep_every_hours) - 1);
        self.at.opened = Some(self.ports.clock.now() - period);
        self.at.work = None;
        self.save().await
    }
}

fn individual(permissions: &SeatPermissions) -> Vec<seatkeeper_policy::UserKey> {
    permissions
        .can_use
        .iter()
        .chain(&permissions.administer)
        .filter_map(|holder| match holder {
            Holder::Account(key) => Some(key.clone()),
            Holder::Group(_) => None,
        })
        .collect()
}
