//! Judging: the stored pages become a snapshot, the snapshot becomes decisions, the decisions become a plan, and the
//! gate says what may happen to it. Nothing here can write to Confluence.

use super::Tick;
use crate::{
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Rename, Store},
    state::{
        self, Garbage, Gather, Gathered, Judged, LedgerEntry, Listing, Outcome, Pages, PlanHead, SnapshotHead,
        StateError, StoredLogin, UsagePoint, Work,
    },
    trouble::Trouble,
};
use chrono::{DateTime, TimeDelta};
use seatkeeper_policy::{
    Account, Decision, Evidence, GroupName, HoldReason, Instant, Means, Mode, OtherSeat, Plan, Policy, Snapshot,
    Source, UserKey, Verdict, account::Sighting, check::check, decide, plan, report::PlanReport, restore::RestoreState,
};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts on one page of the snapshot: about 250 KB, below what every store takes.
const SNAPSHOT_PAGE: usize = 500;
/// Entries on one page of the ledger: about 280 KB.
const LEDGER_PAGE: usize = 2_500;
/// Accounts on one page of a plan.
const PLAN_PAGE: usize = 500;
/// An account that was not seen for so long loses its first sight, and would be young again.
const LEDGER_MEMORY: TimeDelta = TimeDelta::days(730);

/// What the pages say, before anything is judged.
#[derive(Default)]
struct Seen {
    accounts: BTreeMap<UserKey, Account>,
    administrators: BTreeSet<UserKey>,
    marks: BTreeMap<UserKey, BTreeSet<GroupName>>,
    others: BTreeMap<UserKey, OtherSeat>,
    logins: BTreeMap<UserKey, StoredLogin>,
    administrator_members: BTreeSet<UserKey>,
}

impl Seen {
    fn add(&mut self, page: Gathered, gather: &Gather) {
        match page {
            Gathered::Members { listing, people } => {
                let Some(Listing::Licence(group)) = gather.listings.get(listing) else { return };
                for person in people {
                    let account = self.accounts.entry(person.k.clone()).or_insert_with(|| Account {
                        key: person.k,
                        username: person.u,
                        display_name: person.n,
                        status: person.s,
                        groups: BTreeSet::new(),
                        marks: BTreeSet::new(),
                        administrator: false,
                        other_seat: None,
                        evidence: Evidence::default(),
                        first_seen: gather.opened,
                        restored: None,
                    });
                    account.groups.insert(group.clone());
                }
            }
            Gathered::Keys { listing, keys } => match gather.listings.get(listing) {
                Some(Listing::Administrators(_)) => {
                    for (key, active) in keys {
                        if active {
                            self.administrators.insert(key.clone());
                        }
                        self.administrator_members.insert(key);
                    }
                }
                Some(Listing::Mark(group)) => {
                    for (key, _) in keys {
                        self.marks.entry(key).or_default().insert(group.clone());
                    }
                }
                Some(Listing::OtherSeat(group)) => {
                    for (key, _) in keys {
                        self.others.insert(key, OtherSeat::Group(group.clone()));
                    }
                }
                Some(Listing::Licence(_) | Listing::Active) | None => {}
            },
            Gathered::Logins(logins) => self.logins.extend(logins),
        }
    }

    fn join(mut self, gather: &Gather, ledger: &BTreeMap<UserKey, (Instant, Instant)>) -> Snapshot {
        for key in &gather.individual {
            self.others.insert(key.clone(), OtherSeat::Individual);
        }
        for (key, account) in &mut self.accounts {
            account.administrator = self.administrator_members.contains(key);
            account.marks = self.marks.remove(key).unwrap_or_default();
            account.other_seat = self.others.remove(key);
            if let Some((first, _)) = ledger.get(key) {
                account.first_seen = *first;
            }
            match self.logins.get(key) {
                Some(StoredLogin::At(millis)) => {
                    if let Some(at) = DateTime::from_timestamp_millis(*millis) {
                        account.evidence.saw(Sighting { at, source: Source::LastLogin });
                    }
                }
                Some(StoredLogin::Never) => account.evidence.never = Some(Source::LastLogin),
                None => {}
            }
        }
        Snapshot {
            id: gather.sweep.clone(),
            own: gather.own.clone(),
            accounts: self.accounts.into_values().collect(),
            complete: true,
            administrators: self.administrators,
            seats: gather.seats,
        }
    }
}

impl<S: Store, X: ConfluenceRead + ConfluenceWrite, N: Rename, C: Clock> Tick<'_, S, X, N, C> {
    /// Turns the pages into a published snapshot and a plan, and decides what happens next. The checkpoint moves last,
    /// so a crash in between repeats all of it with the same result.
    pub(super) async fn conclude(&mut self, gather: Gather) -> Result<(), Trouble> {
        let now = self.ports.clock.now();
        let store = self.ports.store;
        let mut seen = Seen::default();
        let mut complete = true;
        for page in 0..gather.pages {
            match state::load(store, &state::gathered(&gather.sweep, page)).await? {
                Some(page) => seen.add(page, &gather),
                None => complete = false,
            }
        }
        if !complete {
            let lost = Trouble::new("store-failed", "a stored page is missing, so the snapshot is not complete");
            self.give_up(&gather, &lost).await?;
            return Err(lost);
        }
        let ledger = self.read_ledger().await?;
        let mut snapshot = seen.join(&gather, &ledger);
        let decisions = self.judge(&mut snapshot, now).await?;

        let means = Means { rename: self.ports.rename.available() };
        let plan = plan(&self.policy, &snapshot, &decisions, means, now);
        let findings = check(&plan, &self.policy, &snapshot, now);
        let mut report = PlanReport::default();
        for (account, decision) in snapshot.accounts.iter().zip(&decisions) {
            report.count(account, decision);
        }
        report.limits = limits(&self.policy, means, &gather);

        let ledger = self.write_ledger(&gather, ledger, &snapshot).await?;
        let head = self.write_plan(&plan).await?;
        let seats = snapshot.seats;
        let pages = self.write_snapshot(snapshot, decisions).await?;
        self.note_usage(UsagePoint { at: now, seats }).await?;

        let old = state::load(store, &state::snapshot_current()).await?;
        let current = SnapshotHead { pages, at: now, report: report.clone(), seats, policy: gather.policy };
        state::save(store, &state::snapshot_current(), &current).await?;

        let outcome = self.gate(&plan, findings.iter().map(ToString::to_string).collect());
        self.record(&gather.sweep, |run| {
            run.outcome = outcome.clone();
            run.report = Some(report);
            run.plan = Some(head.hash);
            run.planned = head.accounts;
        })
        .await?;

        for old in [
            Some(Garbage::Gathered(Pages { sweep: gather.sweep.clone(), count: gather.pages })),
            self.at.ledger.take().filter(|old| old.sweep != gather.sweep).map(Garbage::Ledger),
            old.map(|head| head.pages).filter(|old| old.sweep != gather.sweep).map(Garbage::Snapshot),
        ]
        .into_iter()
        .flatten()
        {
            if !self.at.garbage.contains(&old) {
                self.at.garbage.push(old);
            }
        }
        self.at.ledger = Some(ledger);
        let rehearsed = self.at.rehearsed.contains(&plan.rules);
        if !rehearsed {
            self.at.rehearsed.push(plan.rules.clone());
            if self.at.rehearsed.len() > 10 {
                self.at.rehearsed.remove(0);
            }
        }
        self.at.work = match outcome {
            Outcome::AwaitingApproval | Outcome::Quarantined { .. } => Some(Work::Await(plan.id)),
            Outcome::Running => Some(super::apply::begin(plan.id, seats)),
            _ => None,
        };
        self.save().await
    }

    /// Judges everybody, twice where it matters: accounts that would lose their seat, or of which nothing is known, are
    /// judged again with what our own records add. More recent activity can only make a reclaim less likely, so for
    /// all others these look-ups would change nothing.
    async fn judge(&self, snapshot: &mut Snapshot, now: Instant) -> Result<Vec<Decision>, Trouble> {
        let mut decisions = Vec::with_capacity(snapshot.accounts.len());
        for account in &mut snapshot.accounts {
            let mut decision = decide(&self.policy, account, &snapshot.own, now);
            if matches!(decision, Decision::Reclaim(_) | Decision::Hold(HoldReason::ActivityUnknown)) {
                self.add_own_records(account, now).await?;
                decision = decide(&self.policy, account, &snapshot.own, now);
            }
            decisions.push(decision);
        }
        Ok(decisions)
    }

    async fn add_own_records(&self, account: &mut Account, now: Instant) -> Result<(), StateError> {
        let store = self.ports.store;
        if let Some(login) = state::load(store, &state::login(&account.key)).await?
            && login.key == account.key
        {
            account.evidence.saw(Sighting { at: login.at, source: Source::LoginEvent });
        }
        // Somebody activated the account by hand: that is as good as a seat given back.
        if let Some(hint) = state::load(store, &state::hint(&account.key)).await?
            && hint.key == account.key
            && hint.event == "user_reactivated"
            && hint.at <= now
        {
            account.restored = account.restored.max(Some(hint.at));
        }
        for key in [state::restore(&account.key), state::undo(&account.key)] {
            if let Some(restore) = state::load(store, &key).await?
                && restore.state == RestoreState::Done
                && restore.at <= now
            {
                account.restored = account.restored.max(Some(restore.at));
            }
        }
        Ok(())
    }

    /// The gate: what may happen to a finished plan.
    fn gate(&self, plan: &Plan, findings: Vec<String>) -> Outcome {
        if !findings.is_empty() {
            return Outcome::Blocked { findings };
        }
        if plan.accounts.is_empty() {
            return Outcome::NothingToDo;
        }
        match (self.policy.mode, plan.verdict) {
            (_, Verdict::Incomplete) => Outcome::Blocked { findings: vec!["the snapshot is not complete".into()] },
            (Mode::DryRun, _) => Outcome::DryRunPublished,
            (Mode::Approve | Mode::Enforce, Verdict::OverCap { planned, limit }) => {
                Outcome::Quarantined { planned, limit }
            }
            (Mode::Enforce, Verdict::Within) if self.at.rehearsed.contains(&plan.rules) => Outcome::Running,
            (Mode::Approve | Mode::Enforce, Verdict::Within) => Outcome::AwaitingApproval,
        }
    }

    async fn read_ledger(&self) -> Result<BTreeMap<UserKey, (Instant, Instant)>, StateError> {
        let mut ledger = BTreeMap::new();
        if let Some(pages) = &self.at.ledger {
            for page in 0..pages.count {
                let entries = state::load(self.ports.store, &state::ledger(&pages.sweep, page)).await?;
                ledger.extend(
                    entries.unwrap_or_default().into_iter().map(|LedgerEntry(k, first, last)| (k, (first, last))),
                );
            }
        }
        Ok(ledger)
    }

    async fn write_ledger(
        &self,
        gather: &Gather,
        mut ledger: BTreeMap<UserKey, (Instant, Instant)>,
        snapshot: &Snapshot,
    ) -> Result<Pages, StateError> {
        ledger.retain(|_, (_, last)| gather.opened - *last < LEDGER_MEMORY);
        for account in &snapshot.accounts {
            ledger.insert(account.key.clone(), (account.first_seen, gather.opened));
        }
        let entries: Vec<_> = ledger.into_iter().map(|(key, (first, last))| LedgerEntry(key, first, last)).collect();
        let count = self.write_pages(&entries, LEDGER_PAGE, |page| state::ledger(&gather.sweep, page)).await?;
        Ok(Pages { sweep: gather.sweep.clone(), count })
    }

    async fn write_snapshot(&self, snapshot: Snapshot, decisions: Vec<Decision>) -> Result<Pages, StateError> {
        let mut judged: Vec<Judged> = snapshot
            .accounts
            .into_iter()
            .zip(decisions)
            .map(|(account, decision)| Judged { account, decision })
            .collect();
        judged.sort_by_cached_key(|j| (j.account.username.as_str().to_lowercase(), j.account.key.clone()));
        let count = self.write_pages(&judged, SNAPSHOT_PAGE, |page| state::snapshot(&snapshot.id, page)).await?;
        Ok(Pages { sweep: snapshot.id, count })
    }

    async fn write_plan(&self, plan: &Plan) -> Result<PlanHead, StateError> {
        let pages = self.write_pages(&plan.accounts, PLAN_PAGE, |page| state::plan_page(&plan.id, page)).await?;
        let head = PlanHead {
            id: plan.id.clone(),
            made: plan.made,
            expires: plan.expires,
            rules: plan.rules.clone(),
            verdict: plan.verdict,
            hash: plan.hash.clone(),
            accounts: u32::try_from(plan.accounts.len()).unwrap_or(u32::MAX),
            pages,
        };
        state::save(self.ports.store, &state::plan(&plan.id), &head).await?;
        Ok(head)
    }

    async fn write_pages<T: serde::Serialize + Clone>(
        &self,
        items: &[T],
        size: usize,
        key: impl Fn(u32) -> state::Key<Vec<T>>,
    ) -> Result<u32, StateError> {
        let mut count = 0;
        for chunk in items.chunks(size) {
            state::save(self.ports.store, &key(count), &chunk.to_vec()).await?;
            count += 1;
        }
        Ok(count)
    }

    /// Adds a point to this month's seat usage, at most one an hour.
    pub(super) async fn note_usage(&self, point: UsagePoint) -> Result<(), StateError> {
        let key = state::usage(point.at);
        let mut points = state::load(self.ports.store, &key).await?.unwrap_or_default();
        if points.last().is_none_or(|last| point.at - last.at >= TimeDelta::hours(1) || last.seats != point.seats) {
            points.push(point);
            state::save(self.ports.store, &key, &points).await?;
        }
        Ok(())
    }
}

/// What the policy asks for and this installation cannot do or know.
fn limits(policy: &Policy, means: Means, gather: &Gather) -> Vec<String> {
    let mut limits = Vec::new();
    if policy.measures.rename && !means.rename {
        limits.push("renaming is asked for, but Confluence cannot rename by REST and no Crowd is configured".into());
    }
    if !gather.capabilities.last_login {
        limits.push("this Confluence does not tell last logins; only login events that were received count".into());
    }
    if !gather.capabilities.permissions {
        limits.push("this Confluence does not tell who holds `can use`; other paths to a seat are not seen".into());
    }
    limits
}
