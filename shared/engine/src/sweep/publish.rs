//! From judged parts to a published plan: merge, guard, gate. The pointer to the snapshot flips last, so a reader never
//! sees half of one. Nothing here can write to Confluence.

use super::{Step, Tick, apply, judge::PLAN_PAGE, merge::Merge};
use crate::{
    ports::{Clock, Rename, Store},
    sources::{Outside, Site},
    state::{
        self, Garbage, Judge, Lists, Noticed, Outcome, Pages, PlanHead, Run, SnapshotHead, StateError, Survey,
        UsagePoint, Warning, Work,
    },
    tallies::Count,
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    DirectoryTally, Means, Mode, PlannedAccount, Policy, Status, SweepId, Verdict,
    plan::{Builder, needed},
};
use std::collections::{BTreeMap, BTreeSet};

/// Rules for which the last plans were published.
const REHEARSED: usize = 10;
/// Warnings of one sweep at most: what a value of the store holds.
const WARNINGS: usize = 200;

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Publishes what was judged, and decides what happens next. The checkpoint moves last, so a crash in between
    /// repeats all of it with the same result.
    pub(super) async fn publish(&mut self, judge: Judge) -> Result<Step, Trouble> {
        let store = self.ports.store;
        let gather = &judge.gather;
        let sweep = gather.sweep.clone();
        let rules = self.rules(gather);
        let head = self.merge_plan(&judge, &rules).await?;
        let mut findings = judge.findings.clone();
        let jump = rules.guard.trips(judge.regressed, judge.report.accounts);
        if jump {
            findings.push(jumped(judge.regressed, judge.report.accounts));
        }
        let (believed, doubted) = self.believe(&judge, &rules, &mut findings);
        let means = Means { rename: self.ports.rename.available() };
        let mut report = judge.report.clone();
        report.limits = limits(&rules, means, &judge, self.outside.configured());

        self.note_usage(UsagePoint { at: judge.at, seats: gather.seats, active: Some(judge.report.activity.day) })
            .await?;
        let old = state::load(store, &state::snapshot_current()).await?.and_then(|old| old.replaced_by(&sweep));
        let current = SnapshotHead {
            pages: Pages { sweep: sweep.clone(), count: judge.snapshot },
            index: judge.index,
            lists: if judge.lists.parts == judge.part { judge.lists } else { Lists::default() },
            replaced: old.clone(),
            at: judge.at,
            report: report.clone(),
            seats: gather.seats,
            policy: gather.policy,
            capabilities: Some(gather.capabilities),
        };
        state::save(store, &state::snapshot_current(), &current).await?;

        let outcome = self.gate(&head, findings);
        let blocked = matches!(outcome, Outcome::Blocked { .. });
        let quarantined = matches!(outcome, Outcome::Quarantined { .. });
        let warned = match outcome {
            Outcome::Blocked { .. } => 0,
            _ => self.warn(&judge, &rules, &head).await?,
        };
        self.record(&sweep, |run: &mut Run| {
            run.report = Some(report);
            run.plan = Some(head.hash.clone());
            run.planned = head.accounts;
            run.warned = warned;
        })
        .await?;

        let parts = Garbage::Parts { sweep: sweep.clone(), takes: judge.takes.clone(), warns: judge.warns.clone() };
        for old in [
            Some(Garbage::Gathered(Pages { sweep: sweep.clone(), count: gather.pages })),
            Some(parts),
            (judge.lists.parts != judge.part).then(|| Garbage::Lists(sweep.clone(), judge.lists)),
            self.at.ledger.take().filter(|old| old.sweep != sweep).map(Garbage::Ledger),
            old.as_ref().map(|old| Garbage::Index(Pages { sweep: old.pages.sweep.clone(), count: old.index })),
            old.as_ref().map(|old| Garbage::Lists(old.pages.sweep.clone(), old.lists)),
            old.map(|old| Garbage::Snapshot(old.pages)),
        ]
        .into_iter()
        .flatten()
        {
            if !self.at.garbage.contains(&old) {
                self.at.garbage.push(old);
            }
        }
        self.at.ledger = Some(Pages { sweep: sweep.clone(), count: judge.ledger });
        self.at.ledger_at = Some(gather.opened);
        self.at.disbelieved = jump;
        self.at.present = believed;
        self.at.doubted = doubted;
        if gather.audit_from.is_some() {
            self.at.audited = Some(gather.opened);
        }
        if let Some(order) = &gather.emergency {
            self.at.emergency = Some(order.at);
        }
        // What was blocked has shown nobody what these rules do.
        if !blocked && !self.at.rehearsed.contains(&head.rules) {
            self.at.rehearsed.push(head.rules.clone());
            if self.at.rehearsed.len() > REHEARSED {
                self.at.rehearsed.remove(0);
            }
        }
        if quarantined {
            self.at.tallies.add(Count::CapExceeded, &[], 1);
        }
        self.at.work = Some(Work::Survey(Survey { plan: sweep, next: 0, outcome, seats: gather.seats }));
        self.save().await?;
        Ok(Step::Again)
    }

    /// Looks at each directory and at all of them together; what is not believed becomes a finding. Comes back with how
    /// many people each knows as present, by the last sweep in which it was believed: otherwise a wrong filter would
    /// be the measure of the next sweep.
    fn believe(
        &self,
        judge: &Judge,
        rules: &Policy,
        findings: &mut Vec<String>,
    ) -> (BTreeMap<String, u64>, BTreeSet<String>) {
        // A directory that was taken out for a while comes back to the same measure.
        let mut believed = self.at.present.clone();
        let mut doubted = BTreeSet::new();
        for directory in &rules.directories {
            let name = &directory.name;
            let before = self.at.present.get(name).copied();
            let whole = judge.gather.people.get(name).copied();
            let none = DirectoryTally { people: whole.map(|(people, _)| people), ..DirectoryTally::default() };
            let tally = judge.report.directories.get(name).copied().unwrap_or(none);
            let against = directory.guard.findings(name, tally, before);
            if against.is_empty() {
                believed.insert(name.clone(), tally.present);
            }
            if !against.is_empty() {
                doubted.insert(name.clone());
            }
            findings.extend(against);
        }
        let seats = judge.report.statuses.get(Status::Current.word()).copied().unwrap_or_default();
        if rules.guard.exodus(judge.left, seats) {
            findings.push(exodus(judge.left, seats));
        }
        (believed, doubted)
    }

    /// After the survey: what the gate said comes into force.
    pub(super) async fn settle(&mut self, survey: Survey) -> Result<Step, Trouble> {
        let Survey { plan, mut outcome, seats, .. } = survey;
        if outcome == Outcome::Running {
            outcome = self.still_running(&plan).await?;
        }
        if outcome == Outcome::Running {
            // Before the first write: a token that turned anonymous meanwhile reads other things than we believe.
            self.ports.confluence.whoami().await?;
        }
        self.record(&plan, |run| run.outcome = outcome.clone()).await?;
        if !matches!(outcome, Outcome::Running | Outcome::Blocked { .. }) {
            self.at.tallies.succeed(self.ports.clock.now());
        }
        self.at.work = match outcome {
            Outcome::AwaitingApproval | Outcome::Quarantined { .. } => Some(Work::Await(plan)),
            Outcome::Running => Some(apply::begin(plan, seats, BTreeSet::new())),
            _ => None,
        };
        self.save().await?;
        Ok(Step::Again)
    }

    /// Whether a plan may still go on by itself: the policy may have been replaced since it was made.
    async fn still_running(&self, plan: &SweepId) -> Result<Outcome, Trouble> {
        let head = state::load(self.ports.store, &state::plan(plan)).await?;
        Ok(match (head, self.policy.mode) {
            (Some(head), _) if head.rules != head.rules_of(&self.policy) => {
                Outcome::Lapsed { why: "the policy's rules changed".into() }
            }
            (None, _) => Outcome::Lapsed { why: "the plan is not in the store any more".into() },
            (Some(_), Mode::DryRun) => Outcome::DryRunPublished,
            (Some(_), Mode::Approve) => Outcome::AwaitingApproval,
            (Some(_), Mode::Enforce) => Outcome::Running,
        })
    }

    /// Merges the parts into one plan, oldest activity first, a page at a time.
    async fn merge_plan(&self, judge: &Judge, rules: &Policy) -> Result<PlanHead, Trouble> {
        let store = self.ports.store;
        let sweep = &judge.gather.sweep;
        let emergency = judge.gather.emergency.as_ref().map(|order| order.emergency);
        let most = emergency.map_or(u32::MAX, |emergency| needed(emergency, judge.gather.seats));
        let mut parts = Merge::new(
            &judge.takes,
            |part, page| state::takes(sweep, part, page),
            |planned| (planned.reason.since(), planned.key.clone()),
        );
        let mut builder = Builder::new(rules);
        let (mut page, mut pages): (Vec<PlannedAccount>, u32) = (Vec::new(), 0);
        while builder.accounts() < most
            && let Some(planned) = parts.next(store).await?
        {
            builder.add(&planned);
            page.push(planned);
            if page.len() == PLAN_PAGE {
                state::save(store, &state::plan_page(sweep, pages), &page).await?;
                pages += 1;
                page.clear();
            }
        }
        if !page.is_empty() {
            state::save(store, &state::plan_page(sweep, pages), &page).await?;
            pages += 1;
        }
        let accounts = builder.accounts();
        let population = usize::try_from(judge.report.accounts).unwrap_or(usize::MAX);
        let (verdict, hash) = builder.finish(rules, population, true);
        let head = PlanHead {
            id: sweep.clone(),
            made: judge.at,
            expires: judge.at + TimeDelta::hours(i64::from(rules.plan_valid_hours)),
            rules: rules.rules_hash(),
            verdict,
            hash,
            accounts,
            pages,
            emergency,
        };
        state::save(store, &state::plan(sweep), &head).await?;
        Ok(head)
    }

    /// Hands the warnings that are due to whoever delivers them, the longest absent first and no more than the cap.
    /// A dry run warns nobody, and neither does the first plan of new rules.
    async fn warn(&self, judge: &Judge, rules: &Policy, head: &PlanHead) -> Result<u32, Trouble> {
        let store = self.ports.store;
        let rehearsed = self.at.rehearsed.contains(&head.rules);
        if self.policy.mode == Mode::DryRun || !rehearsed || self.stopped().await? {
            return Ok(0);
        }
        let sweep = &judge.gather.sweep;
        let population = usize::try_from(judge.report.accounts).unwrap_or(usize::MAX);
        let most = usize::try_from(rules.cap.limit(population)).unwrap_or(usize::MAX).min(WARNINGS);
        let mut parts = Merge::new(
            &judge.warns,
            |part, page| state::warns(sweep, part, page),
            |warning: &Warning| (warning.reason.since(), warning.key.clone()),
        );
        let mut warnings = Vec::new();
        while warnings.len() < most
            && let Some(warning) = parts.next(store).await?
        {
            warnings.push(warning);
        }
        if warnings.is_empty() {
            return Ok(0);
        }
        // The list comes first: after a crash in between, an account without a notice is only warned again.
        state::save(store, &state::warnings(sweep), &warnings).await?;
        for Warning { key, noticed, quiet, .. } in &warnings {
            let noticed = Noticed { key: key.clone(), at: *noticed, quiet: *quiet };
            state::save(store, &state::notice(key), &noticed).await?;
        }
        Ok(u32::try_from(warnings.len()).unwrap_or(u32::MAX))
    }

    /// The gate: what may happen to a finished plan.
    fn gate(&self, plan: &PlanHead, findings: Vec<String>) -> Outcome {
        if !findings.is_empty() {
            return Outcome::Blocked { findings };
        }
        if plan.accounts == 0 {
            return Outcome::NothingToDo;
        }
        match (self.policy.mode, plan.verdict) {
            (_, Verdict::Incomplete) => Outcome::Blocked { findings: vec!["the snapshot is not complete".into()] },
            (Mode::DryRun, _) => Outcome::DryRunPublished,
            (Mode::Approve | Mode::Enforce, Verdict::OverCap { planned, limit }) => {
                Outcome::Quarantined { planned, limit }
            }
            (Mode::Enforce, Verdict::Within) if plan.emergency.is_none() && self.at.rehearsed.contains(&plan.rules) => {
                Outcome::Running
            }
            (Mode::Approve | Mode::Enforce, Verdict::Within) => Outcome::AwaitingApproval,
        }
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

/// What to say when too many accounts were seen earlier than before.
fn jumped(regressed: u32, accounts: u32) -> String {
    format!(
        "the last activity of {regressed} of {accounts} accounts is older than it was in the sweep before: was a \
         database restored or a site migrated? What was known before still counts; once the step back is explained, \
         raise guard.regressed-accounts in the policy above {regressed}, and lower it again after the next sweep"
    )
}

/// What to say when too many people have left at once.
fn exodus(left: u32, accounts: u32) -> String {
    format!(
        "all directories together say that {left} of {accounts} accounts belong to people who have left: look at some \
         of them; if that is so, raise guard.leavers-percent or guard.leavers-accounts in the policy for one sweep"
    )
}

/// What the policy asks for and this installation cannot do or know.
fn limits(policy: &Policy, means: Means, judge: &Judge, database: bool) -> Vec<String> {
    let gather = &judge.gather;
    let mut limits = Vec::new();
    let populations = policy.populations.iter().map(|population| &population.rules);
    if std::iter::once(&policy.rules).chain(populations).any(|rules| rules.measures.rename) && !means.rename {
        limits.push("renaming is asked for, but Confluence cannot rename by REST and no Crowd is configured".into());
    }
    if !gather.capabilities.last_login && !database && !policy.sources.audit_log {
        limits.push("this Confluence does not tell last logins; only login events that were received count".into());
    }
    if !gather.capabilities.permissions && !database {
        limits.push("this Confluence does not tell who holds `can use`; other paths to a seat are not seen".into());
    }
    if !gather.capabilities.child_groups && !database {
        limits.push("this Confluence does not tell groups within groups; inherited memberships are not seen".into());
    }
    if !database {
        limits.push(
            "without the database, read-only directories and shadowed duplicates show only after an attempt".into(),
        );
    }
    for directory in &policy.directories {
        let tally = judge.report.directories.get(&directory.name);
        if tally.is_none_or(|tally| tally.accounts == 0) {
            limits.push(format!(
                "directory `{}` speaks about no account with a seat: check whom the policy makes it responsible for, and \
                 what it is matched by",
                directory.name
            ));
        }
    }
    if policy.sources.audit_log && gather.audit.0 > 0 && gather.audit.1 == 0 {
        limits.push(
            "the audit log has entries and no logins: set its coverage of `Security` to `Advanced` or `Full`".into(),
        );
    }
    limits
}

impl Survey {
    /// The sweep that it belongs to.
    pub fn sweep(&self) -> &SweepId {
        &self.plan
    }
}
