//! The judgement on one account. It is total: missing facts lead to [`Decision::Hold`], never to an error and never
//! to a reclaim.

use crate::{
    Account, Activity, Exemption, ExemptionSubject, GroupName, Instant, OtherSeat, Policy, Source, Status, UserKey,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What happens to a seat, with the reason and the facts behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The seat stays, for a good reason.
    Keep(KeepReason),
    /// The seat is to be taken back.
    Reclaim(ReclaimReason),
    /// Not enough is known, so nothing happens and it is reported.
    Hold(HoldReason),
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
    /// The account has not been known for long.
    Young {
        /// End of the grace period.
        until: Instant,
    },
    /// Seen within the window.
    RecentlyActive {
        /// Newest sighting.
        at: Instant,
        /// According to whom.
        source: Source,
    },
    /// Never logged in, and the policy has no rule for that.
    NeverRuleOff,
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
        /// When we first saw the account.
        known_since: Instant,
        /// According to whom.
        source: Source,
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
    /// Taking the policy's groups would leave the seat in place.
    OtherSeat(OtherSeat),
}

/// Confluence 1.0 came out in March 2004; no login can be older.
fn implausible(at: Instant) -> bool {
    at.timestamp() < 1_072_915_200
}

/// How far a sighting may lie in the future before it is disbelieved: clocks of two servers differ by a little.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Judges one account. The rules, in the order in which they are asked; the first that answers wins:
///
/// 1. our own account stays;
/// 2. an unknown status holds, an account without a seat stays;
/// 3. an exempt account stays;
/// 4. an administrator stays;
/// 5. an account with a seat by a path we cannot take holds;
/// 6. a seat given back within the grace period stays;
/// 7. impossible instants hold;
/// 8. seen within the window (exactly at its edge included) stays, seen before it loses the seat;
/// 9. never logged in: stays while young or when the rule is off, then loses the seat;
/// 10. nothing known holds.
///
/// Youth counts from our first sight of the account, because Confluence does not tell when it was created. A sighting
/// older than that proves that the account is older too, so on the first sweep an account with an old login is judged
/// by the login, while one that never logged in is young.
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
    if let Some(path) = &account.other_seat {
        return Decision::Hold(HoldReason::OtherSeat(path.clone()));
    }
    if let Some(at) = account.restored {
        let until = at + policy.restored_grace.delta();
        if now < until {
            return Decision::Keep(KeepReason::RestoredRecently { until });
        }
    }
    if account.first_seen > now + CLOCK_TOLERANCE {
        return Decision::Hold(HoldReason::FirstSeenInFuture { at: account.first_seen });
    }
    judge_activity(policy, account, now)
}

fn judge_activity(policy: &Policy, account: &Account, now: Instant) -> Decision {
    let young_until = account.first_seen + policy.young.delta();
    match account.evidence.activity() {
        Activity::At(sighting) if sighting.at > now + CLOCK_TOLERANCE => {
            Decision::Hold(HoldReason::ActivityInFuture { at: sighting.at })
        }
        Activity::At(sighting) if implausible(sighting.at) => {
            Decision::Hold(HoldReason::ActivityImplausible { at: sighting.at })
        }
        Activity::At(sighting) if now - sighting.at <= policy.inactive_after.delta() => {
            Decision::Keep(KeepReason::RecentlyActive { at: sighting.at, source: sighting.source })
        }
        Activity::At(sighting) if now < young_until && sighting.at >= account.first_seen => {
            Decision::Keep(KeepReason::Young { until: young_until })
        }
        Activity::At(sighting) => {
            Decision::Reclaim(ReclaimReason::Inactive { since: sighting.at, source: sighting.source })
        }
        Activity::Never(source) => match policy.never_logged_in_after {
            None => Decision::Keep(KeepReason::NeverRuleOff),
            Some(_) if now < young_until => Decision::Keep(KeepReason::Young { until: young_until }),
            Some(window) if now - account.first_seen <= window.delta() => {
                Decision::Keep(KeepReason::Young { until: account.first_seen + window.delta() })
            }
            Some(_) => Decision::Reclaim(ReclaimReason::NeverLoggedIn { known_since: account.first_seen, source }),
        },
        Activity::Unknown => Decision::Hold(HoldReason::ActivityUnknown),
    }
}

fn exempt(exemption: &Exemption) -> KeepReason {
    let by = match &exemption.subject {
        ExemptionSubject::User(_) => ExemptBy::Name,
        ExemptionSubject::Group(group) => ExemptBy::Group(group.clone()),
        ExemptionSubject::Pattern(pattern) => ExemptBy::Pattern(pattern.clone()),
    };
    KeepReason::Exempt { by, why: exemption.why.clone(), owner: exemption.owner.clone(), until: exemption.expires }
}

impl Decision {
    /// A stable word for counting and filtering, such as `keep/recently-active`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Keep(reason) => match reason {
                KeepReason::OwnAccount => "keep/own-account",
                KeepReason::NoSeat(_) => "keep/no-seat",
                KeepReason::Exempt { .. } => "keep/exempt",
                KeepReason::Administrator => "keep/administrator",
                KeepReason::RestoredRecently { .. } => "keep/restored-recently",
                KeepReason::Young { .. } => "keep/young",
                KeepReason::RecentlyActive { .. } => "keep/recently-active",
                KeepReason::NeverRuleOff => "keep/never-rule-off",
            },
            Self::Reclaim(reason) => match reason {
                ReclaimReason::Inactive { .. } => "reclaim/inactive",
                ReclaimReason::NeverLoggedIn { .. } => "reclaim/never-logged-in",
            },
            Self::Hold(reason) => match reason {
                HoldReason::StatusUnknown => "hold/status-unknown",
                HoldReason::ActivityUnknown => "hold/activity-unknown",
                HoldReason::ActivityInFuture { .. } => "hold/activity-in-future",
                HoldReason::ActivityImplausible { .. } => "hold/activity-implausible",
                HoldReason::FirstSeenInFuture { .. } => "hold/first-seen-in-future",
                HoldReason::OtherSeat(_) => "hold/other-seat",
            },
        }
    }
}

fn day(at: Instant) -> impl fmt::Display {
    at.format("%Y-%m-%d %H:%M UTC")
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoginEvent => "login event",
            Self::LastLogin => "Confluence's last login",
        })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(reason) => match reason {
                KeepReason::OwnAccount => write!(f, "kept: the account Seatkeeper works with"),
                KeepReason::NoSeat(Status::Deactivated) => write!(f, "kept: deactivated, so it uses no seat"),
                KeepReason::NoSeat(Status::ExternallyDeleted) => {
                    write!(f, "kept: deleted in its directory, so it uses no seat")
                }
                KeepReason::NoSeat(Status::Unlicensed | Status::Current | Status::Unknown) => {
                    write!(f, "kept: uses no seat")
                }
                KeepReason::Exempt { by, why, owner, until } => {
                    let by = match by {
                        ExemptBy::Name => "by name".to_owned(),
                        ExemptBy::Group(group) => format!("by group {group}"),
                        ExemptBy::Pattern(pattern) => format!("by pattern {pattern}"),
                    };
                    write!(f, "kept: exempt {by}: {why} ({owner}")?;
                    match until {
                        Some(end) => write!(f, ", until {})", day(*end)),
                        None => write!(f, ", without end)"),
                    }
                }
                KeepReason::Administrator => write!(f, "kept: administrator"),
                KeepReason::RestoredRecently { until } => {
                    write!(f, "kept: the seat was given back recently; protected until {}", day(*until))
                }
                KeepReason::Young { until } => {
                    write!(f, "kept: not known for long enough; protected until {}", day(*until))
                }
                KeepReason::RecentlyActive { at, source } => write!(f, "kept: active on {} ({source})", day(*at)),
                KeepReason::NeverRuleOff => {
                    write!(f, "kept: never logged in, and the policy has no rule for that")
                }
            },
            Self::Reclaim(reason) => match reason {
                ReclaimReason::Inactive { since, source } => {
                    write!(f, "reclaim: last active on {} ({source})", day(*since))
                }
                ReclaimReason::NeverLoggedIn { known_since, source } => {
                    write!(f, "reclaim: never logged in ({source}), known since {}", day(*known_since))
                }
            },
            Self::Hold(reason) => match reason {
                HoldReason::StatusUnknown => write!(f, "held: Confluence does not tell the account's status"),
                HoldReason::ActivityUnknown => write!(f, "held: no source knows when the account was last active"),
                HoldReason::ActivityInFuture { at } => {
                    write!(f, "held: last activity lies in the future ({}); check the clocks", day(*at))
                }
                HoldReason::ActivityImplausible { at } => {
                    write!(f, "held: last activity is impossibly old ({})", day(*at))
                }
                HoldReason::FirstSeenInFuture { at } => {
                    write!(f, "held: first seen in the future ({}); the clock went backwards", day(*at))
                }
                HoldReason::OtherSeat(OtherSeat::Individual) => {
                    write!(f, "held: `can use` is granted to the account itself, so its groups free no seat")
                }
                HoldReason::OtherSeat(OtherSeat::Group(group)) => {
                    write!(f, "held: group {group} also gives a seat and is not named in the policy")
                }
            },
        }
    }
}
