//! Giving a seat back: only what we took, never past the last seat, never to somebody whom others disabled.

use crate::{
    GroupName, Instant, Policy, ReclaimReason, SeatCount, Status, SweepId, UserKey, Username, journal::Reclaim,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Why seats are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The person logged in at this instant.
    Login(Instant),
    /// An administrator undid the run.
    Undo,
}

/// How a restore stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestoreState {
    /// Intent written; after a crash everything is done again, which changes nothing that is done.
    Intended,
    /// Given back and found effective.
    Done,
    /// Not possible now; the next login or tick tries again.
    Waiting {
        /// Why.
        why: String,
    },
}

/// The answer to one reclaim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Restore {
    /// The reclaim that this answers.
    pub answers: SweepId,
    /// Identity.
    pub key: UserKey,
    /// Why.
    pub cause: Cause,
    /// Last change of the state.
    pub at: Instant,
    /// How it stands.
    pub state: RestoreState,
}

/// What to do about a login or an undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreVerdict {
    /// Give back exactly this, in this order: name, activation, groups.
    Proceed(GiveBack),
    /// Nothing to do, and why.
    Nothing(NothingReason),
    /// Not now, and why.
    Wait(WaitReason),
}

/// What is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// Rename from the name we gave to the name it had.
    pub rename: Option<(Username, Username)>,
    /// Activate it.
    pub enable: bool,
    /// Groups to add; those it has already are left out.
    pub groups: BTreeSet<GroupName>,
}

/// Why nothing is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum NothingReason {
    /// We took nothing from this account.
    #[error("nothing was taken from this account")]
    NothingTaken,
    /// It has everything back already.
    #[error("everything was given back already")]
    AlreadyRestored,
    /// The login happened before the reclaim: an old or repeated event.
    #[error("the login is older than the reclaim")]
    LoginBeforeReclaim,
    /// The policy does not give seats back on login.
    #[error("the policy does not give seats back on login")]
    SwitchedOff,
    /// A directory said that the person has left; only an administrator gives such a seat back.
    #[error("the seat was taken because a directory says that the person has left; undo the run to give it back")]
    Left,
    /// Somebody else deactivated the account after us or before us; that is not ours to undo.
    #[error("the account is deactivated, and not by us")]
    DisabledByOthers,
    /// The account is gone from its directory.
    #[error("the account does not exist any more")]
    Gone,
}

/// Why a restore has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum WaitReason {
    /// No seat is free beyond the buffer.
    #[error("{free} seats are free and {buffer} must stay free")]
    NoSeat {
        /// Seats free.
        free: u32,
        /// Seats that must stay free.
        buffer: u32,
    },
    /// Confluence did not tell the account's status.
    #[error("the account's status is not known")]
    StatusUnknown,
}

/// The account as it is just before the restore; none when it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Name now.
    pub username: Username,
    /// Status now.
    pub status: Status,
    /// All groups now.
    pub groups: BTreeSet<GroupName>,
}

/// A login that comes this little before the reclaim counts as after it: two servers, two clocks. It does no harm:
/// somebody who logged in minutes before losing the seat should have kept it.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Whether this cause calls for anything at all, before anything is asked of Confluence.
pub fn wanted(
    policy: &Policy,
    reclaim: Option<&Reclaim>,
    answers: &[&Restore],
    cause: Cause,
) -> Result<(), NothingReason> {
    let Some(reclaim) = reclaim else { return Err(NothingReason::NothingTaken) };
    if reclaim.taken().is_empty() {
        return Err(NothingReason::NothingTaken);
    }
    // An answer from before the end of the reclaim may have been undone by its last steps; the account itself tells.
    let whole = |a: &&Restore| reclaim.finished.is_some_and(|end| end <= a.at);
    if answers.iter().any(|a| a.answers == reclaim.sweep && a.state == RestoreState::Done && whole(a)) {
        return Err(NothingReason::AlreadyRestored);
    }
    match cause {
        Cause::Login(_) if matches!(reclaim.reason, ReclaimReason::Left { .. }) => Err(NothingReason::Left),
        Cause::Login(_) if !policy.restore.on_login => Err(NothingReason::SwitchedOff),
        Cause::Login(at) if at + CLOCK_TOLERANCE < reclaim.started => Err(NothingReason::LoginBeforeReclaim),
        Cause::Login(_) | Cause::Undo => Ok(()),
    }
}

/// What to give back, given the account as it is now. `seats` counts what is used now, so an account that holds a
/// seat already needs no free one.
pub fn judge(policy: &Policy, reclaim: &Reclaim, present: Option<&Present>, seats: SeatCount) -> RestoreVerdict {
    let taken = reclaim.taken();
    let Some(present) = present else { return RestoreVerdict::Nothing(NothingReason::Gone) };
    let enable = match present.status {
        Status::Current | Status::Unlicensed => false,
        Status::Deactivated if taken.disabled => true,
        Status::Deactivated => return RestoreVerdict::Nothing(NothingReason::DisabledByOthers),
        Status::ExternallyDeleted => return RestoreVerdict::Nothing(NothingReason::Gone),
        Status::Unknown => return RestoreVerdict::Wait(WaitReason::StatusUnknown),
    };
    let rename = taken
        .renamed_to
        .filter(|given| *given == present.username && reclaim.username != present.username)
        .map(|given| (given, reclaim.username.clone()));
    let holds_seat = !enable && present.groups.iter().any(|group| policy.licence_groups.contains(group));
    let groups: BTreeSet<_> = taken.groups.into_iter().filter(|group| !present.groups.contains(group)).collect();
    if groups.is_empty() && !enable && rename.is_none() {
        return RestoreVerdict::Nothing(NothingReason::AlreadyRestored);
    }
    let buffer = policy.restore.seat_buffer;
    match seats.free() {
        Some(free) if !holds_seat && free <= buffer => RestoreVerdict::Wait(WaitReason::NoSeat { free, buffer }),
        Some(_) | None => RestoreVerdict::Proceed(GiveBack { rename, enable, groups }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Action, ReclaimReason, Source,
        journal::{Step, StepState},
        testing::{at, group, key, policy},
    };

    fn reclaim() -> Reclaim {
        Reclaim {
            sweep: SweepId::parse("s1").unwrap(),
            key: key("k"),
            username: Username::parse("jdoe").unwrap(),
            reason: ReclaimReason::Inactive { since: at("2026-01-01T00:00:00Z"), source: Source::LastLogin },
            started: at("2026-11-22T12:00:00Z"),
            finished: Some(at("2026-11-22T12:00:01Z")),
            steps: vec![Step { action: Action::RemoveGroup(group("confluence-users")), state: StepState::Done }],
            carried: BTreeSet::new(),
            again: 0,
            left: None,
        }
    }

    fn present(status: Status, groups: &[&str]) -> Present {
        let groups = groups.iter().map(|name| group(name)).collect();
        Present { username: Username::parse("jdoe").unwrap(), status, groups }
    }

    #[test]
    fn a_login_counts_from_five_minutes_before_the_reclaim_on() {
        for (login, expected) in [
            ("2026-11-22T11:54:59Z", Err(NothingReason::LoginBeforeReclaim)),
            ("2026-11-22T11:55:00Z", Ok(())),
            ("2026-11-22T12:00:01Z", Ok(())),
        ] {
            assert_eq!(wanted(&policy(), Some(&reclaim()), &[], Cause::Login(at(login))), expected, "{login}");
        }
    }

    #[test]
    fn a_second_login_after_the_restore_finds_nothing_to_do() {
        let done = Restore {
            answers: SweepId::parse("s1").unwrap(),
            key: key("k"),
            cause: Cause::Undo,
            at: at("2026-11-22T13:00:00Z"),
            state: RestoreState::Done,
        };
        let login = Cause::Login(at("2026-11-22T14:00:00Z"));
        assert_eq!(wanted(&policy(), Some(&reclaim()), &[&done], login), Err(NothingReason::AlreadyRestored));
        let older = Restore { answers: SweepId::parse("s0").unwrap(), ..done.clone() };
        assert_eq!(wanted(&policy(), Some(&reclaim()), &[&older], login), Ok(()));
        let too_early = Restore { at: at("2026-11-22T12:00:00Z"), ..done };
        assert_eq!(wanted(&policy(), Some(&reclaim()), &[&too_early], login), Ok(()));
    }

    #[test]
    fn the_last_free_seat_is_given_only_beyond_the_buffer() {
        let mut policy = policy();
        policy.restore.seat_buffer = 1;
        let here = present(Status::Unlicensed, &[]);
        for (used, proceeds) in [(98, true), (99, false), (100, false), (101, false)] {
            let seats = SeatCount { used, max: Some(100) };
            let verdict = judge(&policy, &reclaim(), Some(&here), seats);
            assert_eq!(matches!(verdict, RestoreVerdict::Proceed(_)), proceeds, "{used} of 100");
        }
        let unlimited = judge(&policy, &reclaim(), Some(&here), SeatCount { used: 10_000, max: None });
        assert!(matches!(unlimited, RestoreVerdict::Proceed(_)));
    }

    #[test]
    fn somebody_disabled_by_others_or_gone_gets_nothing_back() {
        let seats = SeatCount { used: 1, max: Some(100) };
        let verdict = |now: Option<&Present>| judge(&policy(), &reclaim(), now, seats);
        assert_eq!(
            verdict(Some(&present(Status::Deactivated, &[]))),
            RestoreVerdict::Nothing(NothingReason::DisabledByOthers)
        );
        assert_eq!(
            verdict(Some(&present(Status::ExternallyDeleted, &[]))),
            RestoreVerdict::Nothing(NothingReason::Gone)
        );
        assert_eq!(verdict(None), RestoreVerdict::Nothing(NothingReason::Gone));
        assert_eq!(verdict(Some(&present(Status::Unknown, &[]))), RestoreVerdict::Wait(WaitReason::StatusUnknown));
    }

    #[test]
    fn exactly_what_was_taken_and_is_missing_is_given_back() {
        let mut record = reclaim();
        record.carried.insert(group("confluence-contractors"));
        let seats = SeatCount { used: 100, max: Some(100) };
        let verdict = judge(&policy(), &record, Some(&present(Status::Current, &["confluence-users", "other"])), seats);
        let RestoreVerdict::Proceed(give) = verdict else { panic!("{verdict:?}") };
        assert_eq!(give.groups, BTreeSet::from([group("confluence-contractors")]));
    }
}
