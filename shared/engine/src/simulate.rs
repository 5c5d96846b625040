//! What a policy would have done on the newest snapshot: every account judged again under another policy, at the
//! instant of the snapshot, beside the decision that was recorded. Nothing is written, and nothing is read from
//! Confluence.
//!
//! INVARIANT (fixed point): under the policy that judged the snapshot, every account gets the decision that was
//! recorded. The one exception is a snapshot of an emergency, whose windows no policy file has.

mod caveats;

pub use caveats::Caveat;

use crate::{
    admin::Refusal,
    policy_file,
    ports::{Clock, Store},
    state::{self, Judged, StateError},
    sweep::own_records,
    trouble::Trouble,
};
use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Decision, GroupName, Instant, KeepReason, Means, Mode, Obstacle, PlannedAccount, Policy, SeatCount,
    Standing, Status, SweepId, UserKey, Verdict, account::SnapshotView, check::check_accounts, decide, plan::planned,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// In place of a decision: no licence group of the simulated policy has the account.
pub const NOT_LOOKED_AT: &str = "not-looked-at";
/// Findings that one answer lists.
const FINDINGS: usize = 20;
/// When all changes are wanted, an answer ends at the first page after so many.
const CHANGES: usize = 5_000;

/// Which changed accounts are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// So many.
    First(usize),
    /// All, over as many answers as they need.
    All,
}

/// How far a simulation came. Adding up the parts of all answers gives the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The snapshot.
    pub snapshot: Simulated,
    /// Hash of the simulated rules.
    pub rules: String,
    /// Mode of the simulated policy.
    pub mode: Mode,
    /// Whether the policy that judged the snapshot has the same rules.
    pub same_rules: bool,
    /// The first stored page of this answer.
    pub from: u32,
    /// Where to go on; none at the end.
    pub next: Option<u32>,
    /// What was counted.
    pub part: Part,
    /// Accounts whose decision changes.
    pub changes: Vec<Change>,
    /// What cannot be known from this snapshot.
    pub caveats: Vec<Caveat>,
}

/// What was judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Simulated {
    /// The sweep that made the snapshot.
    pub sweep: SweepId,
    /// When it was judged; the simulation judges at the same instant.
    pub at: Instant,
    /// Version of the policy that judged it.
    pub policy: u32,
    /// Stored pages.
    pub pages: u32,
    /// Seats then.
    pub seats: SeatCount,
    /// Accounts in it.
    pub accounts: u32,
}

/// Counts over some accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Part {
    /// Accounts of the snapshot.
    pub read: u32,
    /// Those of them in a licence group of the simulated policy.
    pub accounts: u32,
    /// Accounts by the code of the recorded decision and then by that of the new one.
    pub matrix: BTreeMap<String, BTreeMap<String, u32>>,
    /// Accounts whose decision changes.
    pub changed: u32,
    /// Seats that the recorded decisions take.
    pub taken_before: u32,
    /// Seats that the simulated policy takes.
    pub taken: u32,
    /// Accounts with a seat.
    pub current: u32,
    /// Accounts that count as left, by all directories together.
    pub left: u32,
    /// How often the second opinion objects.
    pub objections: u32,
    /// What it says, for the first of them.
    pub findings: Vec<String>,
}

/// An account whose decision changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// Identity.
    pub user_key: String,
    /// User name.
    pub username: String,
    /// Name for people, from outside.
    pub display_name: String,
    /// Code of the recorded decision.
    pub from: String,
    /// Code of the new one.
    pub to: String,
    /// The recorded decision in words.
    pub before: String,
    /// The new one in words.
    pub after: String,
}

impl Part {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let Self { read, accounts, matrix, changed, taken_before, taken, current, left, objections, findings } = other;
        self.read += read;
        self.accounts += accounts;
        for (from, row) in matrix {
            for (to, count) in row {
                *self.matrix.entry(from.clone()).or_default().entry(to).or_default() += count;
            }
        }
        self.changed += changed;
        self.taken_before += taken_before;
        self.taken += taken;
        self.current += current;
        self.left += left;
        self.objections += objections;
        self.findings.extend(findings);
        self.findings.truncate(FINDINGS);
        self
    }

    /// Whether a plan of this size would be within the cap.
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        let limit = policy.cap.limit(usize::try_from(self.accounts).unwrap_or(usize::MAX));
        if self.taken > limit { Verdict::OverCap { planned: self.taken, limit } } else { Verdict::Within }
    }

    /// Whether so many would count as left that the run would be blocked.
    pub fn exodus(&self, policy: &Policy) -> bool {
        policy.guard.exodus(self.left, self.current)
    }

    fn count(&mut self, recorded: &Decision, code: &str) {
        let row = self.matrix.entry(recorded.code().to_owned()).or_default();
        *row.entry(code.to_owned()).or_default() += 1;
        self.read += 1;
        self.changed += u32::from(recorded.code() != code);
        self.taken_before += u32::from(matches!(recorded, Decision::Reclaim(_)));
    }
}

/// A policy with the one that made the snapshot.
struct Bench {
    policy: Policy,
    /// Nothing where it cannot be read any more.
    before: Option<Policy>,
    at: Instant,
    /// A key that no account has.
    nobody: UserKey,
}

impl Bench {
    /// The account as a sweep under the simulated policy would have seen it, as far as the snapshot tells; none when it
    /// is in none of its licence groups.
    fn account(&self, account: &Account) -> Option<Account> {
        let scope = &self.policy.licence_groups;
        let mut account = account.clone();
        let mut named = BTreeSet::new();
        account.obstacles.retain(|obstacle| match obstacle {
            // What stood in the way because nobody had named the group is taken away with the others.
            Obstacle::OtherGroup(group) if scope.contains(group) => {
                named.insert(group.clone());
                false
            }
            Obstacle::Inherited { group, .. } => scope.contains(group),
            Obstacle::OtherGroup(_)
            | Obstacle::Individual
            | Obstacle::ReadOnly { .. }
            | Obstacle::Shadowed { .. }
            | Obstacle::TriedInVain { .. }
            | Obstacle::ComesBack { .. } => true,
        });
        let (mut groups, others): (BTreeSet<GroupName>, BTreeSet<GroupName>) =
            account.groups.into_iter().partition(|group| scope.contains(group));
        groups.extend(named);
        account.groups = groups;
        if account.groups.is_empty() {
            return None;
        }
        for group in others {
            // It gives a seat, and would not be taken away.
            account.obstacles.push(Obstacle::OtherGroup(group.clone()));
            account.marks.insert(group);
        }
        account.obstacles.sort();
        account.obstacles.dedup();
        Some(account)
    }

    fn decide(&self, account: &Account, recorded: &Decision) -> Decision {
        let own = if *recorded == Decision::Keep(KeepReason::OwnAccount) { &account.key } else { &self.nobody };
        decide(&self.policy, account, own, self.at)
    }

    /// Judges an account again. Our own records are part of the snapshot wherever they mattered to the recorded
    /// decision; where they matter only now they are looked up, as they were at the instant of the snapshot.
    async fn judge(&self, store: &impl Store, judged: &Judged) -> Result<Option<(Account, Decision)>, StateError> {
        let Some(mut account) = self.account(&judged.account) else { return Ok(None) };
        let mut decision = self.decide(&account, &judged.decision);
        if own_records::matter(&decision) && !own_records::matter(&judged.decision) {
            let known = account.evidence.clone();
            own_records::add(store, &self.policy, &mut account, self.at).await?;
            account.evidence.sightings.retain(|sighting| sighting.at <= self.at);
            known.sightings.into_iter().for_each(|sighting| account.evidence.saw(sighting));
            account.obstacles.sort();
            account.obstacles.dedup();
            decision = self.decide(&account, &judged.decision);
        }
        Ok(Some((account, decision)))
    }

    /// Judges a stored page again.
    async fn page(
        &self,
        store: &impl Store,
        page: &[Judged],
        part: &mut Part,
        mut changed: impl FnMut(&Judged, Option<&Decision>),
    ) -> Result<(), StateError> {
        let mut accounts = Vec::with_capacity(page.len());
        let mut takes: Vec<PlannedAccount> = Vec::new();
        for judged in page {
            let again = self.judge(store, judged).await?;
            let decision = again.as_ref().map(|(_, decision)| decision);
            let code = decision.map_or(NOT_LOOKED_AT, Decision::code);
            part.count(&judged.decision, code);
            if code != judged.decision.code() {
                changed(judged, decision);
            }
            let Some((account, decision)) = again else { continue };
            part.accounts += 1;
            part.current += u32::from(account.status == Status::Current);
            part.left += u32::from(matches!(self.policy.standing(&account, self.at), Standing::Left(_)));
            // Whether a rename is possible changes no decision.
            takes.extend(planned(&self.policy, &account, &decision, Means { rename: false }, self.at));
            accounts.push(account);
        }
        part.taken += u32::try_from(takes.len()).unwrap_or(u32::MAX);
        let administrators =
            accounts.iter().filter(|account| account.administrator).map(|account| account.key.clone()).collect();
        let own = page.iter().find(|judged| judged.decision == Decision::Keep(KeepReason::OwnAccount));
        let own = own.map_or(&self.nobody, |judged| &judged.account.key);
        let view = SnapshotView { own, accounts: &accounts, administrators: &administrators };
        let findings = check_accounts(&takes, &self.policy, &view, self.at);
        part.objections += u32::try_from(findings.len()).unwrap_or(u32::MAX);
        let room = FINDINGS.saturating_sub(part.findings.len());
        part.findings.extend(findings.iter().take(room).map(ToString::to_string));
        Ok(())
    }
}

/// Simulates a policy file from a stored page on, as far as the time allows.
pub async fn simulate(
    store: &impl Store,
    text: &str,
    from: u32,
    listed: Listed,
    clock: &impl Clock,
    budget: TimeDelta,
) -> Result<Report, Refusal> {
    let deadline = clock.now() + budget;
    let policy = policy_file::parse(text).map_err(Refusal::Invalid)?;
    let unknown = || Refusal::Unknown { what: "snapshot", id: "current".into() };
    let head = state::load(store, &state::snapshot_current()).await?.ok_or_else(unknown)?;
    let record = state::load(store, &state::policy_version(head.policy)).await?;
    let before = record.and_then(|record| policy_file::parse(&record.text).ok());
    let plan = state::load(store, &state::plan(&head.pages.sweep)).await?;
    let emergency = plan.is_some_and(|plan| plan.emergency.is_some());
    let nobody = UserKey::parse("-").map_err(|error| Trouble::new("state-damaged", error.to_string()))?;
    let caveats = caveats::caveats(&policy, before.as_ref(), emergency);
    let bench = Bench { policy, before, at: head.at, nobody };
    let (mut part, mut changes, mut next) = (Part::default(), Vec::new(), None);
    for number in from..head.pages.count {
        let full = listed == Listed::All && changes.len() >= CHANGES;
        if number > from && (full || clock.now() >= deadline) {
            next = Some(number);
            break;
        }
        let page = state::load(store, &state::snapshot(&head.pages.sweep, number)).await?;
        let page = page.ok_or_else(|| {
            Trouble::new("store-failed", "the stored pages were replaced by a newer sweep; start the simulation again")
        })?;
        let room = match listed {
            Listed::First(most) => most,
            Listed::All => usize::MAX,
        };
        let note = |judged: &Judged, decision: Option<&Decision>| {
            if changes.len() < room {
                changes.push(change(judged, decision));
            }
        };
        bench.page(store, &page, &mut part, note).await?;
    }
    let rules = bench.policy.rules_hash();
    Ok(Report {
        snapshot: Simulated {
            sweep: head.pages.sweep,
            at: head.at,
            policy: head.policy,
            pages: head.pages.count,
            seats: head.seats,
            accounts: head.report.accounts,
        },
        same_rules: !emergency && bench.before.is_some_and(|before| before.rules_hash() == rules),
        rules,
        mode: bench.policy.mode,
        from,
        next,
        part,
        changes,
        caveats,
    })
}

fn change(judged: &Judged, decision: Option<&Decision>) -> Change {
    let Judged { account, decision: recorded } = judged;
    Change {
        user_key: account.key.to_string(),
        username: account.username.to_string(),
        display_name: account.display_name.clone(),
        from: recorded.code().to_owned(),
        to: decision.map_or(NOT_LOOKED_AT, Decision::code).to_owned(),
        before: recorded.to_string(),
        after: decision
            .map_or_else(|| "not looked at: in no licence group of this policy".to_owned(), ToString::to_string),
    }
}

#[cfg(test)]
mod tests;
