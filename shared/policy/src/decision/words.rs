//! Decisions in words: a stable code for machines, a sentence for people.

use super::{Decision, ExemptBy, HoldReason, KeepReason, ReclaimReason, WarnState};
use crate::{Instant, Presence, Source, Status};
use std::fmt;

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
                KeepReason::ReenabledRecently { .. } => "keep/reenabled-recently",
                KeepReason::Young { .. } => "keep/young",
                KeepReason::WarmUp { .. } => "keep/warm-up",
                KeepReason::RecentlyActive { .. } => "keep/recently-active",
                KeepReason::NeverRuleOff => "keep/never-rule-off",
                KeepReason::OnlyNeverRule => "keep/only-never-rule",
            },
            Self::Warn { state, .. } => match state {
                WarnState::Due => "warn/due",
                WarnState::Sending => "warn/sending",
                WarnState::Grace { .. } => "warn/grace",
                WarnState::Undeliverable => "warn/undeliverable",
            },
            Self::Reclaim(reason) => match reason {
                ReclaimReason::Inactive { .. } => "reclaim/inactive",
                ReclaimReason::NeverLoggedIn { .. } => "reclaim/never-logged-in",
                ReclaimReason::Left { .. } => "reclaim/left",
            },
            Self::Hold(reason) => match reason {
                HoldReason::StatusUnknown => "hold/status-unknown",
                HoldReason::ActivityUnknown => "hold/activity-unknown",
                HoldReason::ActivityInFuture { .. } => "hold/activity-in-future",
                HoldReason::ActivityImplausible { .. } => "hold/activity-implausible",
                HoldReason::FirstSeenInFuture { .. } => "hold/first-seen-in-future",
                HoldReason::CannotFree { .. } => "hold/cannot-free",
                HoldReason::LeftButActive { .. } => "hold/left-but-active",
                HoldReason::DirectoryUnknown { .. } => "hold/directory-unknown",
                HoldReason::PoliciesConflict { .. } => "hold/policies-conflict",
                HoldReason::PopulationUnknown { .. } => "hold/population-unknown",
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
            Self::AuditLog => "audit log",
            Self::LoginInfo => "login record in the database",
            Self::LastAuthenticated => "last authentication in the database",
            Self::Import => "imported file",
            Self::Contribution => "contribution",
            Self::GraphSignIn => "Graph sign-in",
            Self::OktaLogin => "Okta's last login",
            Self::CrowdAuthenticated => "Crowd's last authentication",
            Self::CrowdActive => "Crowd's last activity",
            Self::AdLogon => "Active Directory's last logon",
            Self::LdapBind => "LDAP's last bind",
            Self::HttpSignIn => "directory's sign-in",
        })
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for ReclaimReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inactive { since, source } => write!(f, "last active on {} ({source})", day(*since)),
            Self::NeverLoggedIn { known_since, source } => {
                write!(f, "never logged in ({source}), known since {}", day(*known_since))
            }
            Self::Left { since, directory, presence, .. } => {
                write!(f, "left the company: {presence} in {directory}, heard on {}", day(*since))
            }
        }
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
                KeepReason::ReenabledRecently { until } => {
                    write!(f, "kept: activated again recently; protected until {}", day(*until))
                }
                KeepReason::Young { until } => {
                    write!(f, "kept: not known for long enough; protected until {}", day(*until))
                }
                KeepReason::WarmUp { until } => {
                    write!(f, "kept: still warming up; Seatkeeper watches the account until {}", day(*until))
                }
                KeepReason::RecentlyActive { at, source } => write!(f, "kept: active on {} ({source})", day(*at)),
                KeepReason::NeverRuleOff => {
                    write!(f, "kept: never logged in, and the policy has no rule for that")
                }
                KeepReason::OnlyNeverRule => {
                    write!(f, "kept: has logged in, and the policy takes only from those who never did")
                }
            },
            Self::Warn { reason, state } => match state {
                WarnState::Due => write!(f, "warn: {reason}; the warning goes out"),
                WarnState::Sending => write!(f, "warn: {reason}; the warning is on its way"),
                WarnState::Grace { until } => write!(f, "warn: {reason}; warned, the seat goes after {}", day(*until)),
                WarnState::Undeliverable => {
                    write!(f, "warn: {reason}; the warning cannot be delivered, somebody has to look at it")
                }
            },
            Self::Reclaim(reason) => write!(f, "reclaim: {reason}"),
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
                HoldReason::CannotFree { reason, obstacles } => {
                    write!(f, "held: {reason}, but the seat cannot be freed from here: ")?;
                    for (index, obstacle) in obstacles.iter().enumerate() {
                        write!(f, "{}{obstacle}", if index == 0 { "" } else { "; " })?;
                    }
                    Ok(())
                }
                HoldReason::LeftButActive { at, source, directory } => write!(
                    f,
                    "held: {directory} says that the person has left, and yet the account was active on {} ({source}); \
                     somebody has to look",
                    day(*at)
                ),
                HoldReason::DirectoryUnknown { directory } => {
                    write!(f, "held: {directory} does not answer whether the person is still there")
                }
                HoldReason::PoliciesConflict { first, second } => {
                    write!(f, "held: populations {first} and {second} claim it with the same priority")
                }
                HoldReason::PopulationUnknown { population, fact } => {
                    write!(f, "held: without its {fact} nobody knows whether the rules of {population} apply")
                }
            },
        }
    }
}
