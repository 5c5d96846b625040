//! The judgement on one account. It is total: missing facts lead to [`Decision::Hold`], never to an error and never
//! to a reclaim.

mod words;

use crate::{
    Account, Activity, DirectoryWord, Exemption, ExemptionSubject, GroupName, Instant, Notice, Obstacle, Policy,
    Presence, Rules, Source, Standing, Status, UserKey, rules::Undeliverable,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// What happens to a seat, with the reason and the facts behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The seat stays, for a good reason.
    Keep(KeepReason),
    /// The seat is to be taken back, but the person is told first.
    Warn {
        /// Why the seat will be taken.
        reason: ReclaimReason,
        /// How far the warning has come.
        state: WarnState,
    },
    /// The seat is to be taken back.
    Reclaim(ReclaimReason),
    /// Not enough is known, so nothing happens and it is reported.
    Hold(HoldReason),
}

/// How far a warning has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarnState {
    /// To be sent by this sweep.
    Due,
    /// Sent, but no channel has confirmed it yet.
    Sending,
    /// Delivered; the grace period runs.
    Grace {
        /// Its end.
        until: Instant,
    },
    /// It cannot be delivered, and the policy waits for a person.
    Undeliverable,
}

/// What made an account exempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExemptBy {
    /// Its name.
    Name,
    /// Membership in a group.
    Group(GroupName),
    /// A pattern that its name matches.
    Pattern(String),
}

/// Why a seat stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepReason {
    /// It is the account Seatkeeper works with.
    OwnAccount,
    /// The account does not hold a seat: deactivated, deleted or unlicensed.
    NoSeat(Status),
    /// Somebody said so.
    Exempt {
        /// By what.
        by: ExemptBy,
        /// Why.
        why: String,
        /// Who answers for it.
        owner: String,
        /// Until when.
        until: Option<Instant>,
    },
    /// Member of an administrators group.
    Administrator,
    /// The seat was given back not long ago.
    RestoredRecently {
        /// End of the grace period.
        until: Instant,
    },
    /// Somebody activated the account again not long ago.
    ReenabledRecently {
        /// End of the grace period.
        until: Instant,
    },
    /// The account has not existed for long.
    Young {
        /// End of the grace period.
        until: Instant,
    },
    /// Seatkeeper has not known the account for long.
    WarmUp {
        /// End of the warm-up.
        until: Instant,
    },
    /// Seen within the window.
    RecentlyActive {
        /// Newest sighting.
        at: Instant,
        /// According to whom.
        source: Source,
    },
    /// Never logged in, and the rules leave such accounts alone.
    NeverRuleOff,
    /// Has logged in at some time, and the rules take only from those who never did.
    OnlyNeverRule,
}

/// Why a seat is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReclaimReason {
    /// Last seen longer ago than the window.
    Inactive {
        /// Newest sighting.
        since: Instant,
        /// According to whom.
        source: Source,
    },
    /// A source that would know says that nobody ever logged in, and the account has been known long enough.
    NeverLoggedIn {
        /// The earliest instant at which the account is known to have existed.
        known_since: Instant,
        /// According to whom.
        source: Source,
    },
    /// The person has left the company.
    Left {
        /// When our sweeps first heard it.
        since: Instant,
        /// Name of the directory that says so.
        directory: String,
        /// What it says: disabled or absent.
        presence: Presence,
        /// What it was asked by.
        identity: String,
    },
}

/// Why nothing can be decided, or nothing can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldReason {
    /// Confluence did not tell the account's status.
    StatusUnknown,
    /// No source knows anything about activity.
    ActivityUnknown,
    /// The newest sighting lies in the future: a clock is wrong, so the fact proves nothing.
    ActivityInFuture {
        /// The impossible instant.
        at: Instant,
    },
    /// The newest sighting is older than Confluence itself (before 2004): a zero or a broken value.
    ActivityImplausible {
        /// The impossible instant.
        at: Instant,
    },
    /// Our own record of the first sight lies in the future: the clock went backwards.
    FirstSeenInFuture {
        /// The impossible instant.
        at: Instant,
    },
    /// The seat should come free, and cannot be freed from here: one for the hand-over list.
    CannotFree {
        /// Why it should come free.
        reason: ReclaimReason,
        /// What stands in the way; at least one.
        obstacles: Vec<Obstacle>,
    },
    /// A directory says that the person has left, and the person was seen after that: somebody has to look.
    LeftButActive {
        /// Newest sighting.
        at: Instant,
        /// According to whom.
        source: Source,
        /// The directory.
        directory: String,
    },
    /// The seat is due to come free, but a directory that would know whether the person is still there, or was seen,
    /// did not answer.
    DirectoryUnknown {
        /// The directory.
        directory: String,
    },
    /// Two populations of the same priority claim the account with different rules.
    PoliciesConflict {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A missing fact decides whether a population's rules apply.
    PopulationUnknown {
        /// The population.
        population: String,
        /// The missing fact.
        fact: String,
    },
}

impl ReclaimReason {
    /// The instant that orders a plan: the longer ago, the earlier.
    pub fn since(&self) -> Instant {
        match self {
            Self::Inactive { since, .. } | Self::Left { since, .. } => *since,
            Self::NeverLoggedIn { known_since, .. } => *known_since,
        }
    }
}

/// How far a sighting may lie in the future before it is disbelieved: clocks of two servers differ by a little.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Judges one account. The rules, in the order in which they are asked; the first that answers wins:
///
/// 1. our own account stays;
/// 2. an unknown status holds, an account without a seat stays;
/// 3. an exempt account stays;
/// 4. an administrator stays;
/// 5. a seat given back, or an account activated again, within the grace period stays;
/// 6. impossible instants hold;
/// 7. somebody who has left the company is due to lose the seat once the account is not young any more;
/// 8. seen within the window (exactly at its edge included) stays, seen before it is due to lose the seat;
/// 9. never logged in: stays while young or when the rule is off, then is due to lose the seat;
/// 10. nothing known holds.
///
/// An account that is due still keeps its seat while a directory that is responsible for it does not answer, while it
/// is warming up, while it is open or disputed which rules govern it, while something stands in the way of freeing it,
/// and until its warning has run out. People who have left are not warned.
///
/// An account is at least as old as our first sight of it, and older where a source tells its creation. A sighting
/// older than our first sight proves that the account is older too, so on the first sweep an account with an old login
/// is judged by the login, while one that never logged in is young.
pub fn decide(policy: &Policy, account: &Account, own: &UserKey, now: Instant) -> Decision {
    if account.key == *own {
        return Decision::Keep(KeepReason::OwnAccount);
    }
    match account.status {
        Status::Current => {}
        Status::Unknown => return Decision::Hold(HoldReason::StatusUnknown),
        Status::Deactivated | Status::ExternallyDeleted | Status::Unlicensed => {
            return Decision::Keep(KeepReason::NoSeat(account.status));
        }
    }
    let is_member = |group: &GroupName| account.groups.contains(group) || account.marks.contains(group);
    if let Some(exemption) = policy.exemption(&account.username, is_member, now) {
        return Decision::Keep(exempt(exemption));
    }
    if account.administrator {
        return Decision::Keep(KeepReason::Administrator);
    }
    let governed = policy.governing(account);
    let grace = governed.rules.restored_grace.delta();
    if let Some(until) = account.restored.map(|at| at + grace).filter(|until| now < *until) {
        return Decision::Keep(KeepReason::RestoredRecently { until });
    }
    if let Some(until) = account.reenabled.map(|at| at + grace).filter(|until| now < *until) {
        return Decision::Keep(KeepReason::ReenabledRecently { until });
    }
    if account.first_seen > now + CLOCK_TOLERANCE {
        return Decision::Hold(HoldReason::FirstSeenInFuture { at: account.first_seen });
    }
    let standing = policy.standing(account, now);
    let due = match standing {
        Standing::Left(word) => left(policy, governed.rules, account, word, now),
        Standing::Open | Standing::Present | Standing::Unclear(_) => due(governed.rules, account, now),
    };
    let reason = match due {
        Ok(reason) => reason,
        Err(decision) => return decision,
    };
    if let Standing::Unclear(word) = standing {
        return Decision::Hold(HoldReason::DirectoryUnknown { directory: word.directory.clone() });
    }
    let warm_up = governed.rules.warm_up.map(|length| account.first_seen + length.delta());
    if let Some(until) = warm_up.filter(|until| now < *until) {
        return Decision::Keep(KeepReason::WarmUp { until });
    }
    if let Some((population, fact)) = governed.open {
        let (population, fact) = (population.name.clone(), fact.to_owned());
        return Decision::Hold(HoldReason::PopulationUnknown { population, fact });
    }
    if let (Some(first), Some(second)) = (governed.population, governed.rival) {
        let (first, second) = (first.name.clone(), second.name.clone());
        return Decision::Hold(HoldReason::PoliciesConflict { first, second });
    }
    if !account.obstacles.is_empty() {
        return Decision::Hold(HoldReason::CannotFree { reason, obstacles: account.obstacles.clone() });
    }
    match warning(governed.rules, account, &reason, now) {
        Some(state) => Decision::Warn { reason, state },
        None => Decision::Reclaim(reason),
    }
}

/// Why somebody who has left is due to lose the seat, or what speaks against it.
fn left(
    policy: &Policy,
    rules: &Rules,
    account: &Account,
    word: &DirectoryWord,
    now: Instant,
) -> Result<ReclaimReason, Decision> {
    let young_until = account.existed_since() + rules.young.delta();
    if now < young_until {
        return Err(Decision::Keep(KeepReason::Young { until: young_until }));
    }
    let DirectoryWord { directory, presence, since } = word.clone();
    // What a directory tells late, or by guess, does not contradict that the person has left; Confluence does.
    let in_confluence = account.evidence.sightings.iter().filter(|sighting| !sighting.source.is_directory());
    match in_confluence.max_by_key(|sighting| sighting.at) {
        Some(&crate::account::Sighting { at, source }) if at > since => {
            Err(Decision::Hold(HoldReason::LeftButActive { at, source, directory }))
        }
        Some(_) | None => {
            let asked = policy.directory(&directory);
            let asked = asked.and_then(|known| known.asked_by(account.username.as_str(), account.email.as_deref()));
            Ok(ReclaimReason::Left { since, directory, presence, identity: asked.unwrap_or_default() })
        }
    }
}

/// Why an account is due to lose its seat by what is known of its activity, or what speaks against it.
fn due(rules: &Rules, account: &Account, now: Instant) -> Result<ReclaimReason, Decision> {
    let known_since = account.known_since();
    let young_until = known_since + rules.young.delta();
    let young = Decision::Keep(KeepReason::Young { until: young_until });
    match account.evidence.activity() {
        Activity::At(sighting) if sighting.at > now + CLOCK_TOLERANCE => {
            Err(Decision::Hold(HoldReason::ActivityInFuture { at: sighting.at }))
        }
        Activity::At(sighting) if crate::account::implausible(sighting.at) => {
            Err(Decision::Hold(HoldReason::ActivityImplausible { at: sighting.at }))
        }
        Activity::At(sighting) => match rules.inactive_after {
            Some(window) if now - sighting.at > window.delta() => {
                if now < young_until && sighting.at >= known_since {
                    return Err(young);
                }
                Ok(ReclaimReason::Inactive { since: sighting.at, source: sighting.source })
            }
            Some(_) => Err(Decision::Keep(KeepReason::RecentlyActive { at: sighting.at, source: sighting.source })),
            None => Err(Decision::Keep(KeepReason::OnlyNeverRule)),
        },
        Activity::Never(source) => match rules.never_logged_in_after {
            None => Err(Decision::Keep(KeepReason::NeverRuleOff)),
            Some(_) if now < young_until => Err(young),
            Some(window) if now - known_since <= window.delta() => {
                Err(Decision::Keep(KeepReason::Young { until: known_since + window.delta() }))
            }
            Some(_) => Ok(ReclaimReason::NeverLoggedIn { known_since, source }),
        },
        Activity::Unknown => Err(Decision::Hold(HoldReason::ActivityUnknown)),
    }
}

/// A warning counts for twice the grace period and so much more: time for deliveries, approvals and runs over the cap.
const FORGOTTEN: TimeDelta = TimeDelta::days(90);

/// What has to happen before the seat is taken from somebody who is due; nothing when the time has come.
fn warning(rules: &Rules, account: &Account, reason: &ReclaimReason, now: Instant) -> Option<WarnState> {
    let rule = rules.warning.as_ref()?;
    if matches!(reason, ReclaimReason::Left { .. }) {
        return None;
    }
    // A notice from before the newest sighting was about an earlier absence, and one from long ago is forgotten: the
    // person was exempt, say, in the meantime.
    let fresh = |notice: &Notice| {
        notice.noticed >= reason.since() && now - notice.noticed <= rule.grace.delta() + rule.grace.delta() + FORGOTTEN
    };
    let Some(notice) = account.notice.filter(fresh) else {
        return Some(WarnState::Due);
    };
    let begun = match (notice.delivered, notice.undeliverable, rule.undeliverable) {
        (Some(delivered), ..) => delivered,
        (None, true, Undeliverable::Act) => notice.noticed,
        (None, true, Undeliverable::Wait) => return Some(WarnState::Undeliverable),
        (None, false, _) => return Some(WarnState::Sending),
    };
    let until = begun + rule.grace.delta();
    (now < until).then_some(WarnState::Grace { until })
}

fn exempt(exemption: &Exemption) -> KeepReason {
    let by = match &exemption.subject {
        ExemptionSubject::User(_) => ExemptBy::Name,
        ExemptionSubject::Group(group) => ExemptBy::Group(group.clone()),
        ExemptionSubject::Pattern(pattern) => ExemptBy::Pattern(pattern.clone()),
    };
    KeepReason::Exempt { by, why: exemption.why.clone(), owner: exemption.owner.clone(), until: exemption.expires }
}
