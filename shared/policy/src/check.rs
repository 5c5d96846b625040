//! A second opinion on a finished plan. It shares no code with `decide` and `plan`: it re-derives from the snapshot
//! what must never happen, and any finding blocks the plan.

use crate::{
    Account, Action, Instant, Plan, PlannedAccount, Policy, Presence, Snapshot, Status, UserKey, Verdict,
    account::{Sighting, SnapshotView},
    plan::plan_hash,
    rules::Undeliverable,
};
use chrono::{DateTime, TimeDelta};
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The plan came from a snapshot with holes.
    #[error("the snapshot is not complete")]
    Incomplete,
    /// The plan is larger than the cap, yet says that it is within it.
    #[error("{planned} accounts are planned, {limit} are allowed")]
    CapIgnored {
        /// Accounts planned.
        planned: usize,
        /// Accounts allowed.
        limit: u32,
    },
    /// The hash does not belong to the content.
    #[error("the hash does not belong to the plan's content")]
    WrongHash,
    /// The plan was made under other rules.
    #[error("the plan was made under other rules than the present policy")]
    OtherRules,
    /// An account stands in the plan twice.
    #[error("account {0} is planned twice")]
    Twice(UserKey),
    /// An account of the plan is not in the snapshot.
    #[error("account {0} is not in the snapshot")]
    NotSeen(UserKey),
    /// The plan touches somebody it must not touch.
    #[error("account {key} must not be touched: {why}")]
    Untouchable {
        /// The account.
        key: UserKey,
        /// Why not.
        why: &'static str,
    },
    /// An action that the policy does not allow.
    #[error("account {key}: the policy does not allow {action:?}")]
    NotAllowed {
        /// The account.
        key: UserKey,
        /// The action.
        action: Action,
    },
    /// Some of the account's licence groups would stay, so no seat would come free.
    #[error("account {0}: taking only some of its licence groups frees no seat")]
    FreesNothing(UserKey),
}

/// Looks for everything that must never be in a plan.
pub fn check(plan: &Plan, policy: &Policy, snapshot: &Snapshot, now: Instant) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !snapshot.complete && !plan.accounts.is_empty() {
        findings.push(Finding::Incomplete);
    }
    let limit = policy.cap.limit(snapshot.accounts.len());
    if plan.verdict == Verdict::Within && plan.accounts.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        findings.push(Finding::CapIgnored { planned: plan.accounts.len(), limit });
    }
    if plan.rules != policy.rules_hash() {
        findings.push(Finding::OtherRules);
    }
    if plan.hash != plan_hash(&plan.rules, &plan.accounts) {
        findings.push(Finding::WrongHash);
    }
    findings.extend(check_accounts(&plan.accounts, policy, &snapshot.view(), now));
    findings
}

/// Looks at a part of a plan: `snapshot` must hold all accounts of that part.
pub fn check_accounts(
    planned: &[PlannedAccount],
    policy: &Policy,
    snapshot: &SnapshotView<'_>,
    now: Instant,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let wanted: BTreeSet<&UserKey> = planned.iter().map(|planned| &planned.key).collect();
    let seen: BTreeMap<&UserKey, &Account> = snapshot
        .accounts
        .iter()
        .filter(|account| wanted.contains(&account.key))
        .map(|account| (&account.key, account))
        .collect();
    let mut met = BTreeSet::new();
    for planned in planned {
        if !met.insert(&planned.key) {
            findings.push(Finding::Twice(planned.key.clone()));
        }
        let Some(account) = seen.get(&planned.key) else {
            findings.push(Finding::NotSeen(planned.key.clone()));
            continue;
        };
        if let Some(why) = untouchable(account, policy, snapshot, now) {
            findings.push(Finding::Untouchable { key: planned.key.clone(), why });
        }
        let measures = policy.governing(account).rules.measures;
        let mut taken = BTreeSet::new();
        for action in &planned.actions {
            let allowed = match action {
                Action::RemoveGroup(group) => {
                    taken.insert(group);
                    policy.licence_groups.contains(group)
                }
                Action::Disable => measures.disable,
                Action::Rename(_) => measures.rename,
            };
            if !allowed {
                findings.push(Finding::NotAllowed { key: planned.key.clone(), action: action.clone() });
            }
        }
        if account.groups.iter().any(|group| !taken.contains(group)) || !account.obstacles.is_empty() {
            findings.push(Finding::FreesNothing(planned.key.clone()));
        }
    }
    findings
}

fn untouchable(account: &Account, policy: &Policy, snapshot: &SnapshotView<'_>, now: Instant) -> Option<&'static str> {
    if account.key == *snapshot.own {
        return Some("it is our own account");
    }
    if account.administrator || snapshot.administrators.contains(&account.key) {
        return Some("it is an administrator");
    }
    if account.status != Status::Current {
        return Some("it holds no seat or its status is not known");
    }
    let is_member = |group: &_| account.groups.contains(group) || account.marks.contains(group);
    if policy.exemption(&account.username, is_member, now).is_some() {
        return Some("it is exempt");
    }
    let governed = policy.governing(account);
    if governed.open.is_some() || governed.rival.is_some() {
        return Some("nobody knows which rules govern it");
    }
    let rules = governed.rules;
    if [account.restored, account.reenabled].iter().flatten().any(|at| now - *at < rules.restored_grace.delta()) {
        return Some("its seat was given back or it was activated again recently");
    }
    if rules.warm_up.is_some_and(|length| now - account.first_seen < length.delta()) {
        return Some("it is still warming up");
    }
    let newest = account.evidence.sightings.iter().map(|sighting| sighting.at).max();
    if let Some(gone) = gone(account, policy, now) {
        // Somebody who has left needs neither a window nor a warning.
        return match gone {
            Gone::Yes
                if now - account.known_since() < rules.young.delta()
                    && !seen_before(account, now - rules.young.delta()) =>
            {
                Some("it is young")
            }
            Gone::Yes if now - account.first_seen < TimeDelta::minutes(-5) => Some("it was first seen in the future"),
            Gone::Yes => None,
            Gone::Silence => Some("a directory that is responsible for it did not answer"),
            Gone::Seen => Some("it was seen after a directory said that the person has left"),
        };
    }
    if let Some(rule) = &rules.warning {
        let waited = |since: Instant| now - since >= rule.grace.delta();
        let over = account.notice.is_some_and(|notice| {
            let lost = notice.undeliverable && rule.undeliverable == Undeliverable::Act;
            let counts_from = notice.delivered.or(lost.then_some(notice.noticed));
            let remembered = now - notice.noticed <= rule.grace.delta() * 2 + TimeDelta::days(90);
            remembered
                && counts_from.is_some_and(waited)
                && newest.unwrap_or_else(|| account.known_since()) <= notice.noticed
        });
        if !over {
            return Some("its warning has not run out");
        }
    }
    if now - account.first_seen < TimeDelta::minutes(-5) {
        return Some("it was first seen in the future");
    }
    match (newest, account.evidence.never) {
        (None, None) => Some("nothing is known about its activity"),
        (Some(_), _) if rules.inactive_after.is_none() => {
            Some("it has logged in, and only those who never did may be taken")
        }
        (Some(at), _) if rules.inactive_after.is_some_and(|window| now - at <= window.delta()) => {
            Some("it was active within the window")
        }
        (None, Some(_)) if rules.never_logged_in_after.is_none() => {
            Some("there is no rule for those who never logged in")
        }
        (None, Some(_)) if rules.never_logged_in_after.is_some_and(|w| now - account.known_since() <= w.delta()) => {
            Some("it has not been known for long enough")
        }
        (None, Some(_)) if now - account.known_since() < rules.young.delta() => Some("it is young"),
        (Some(at), _) if at >= account.known_since() && now - account.known_since() < rules.young.delta() => {
            Some("it is young")
        }
        (Some(at), _) if at < DateTime::UNIX_EPOCH + TimeDelta::days(34 * 365 + 8) => {
            Some("no login is older than 2004")
        }
        (Some(_), _) | (None, Some(_)) => None,
    }
}

/// Whether somebody was seen at an instant or before, by a source that can be believed.
fn seen_before(account: &Account, at: Instant) -> bool {
    let epoch = DateTime::UNIX_EPOCH + TimeDelta::days(34 * 365 + 8);
    account.evidence.sightings.iter().any(|sighting| sighting.at >= epoch && sighting.at <= at)
}

enum Gone {
    Yes,
    Silence,
    Seen,
}

/// What directories say that decides by itself; nothing where the account's activity decides.
fn gone(account: &Account, policy: &Policy, now: Instant) -> Option<Gone> {
    let words: Vec<_> = account
        .words
        .iter()
        .filter_map(|word| Some((policy.directories.iter().find(|d| d.name == word.directory)?, word)))
        .collect();
    let says = |presence: Presence| words.iter().any(|(_, word)| word.presence == presence);
    if says(Presence::Active) || says(Presence::Locked) {
        return None;
    }
    if says(Presence::Unknown) {
        return Some(Gone::Silence);
    }
    let (_, word) = words.iter().find(|(directory, word)| {
        let long = directory.absent_after.is_some_and(|after| word.since + after.delta() <= now);
        directory.leavers && (word.presence == Presence::Disabled || word.presence == Presence::Absent && long)
    })?;
    let seen = |sighting: &Sighting| !sighting.source.is_directory() && sighting.at > word.since;
    Some(if account.evidence.sightings.iter().any(seen) { Gone::Seen } else { Gone::Yes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Means, decide, plan, testing::*};

    fn good() -> (Plan, Policy, Snapshot, Instant) {
        let now = at("2026-11-22T12:00:00Z");
        let policy = policy();
        let snapshot = snapshot(vec![idle("a", 100, now), idle("b", 10, now)]);
        let decisions: Vec<_> = snapshot.accounts.iter().map(|a| decide(&policy, a, &snapshot.own, now)).collect();
        (plan(&policy, &snapshot, &decisions, Means::default(), now), policy, snapshot, now)
    }

    #[test]
    fn a_plan_of_ours_has_no_findings() {
        let (plan, policy, snapshot, now) = good();
        assert_eq!(plan.accounts.len(), 1);
        assert_eq!(check(&plan, &policy, &snapshot, now), []);
    }

    #[test]
    fn each_way_to_spoil_a_plan_is_found() {
        type Spoil = fn(&mut Plan, &mut Policy, &mut Snapshot);
        let spoil: [(&str, Spoil); 9] = [
            ("incomplete", |_, _, s| s.complete = false),
            ("twice", |p, _, _| p.accounts.push(p.accounts[0].clone())),
            ("not seen", |_, _, s| s.accounts.clear()),
            ("administrator", |_, _, s| s.accounts[0].administrator = true),
            ("own", |_, _, s| s.own = s.accounts[0].key.clone()),
            ("disable not allowed", |p, _, _| p.accounts[0].actions.push(Action::Disable)),
            ("frees nothing", |p, _, _| p.accounts[0].actions.clear()),
            ("other rules", |_, policy, _| policy.rules.measures.disable = true),
            ("unknown activity", |_, _, s| s.accounts[0].evidence = crate::Evidence::default()),
        ];
        for (name, spoil) in spoil {
            let (mut plan, mut policy, mut snapshot, now) = good();
            spoil(&mut plan, &mut policy, &mut snapshot);
            assert_ne!(check(&plan, &policy, &snapshot, now), [], "{name}");
        }
    }
}
