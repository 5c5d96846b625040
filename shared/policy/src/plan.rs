//! The plan: an immutable, ordered, capped list of actions. It leaves no choice to whoever carries it out.

use crate::{
    Account, Decision, Emergency, GroupName, Instant, Policy, ReclaimReason, Snapshot, SweepId, UserKey, Username,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What can be done in this installation beyond group memberships and deactivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Means {
    /// An executor for renames is configured.
    pub rename: bool,
}

/// One intended change to an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Take the account out of a licence group.
    RemoveGroup(GroupName),
    /// Deactivate the account.
    Disable,
    /// Give the account a new name. Always the last action, because the calls before it use the old name.
    Rename(Username),
}

/// Everything that is planned for one account. Preconditions, checked again just before the first write: the account
/// is still active, still in these groups, and was not seen since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedAccount {
    /// Identity.
    pub key: UserKey,
    /// Name at the time of planning.
    pub username: Username,
    /// Why.
    pub reason: ReclaimReason,
    /// What, in this order.
    pub actions: Vec<Action>,
}

/// Whether a plan may be carried out at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Within the cap.
    Within,
    /// More accounts than the cap allows: quarantine, nothing is written until a person answers.
    OverCap {
        /// Accounts in the plan.
        planned: u32,
        /// Accounts allowed.
        limit: u32,
    },
    /// The snapshot was not complete, so the plan is empty whatever the decisions were.
    Incomplete,
}

/// What will be done and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The sweep that made it.
    pub id: SweepId,
    /// When.
    pub made: Instant,
    /// From then on it can no longer be approved.
    pub expires: Instant,
    /// The rules behind it.
    pub rules: String,
    /// Whether it may be carried out.
    pub verdict: Verdict,
    /// The accounts, oldest activity first.
    pub accounts: Vec<PlannedAccount>,
    /// Hash of the rules and of everything that would be done. Approving means naming this hash.
    pub hash: String,
}

/// Makes the plan in memory. `decisions` belongs to `snapshot.accounts`, entry by entry. Large sites use [`planned`] and
/// [`Builder`] themselves, a part of the accounts at a time, with the same result.
pub fn plan(policy: &Policy, snapshot: &Snapshot, decisions: &[Decision], means: Means, now: Instant) -> Plan {
    let mut accounts: Vec<PlannedAccount> = Vec::new();
    if snapshot.complete {
        let judged = snapshot.accounts.iter().zip(decisions);
        accounts.extend(judged.filter_map(|(account, decision)| planned(policy, account, decision, means, now)));
    }
    accounts.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut builder = Builder::new(policy);
    for account in &accounts {
        builder.add(account);
    }
    let (verdict, hash) = builder.finish(policy, snapshot.accounts.len(), snapshot.complete);
    let expires = now + chrono::TimeDelta::hours(i64::from(policy.plan_valid_hours));
    Plan { id: snapshot.id.clone(), made: now, expires, rules: policy.rules_hash(), verdict, accounts, hash }
}

/// What is planned for one account, if anything.
pub fn planned(
    policy: &Policy,
    account: &Account,
    decision: &Decision,
    means: Means,
    now: Instant,
) -> Option<PlannedAccount> {
    let Decision::Reclaim(reason) = decision else { return None };
    Some(PlannedAccount {
        key: account.key.clone(),
        username: account.username.clone(),
        reason: reason.clone(),
        actions: actions(policy, account, means, now),
    })
}

impl PlannedAccount {
    /// The place in a plan: oldest activity first, then by key, so that the order of the input does not matter.
    pub fn order(&self) -> (Instant, &UserKey) {
        (self.reason.since(), &self.key)
    }
}

/// Adds up a plan whose accounts arrive in their order, without keeping them.
pub struct Builder {
    hash: Sha256,
    accounts: u32,
}

impl Builder {
    /// An empty plan of these rules.
    pub fn new(policy: &Policy) -> Self {
        Self { hash: seed(&policy.rules_hash()), accounts: 0 }
    }

    /// Adds the next account.
    pub fn add(&mut self, account: &PlannedAccount) {
        feed(&mut self.hash, account);
        self.accounts += 1;
    }

    /// Accounts so far.
    pub fn accounts(&self) -> u32 {
        self.accounts
    }

    /// The verdict and the hash for a population of so many accounts.
    pub fn finish(self, policy: &Policy, population: usize, complete: bool) -> (Verdict, String) {
        let limit = policy.cap.limit(population);
        let planned = self.accounts;
        let verdict = if !complete {
            Verdict::Incomplete
        } else if planned > limit {
            Verdict::OverCap { planned, limit }
        } else {
            Verdict::Within
        };
        (verdict, hex::encode(self.hash.finalize()))
    }
}

/// How many accounts an emergency plan may take: exactly as many as are needed.
pub fn needed(emergency: Emergency, seats: crate::SeatCount) -> u32 {
    seats.used.saturating_sub(emergency.seats)
}

fn seed(rules: &str) -> Sha256 {
    let mut hash = Sha256::new();
    hash.update(rules.as_bytes());
    hash
}

fn feed(hash: &mut Sha256, account: &PlannedAccount) {
    // Writing our own shape to memory cannot fail. The line break keeps two accounts from reading like another two.
    hash.update(serde_json::to_vec(account).unwrap_or_default());
    hash.update(b"\n");
}

/// The hash that an approval names.
pub fn plan_hash(rules: &str, accounts: &[PlannedAccount]) -> String {
    let mut hash = seed(rules);
    for account in accounts {
        feed(&mut hash, account);
    }
    hex::encode(hash.finalize())
}

/// SHA-256 over the JSON of a value, in hexadecimal. Our shapes use ordered collections only, so equal values give
/// equal JSON.
pub(crate) fn hash_json(value: &impl Serialize) -> String {
    // Writing our own shapes to memory cannot fail; an empty text would still be a stable, refused hash.
    hex::encode(Sha256::digest(serde_json::to_vec(value).unwrap_or_default()))
}

fn actions(policy: &Policy, account: &Account, means: Means, now: Instant) -> Vec<Action> {
    let mut actions: Vec<Action> = account.groups.iter().cloned().map(Action::RemoveGroup).collect();
    if account.fixed {
        return actions;
    }
    let measures = policy.governing(account).rules.measures;
    if measures.disable {
        actions.push(Action::Disable);
    }
    if measures.rename
        && means.rename
        && let Some(name) = inactive_name(&account.username, policy, now)
    {
        actions.push(Action::Rename(name));
    }
    actions
}

/// The name of an account that was put aside: `{username}_inactive_yyyyMMdd` in the policy's zone. None when the name
/// has such a suffix already or would become too long.
pub fn inactive_name(username: &Username, policy: &Policy, now: Instant) -> Option<Username> {
    let name = username.as_str();
    if let Some((_, date)) = name.rsplit_once("_inactive_")
        && date.len() == 8
        && date.bytes().all(|b| b.is_ascii_digit())
    {
        return None;
    }
    Username::parse(format!("{name}_inactive_{}", now.with_timezone(&policy.zone).format("%Y%m%d"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decide, policy::Cap, testing::*};

    fn planned(policy: &Policy, snapshot: &Snapshot, now: Instant) -> Plan {
        let decisions: Vec<_> = snapshot.accounts.iter().map(|a| decide(policy, a, &snapshot.own, now)).collect();
        plan(policy, snapshot, &decisions, Means { rename: true }, now)
    }

    #[test]
    fn the_oldest_activity_comes_first_and_the_hash_does_not_depend_on_the_order_of_the_input() {
        let now = at("2026-11-22T12:00:00Z");
        let accounts = vec![idle("b", 100, now), idle("a", 300, now), idle("c", 10, now)];
        let plan = planned(&policy(), &snapshot(accounts.clone()), now);
        assert_eq!(plan.accounts.iter().map(|a| a.username.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let reversed = planned(&policy(), &snapshot(accounts.into_iter().rev().collect()), now);
        assert_eq!(plan.hash, reversed.hash);
    }

    #[test]
    fn one_account_over_the_cap_makes_the_whole_plan_a_question() {
        let now = at("2026-11-22T12:00:00Z");
        let mut policy = policy();
        policy.cap = Cap { accounts: 2, percent: 100, percent_from: 100 };
        let at_cap = snapshot(vec![idle("a", 100, now), idle("b", 100, now)]);
        let over = snapshot(vec![idle("a", 100, now), idle("b", 100, now), idle("c", 100, now)]);
        assert_eq!(planned(&policy, &at_cap, now).verdict, Verdict::Within);
        assert_eq!(planned(&policy, &over, now).verdict, Verdict::OverCap { planned: 3, limit: 2 });
    }

    #[test]
    fn an_emergency_takes_exactly_the_seats_that_are_needed() {
        let emergency = Emergency { seats: 90, idle_days: 14 };
        for (used, wanted) in [(95, 5), (90, 0), (80, 0)] {
            assert_eq!(needed(emergency, crate::SeatCount { used, max: Some(100) }), wanted);
        }
    }

    #[test]
    fn an_incomplete_snapshot_plans_nothing() {
        let now = at("2026-11-22T12:00:00Z");
        let seen = Snapshot { complete: false, ..snapshot(vec![idle("a", 100, now)]) };
        let plan = planned(&policy(), &seen, now);
        assert_eq!((plan.verdict, plan.accounts.len()), (Verdict::Incomplete, 0));
    }

    #[test]
    fn a_name_gets_the_suffix_once_and_in_the_zone_of_the_policy() {
        let mut policy = policy();
        let late = at("2026-11-22T23:30:00Z");
        let name = |text: &str| Username::parse(text).unwrap();
        assert_eq!(inactive_name(&name("jdoe"), &policy, late), Some(name("jdoe_inactive_20261122")));
        policy.zone = chrono::FixedOffset::east_opt(3600).unwrap();
        assert_eq!(inactive_name(&name("jdoe"), &policy, late), Some(name("jdoe_inactive_20261123")));
        assert_eq!(inactive_name(&name("jdoe_inactive_20250101"), &policy, late), None);
        assert_eq!(inactive_name(&name(&"x".repeat(250)), &policy, late), None);
    }

    #[test]
    fn renaming_is_planned_last_and_only_where_it_can_be_done() {
        let now = at("2026-11-22T12:00:00Z");
        let mut policy = policy();
        policy.rules.measures.rename = true;
        policy.rules.measures.disable = true;
        let account = idle("a", 100, now);
        let with = actions(&policy, &account, Means { rename: true }, now);
        assert!(matches!(with.as_slice(), [Action::RemoveGroup(_), Action::Disable, Action::Rename(_)]));
        let fixed = Account { fixed: true, ..account.clone() };
        assert!(matches!(actions(&policy, &fixed, Means { rename: true }, now).as_slice(), [Action::RemoveGroup(_)]));
        let without = actions(&policy, &account, Means { rename: false }, now);
        assert!(matches!(without.as_slice(), [Action::RemoveGroup(_), Action::Disable]));
    }
}
