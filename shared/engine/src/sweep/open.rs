//! Opening a sweep: who are we, what can this Confluence do, and which listings have to be read.

use super::Tick;
use crate::{
    ports::{Capabilities, Clock, ErrorClass, Holder, Rename, SeatPermissions, Store},
    sources::{DatabaseStructure, Outside, Site},
    state::{self, EmergencyOrder, Garbage, Gather, Listing, Outcome, Pages, Work},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{GroupName, Instant, SweepId};
use std::collections::BTreeSet;

/// Entries of the audit log may arrive late by so much.
const OVERLAP: TimeDelta = TimeDelta::hours(1);

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Opens a sweep. A plan that waits for an answer lapses, with this reason.
    pub(super) async fn open(&mut self, lapse: &str) -> Result<(), Trouble> {
        let now = self.ports.clock.now();
        let confluence = self.ports.confluence;
        let own = confluence.whoami().await?.key;
        let capabilities = confluence.capabilities().await?;
        let structure = self.outside.structure().await?;
        let permissions =
            if capabilities.permissions { confluence.permissions().await? } else { structure.permissions.clone() };
        let seats = confluence.seats().await?;
        if let Some(Work::Await(plan)) = &self.at.work {
            self.record(plan, |run| run.outcome = Outcome::Lapsed { why: lapse.to_owned() }).await?;
        }
        let runs = state::load(self.ports.store, &state::runs()).await?.unwrap_or_default();
        self.close_orphan(runs.first()).await?;
        let sweep = self.unused(now).await?;
        let gather = Box::new(Gather {
            sweep: sweep.clone(),
            opened: now,
            policy: self.record.version,
            own,
            capabilities,
            seats,
            individual: individual(&permissions),
            emergency: self.emergency().await?,
            audit_from: self.policy.sources.audit_log.then(|| self.audit_from(now)),
            listings: self.listings(&permissions, &structure, capabilities).await?,
            first_pages: Vec::new(),
            stride: None,
            fan: 0,
            cursor: None,
            audit: (0, 0),
            people: std::collections::BTreeMap::new(),
            listing: 0,
            start: 0,
            pages: 0,
            entries: 0,
            last_page: None,
            failures: 0,
            restarts: 0,
        });
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

    /// The emergency that somebody asked for and no sweep was opened for yet.
    async fn emergency(&self) -> Result<Option<EmergencyOrder>, Trouble> {
        let order = state::load(self.ports.store, &state::emergency()).await?;
        Ok(order.filter(|order| self.at.emergency != Some(order.at)))
    }

    /// From when on the audit log is read: with an overlap, because entries arrive late, and the first time as far
    /// back as any window of the policy reaches.
    fn audit_from(&self, now: Instant) -> Instant {
        match self.at.audited {
            Some(at) if at <= now => at - OVERLAP,
            Some(_) | None => now - self.policy.longest_window(),
        }
    }

    /// Groups inside the licence groups, with the licence group they belong to.
    async fn nested(
        &self,
        group: &GroupName,
        structure: &DatabaseStructure,
        ask: bool,
    ) -> Result<BTreeSet<GroupName>, Trouble> {
        let mut found = BTreeSet::new();
        let mut open = vec![group.clone()];
        while let Some(parent) = open.pop() {
            let known = structure.nested.iter().filter(|(outer, _)| *outer == parent);
            let mut children: BTreeSet<GroupName> = known.map(|(_, inner)| inner.clone()).collect();
            if ask {
                match self.ports.confluence.child_groups(&parent).await {
                    Ok(told) => children.extend(told),
                    // Reading the members of a group that does not exist tells it better.
                    Err(error) if error.class == ErrorClass::Gone => {}
                    Err(error) => return Err(error.into()),
                }
            }
            for child in children {
                // Groups can contain each other in a circle.
                if child != *group && found.insert(child.clone()) {
                    open.push(child);
                }
            }
        }
        Ok(found)
    }

    /// All listings, evidence last so that it is as fresh as can be.
    async fn listings(
        &self,
        permissions: &SeatPermissions,
        structure: &DatabaseStructure,
        capabilities: Capabilities,
    ) -> Result<Vec<Listing>, Trouble> {
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
        if capabilities.child_groups || self.outside.configured() {
            for group in licence {
                let inside = self
                    .nested(group, structure, capabilities.child_groups)
                    .await?
                    .into_iter()
                    .filter(|via| !licence.contains(via));
                listings.extend(inside.map(|via| Listing::Nested { group: group.clone(), via }));
            }
        }
        if self.outside.configured() {
            listings.push(Listing::Database);
        }
        listings.extend(self.policy.directories.iter().map(|directory| {
            if directory.asks_each() {
                Listing::Ask(directory.name.clone())
            } else {
                Listing::Directory(directory.name.clone())
            }
        }));
        if self.policy.sources.audit_log {
            listings.push(Listing::Audit);
        }
        if capabilities.active_list && capabilities.last_login {
            listings.push(Listing::Active);
        }
        Ok(listings)
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
