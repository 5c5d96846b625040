//! Judging: the stored pages become accounts and decisions, one part of the site after the other, so that memory does
//! not grow with the number of accounts. Nothing here can write to Confluence.

use super::{
    Step, Tick,
    join::{Joined, Part, folded},
    own_records, words,
};
use crate::{
    lists,
    ports::{Clock, Rename, Store},
    sources::{Outside, Site},
    state::{self, Garbage, Gather, Gathered, IndexPage, Judge, Judged, Listing, Pages, StateError, Warning, Work},
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Decision, Instant, Means, PlannedAccount, Policy, Standing, WarnState, account::SnapshotView,
    check::check_accounts, decide, plan::planned, report::PlanReport, rules::WarningRule, template,
};

/// What is said when a page is gone that was stored before.
const LOST: &str = "a stored page is missing, so the snapshot is not complete";
/// Names looked at for each part, to find where it begins.
const SAMPLES: u64 = 64;
/// Accounts on one page of the snapshot: about 250 KB with the words of two directories, below what every store takes.
pub(crate) const SNAPSHOT_PAGE: usize = 400;
/// Entries on one page of the ledger: about 250 KB.
const LEDGER_PAGE: usize = 1_500;
/// Accounts on one page of a plan.
pub(super) const PLAN_PAGE: usize = 500;
/// Warnings on one page: each carries its text.
const WARN_PAGE: usize = 100;
/// An account that was not seen for so long loses its first sight, and would be young again.
const LEDGER_MEMORY: TimeDelta = TimeDelta::days(730);

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// All pages are there.
    pub(super) async fn begin_judgement(&mut self, gather: Box<Gather>) -> Result<(), Trouble> {
        let judge = Judge {
            at: self.ports.clock.now(),
            gather,
            bounds: None,
            part: 0,
            report: PlanReport::default(),
            findings: Vec::new(),
            regressed: 0,
            left: 0,
            snapshot: 0,
            index: 0,
            lists: state::Lists::default(),
            ledger: 0,
            takes: Vec::new(),
            warns: Vec::new(),
        };
        self.at.work = Some(Work::Judge(Box::new(judge)));
        self.save().await
    }

    /// Judges the next part. The checkpoint moves last, so a crash in between repeats the part with the same result.
    pub(super) async fn judge(&mut self) -> Result<Step, Trouble> {
        let Some(Work::Judge(judge)) = &self.at.work else { return Ok(Step::Again) };
        let judge = judge.clone();
        if judge.gather.policy != self.record.version {
            // Half of a site judged by one policy and half by another would be a plan of neither.
            let why = Trouble::new("policy-invalid", "the policy was replaced while accounts were being judged");
            self.abandon(&judge, &why).await?;
            // The new policy gets its own sweep at once.
            self.at.opened = None;
            self.sweep = None;
            self.save().await?;
            return Ok(Step::Again);
        }
        let before = judge.clone();
        match self.next_part(judge).await {
            Err(trouble) if trouble.message == LOST => {
                self.abandon(&before, &trouble).await?;
                Err(trouble)
            }
            result => result,
        }
    }

    async fn next_part(&mut self, mut judge: Box<Judge>) -> Result<Step, Trouble> {
        let Some(bounds) = &judge.bounds else {
            judge.bounds = Some(self.bounds(&judge.gather).await?);
            self.at.work = Some(Work::Judge(judge));
            self.save().await?;
            return Ok(Step::Again);
        };
        if usize::try_from(judge.part).unwrap_or(usize::MAX) > bounds.len() {
            return self.publish(*judge).await;
        }
        self.part(&mut judge).await?;
        judge.part += 1;
        self.at.work = Some(Work::Judge(judge));
        self.save().await?;
        Ok(Step::Again)
    }

    /// Gives up a judgement that cannot be completed, with all it wrote so far. Nothing of it was published.
    async fn abandon(&mut self, judge: &Judge, why: &Trouble) -> Result<(), Trouble> {
        let sweep = &judge.gather.sweep;
        let pages = |count| Pages { sweep: sweep.clone(), count };
        self.at.garbage.extend([
            Garbage::Parts { sweep: sweep.clone(), takes: judge.takes.clone(), warns: judge.warns.clone() },
            Garbage::Ledger(pages(judge.ledger)),
            Garbage::Snapshot(pages(judge.snapshot)),
            Garbage::Index(pages(judge.index)),
            Garbage::Lists(sweep.clone(), judge.lists),
        ]);
        self.give_up(&judge.gather, why).await
    }

    /// The pages of the listings that are wanted, one after the other.
    pub(super) async fn page(&self, gather: &Gather, number: u32) -> Result<Gathered, Trouble> {
        let page = state::load(self.ports.store, &state::gathered(&gather.sweep, number)).await?;
        page.ok_or_else(|| Trouble::new("store-failed", LOST))
    }

    /// Where the parts begin: few names of many, sorted, tell well enough how names are spread.
    async fn bounds(&self, gather: &Gather) -> Result<Vec<String>, Trouble> {
        let (first, end) = licence_pages(gather);
        let mut people = 0;
        for number in first..end {
            people += u64::try_from(self.page(gather, number).await?.len()).unwrap_or_default();
        }
        let parts = people.div_ceil(self.part).max(1);
        if parts == 1 {
            return Ok(Vec::new());
        }
        let step = (people / (parts * SAMPLES)).max(1);
        let (mut names, mut count) = (Vec::new(), 0_u64);
        for number in first..end {
            if let Gathered::Members { people, .. } = self.page(gather, number).await? {
                for person in &people {
                    if count % step == 0 {
                        names.push(folded(person));
                    }
                    count += 1;
                }
            }
        }
        names.sort_unstable();
        let each = names.len() / usize::try_from(parts).unwrap_or(1);
        let mut bounds: Vec<String> = names.into_iter().step_by(each.max(1)).skip(1).collect();
        bounds.dedup();
        Ok(bounds)
    }

    async fn part(&mut self, judge: &mut Judge) -> Result<(), Trouble> {
        let joined = self.join(judge).await?;
        let now = judge.at;
        judge.regressed += joined.regressed;
        let own = &judge.gather.own;
        let rules = self.rules(&judge.gather);
        let means = Means { rename: self.ports.rename.available() };
        let mut accounts = joined.accounts;
        let mut decisions = Vec::with_capacity(accounts.len());
        for account in &mut accounts {
            let mut decision = decide(&rules, account, own, now);
            if own_records::matter(&decision) {
                self.add_own_records(account, now).await?;
                decision = decide(&rules, account, own, now);
            }
            judge.report.count(account, &decision, now);
            words::tally(&mut judge.report.directories, &rules, &judge.gather, account, now);
            judge.left += u32::from(matches!(rules.standing(account, now), Standing::Left(_)));
            decisions.push(decision);
        }
        let pairs = || accounts.iter().zip(&decisions);
        let mut takes: Vec<PlannedAccount> =
            pairs().filter_map(|(account, decision)| planned(&rules, account, decision, means, now)).collect();
        takes.sort_by(|a, b| a.order().cmp(&b.order()));
        let view = SnapshotView { own, accounts: &accounts, administrators: &joined.administrators };
        judge.findings.extend(check_accounts(&takes, &rules, &view, now).iter().map(ToString::to_string));
        let mut warns: Vec<Warning> =
            pairs().filter_map(|(account, decision)| due_warning(&rules, account, decision, now)).collect();
        warns.sort_by(|a, b| (a.reason.since(), &a.key).cmp(&(b.reason.since(), &b.key)));

        let sweep = judge.gather.sweep.clone();
        let part = judge.part;
        judge.takes.push(self.write_pages(&takes, PLAN_PAGE, |page| state::takes(&sweep, part, page)).await?);
        judge.warns.push(self.write_pages(&warns, WARN_PAGE, |page| state::warns(&sweep, part, page)).await?);
        let first = judge.ledger;
        judge.ledger +=
            self.write_pages(&joined.ledger, LEDGER_PAGE, |page| state::ledger(&sweep, first + page)).await?;
        let judged: Vec<Judged> =
            accounts.into_iter().zip(decisions).map(|(account, decision)| Judged { account, decision }).collect();
        judge.index += self.write_index(&judged, judge).await?;
        // An older version judged the parts before this one and counted nothing; half a count would be a wrong one.
        if judge.lists.parts == judge.part {
            judge.lists = lists::write(self.ports.store, &sweep, judge.lists, &rules, &judged).await?;
        }
        let first = judge.snapshot;
        judge.snapshot +=
            self.write_pages(&judged, SNAPSHOT_PAGE, |page| state::snapshot(&sweep, first + page)).await?;
        Ok(())
    }

    /// The policy that judges: in an emergency with other windows.
    pub(super) fn rules(&self, gather: &Gather) -> Policy {
        match &gather.emergency {
            Some(order) => self.policy.in_emergency(order.emergency),
            None => self.policy.clone(),
        }
    }

    async fn join(&self, judge: &Judge) -> Result<Joined, Trouble> {
        let store = self.ports.store;
        let gather = &judge.gather;
        let bounds = judge.bounds.as_deref().unwrap_or_default();
        let mut part =
            Part::new(gather, &self.policy, &self.at.doubted, bounds, usize::try_from(judge.part).unwrap_or_default());
        let (first, end) = licence_pages(gather);
        for number in (first..end).chain(0..first).chain(end..gather.pages) {
            part.add(self.page(gather, number).await?);
        }
        for import in state::load(store, &state::imports()).await?.unwrap_or_default() {
            for number in 0..import.pages {
                part.add_import(state::load(store, &state::import(&import.id, number)).await?.unwrap_or_default());
            }
        }
        if let Some(pages) = &self.at.ledger {
            for number in 0..pages.count {
                part.add_ledger(state::load(store, &state::ledger(&pages.sweep, number)).await?.unwrap_or_default());
            }
        }
        Ok(part.finish(self.at.ledger_at, LEDGER_MEMORY, !self.at.disbelieved))
    }

    async fn write_index(&self, judged: &[Judged], judge: &Judge) -> Result<u32, StateError> {
        let (store, sweep) = (self.ports.store, &judge.gather.sweep);
        let (mut first, mut page) = (judge.snapshot, judge.index);
        if first > 0 && page == 0 {
            // An older version judged the parts before this one and wrote no index; one with a hole would hide accounts.
            return Ok(0);
        }
        for chunk in state::index_chunks(judged, SNAPSHOT_PAGE) {
            state::save(store, &state::index(sweep, page), &IndexPage::of(first, chunk)).await?;
            state::save(store, &state::index_names(sweep, page), &state::names(chunk)).await?;
            first += u32::try_from(chunk.len().div_ceil(SNAPSHOT_PAGE)).unwrap_or(u32::MAX);
            page += 1;
        }
        Ok(page - judge.index)
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
}

/// The pages of the licence groups, which are read in one go.
pub(super) fn licence_pages(gather: &Gather) -> (u32, u32) {
    let page = |listing: usize| gather.first_pages.get(listing).copied().unwrap_or(gather.pages);
    let is_licence = |listing: &Listing| matches!(listing, Listing::Licence(_));
    let first = gather.listings.iter().position(is_licence).unwrap_or_default();
    let after = gather.listings.iter().rposition(is_licence).map_or(first, |last| last + 1);
    (page(first), page(after))
}

/// The warning of an account for which one is due.
fn due_warning(policy: &Policy, account: &Account, decision: &Decision, now: Instant) -> Option<Warning> {
    let Decision::Warn { reason, state: WarnState::Due } = decision else { return None };
    let rule = policy.governing(account).rules.warning.as_ref()?;
    let fill = |text: &str| fill(text, policy, account, reason.since(), rule, now);
    Some(Warning {
        key: account.key.clone(),
        username: account.username.clone(),
        display_name: account.display_name.clone(),
        email: account.email.clone(),
        reason: reason.clone(),
        noticed: now,
        subject: fill(&rule.subject),
        text: fill(&rule.text),
        quiet: rule.quiet,
    })
}

fn fill(text: &str, policy: &Policy, account: &Account, since: Instant, rule: &WarningRule, now: Instant) -> String {
    let day = |at: Instant| at.with_timezone(&policy.zone).format("%Y-%m-%d").to_string();
    let value = |name: &str| match name {
        "name" => account.display_name.clone(),
        "username" => account.username.to_string(),
        "last-seen" => {
            account.evidence.newest().map_or_else(|| format!("never, known since {}", day(since)), |s| day(s.at))
        }
        "days-left" => rule.grace.get().to_string(),
        "date" => day(now + rule.grace.delta()),
        _ => String::new(),
    };
    // The policy was checked when it was accepted; a template that cannot be filled goes out as it is.
    template::fill(text, value).unwrap_or_else(|_| text.to_owned())
}
