//! Giving back what a reclaim took: the same steps for a login and for an undo, each with its own journal.

use crate::{
    audit::{self, Act},
    ports::{Clock, ConfluenceRead, ConfluenceWrite, PortError, Rename, Store, Who},
    seats::{self, SeatLock},
    state::{self, Key},
    sweep::Ports,
    tallies::{self, Requests},
    trouble::Trouble,
};
use seatkeeper_policy::{
    Policy, Status, UserKey, Username,
    journal::Reclaim,
    restore::{
        Cause, GiveBack, NothingReason, Present, Restore, RestoreState, RestoreVerdict, WaitReason, judge, wanted,
    },
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "is")]
pub enum GivenBack {
    /// Everything was given back and found effective.
    Restored {
        /// The groups that were added.
        groups: Vec<String>,
        /// Whether the account was activated.
        enabled: bool,
        /// The name it got back.
        renamed_to: Option<String>,
    },
    /// Nothing to do.
    Nothing {
        /// Why.
        why: String,
    },
    /// Not now.
    Waiting {
        /// Why.
        why: String,
    },
}

/// On whose behalf a seat is given back: it decides whose journal and whose audit stream are written.
pub struct Behalf<'a> {
    /// The caller's own journal of this account.
    pub journal: Key<Restore>,
    /// The function, which owns the audit stream.
    pub function: &'static str,
    /// The function itself, or the person who asked.
    pub actor: &'a str,
    /// Requests that were sent and are not in any total yet.
    pub requests: &'a Requests,
}

/// Gives back what the newest reclaim of the account took.
pub async fn give_back<S, X, N, C>(
    ports: &Ports<'_, S, X, N, C>,
    policy: &Policy,
    user: &UserKey,
    cause: Cause,
    behalf: &Behalf<'_>,
    runner: &str,
) -> Result<GivenBack, Trouble>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    C: Clock,
{
    let store = ports.store;
    let Some(reclaim) = state::load(store, &state::reclaim(user)).await?.filter(|reclaim| reclaim.key == *user) else {
        return Ok(nothing(NothingReason::NothingTaken));
    };
    let restored = state::load(store, &state::restore(user)).await?;
    let undone = state::load(store, &state::undo(user)).await?;
    let answers: Vec<&Restore> = restored.iter().chain(&undone).collect();
    if let Err(reason) = wanted(policy, Some(&reclaim), &answers, cause) {
        return Ok(nothing(reason));
    }
    let Some(lock) = seats::lock(store, ports.clock, runner).await? else {
        return Err(Trouble::new("store-failed", "other restores are under way; send the event again"));
    };
    let result = locked(ports, policy, &reclaim, cause, behalf, &lock).await;
    // A count that cannot be written is lost; the restore matters more.
    let _ = tallies::add_restore(store, behalf.function, &result, behalf.requests, ports.clock.now()).await;
    // A lock that cannot be given back ends by itself.
    let _ = seats::unlock(store, lock).await;
    result
}

async fn locked<S, X, N, C>(
    ports: &Ports<'_, S, X, N, C>,
    policy: &Policy,
    reclaim: &Reclaim,
    cause: Cause,
    behalf: &Behalf<'_>,
    lock: &SeatLock,
) -> Result<GivenBack, Trouble>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    C: Clock,
{
    let (store, clock) = (ports.store, ports.clock);
    let note = async |state: RestoreState| {
        let at = clock.now();
        let restore = Restore { answers: reclaim.sweep.clone(), key: reclaim.key.clone(), cause, at, state };
        state::save(store, &behalf.journal, &restore).await
    };
    // Before the journal says done: after a crash in between the act is found again and recorded once.
    let record = async |detail: String| {
        let (user, sweep) = (reclaim.key.as_str(), &reclaim.sweep);
        let act = match cause {
            Cause::Login(_) => "restored",
            Cause::Undo => "undone",
        };
        let act = Act { id: format!("{sweep}:{user}:{act}"), actor: behalf.actor, act, subject: user, detail };
        audit::append(store, behalf.function, act, clock.now()).await
    };
    let present = present(ports.confluence, &reclaim.key).await?;
    let in_use = seats::in_use(store, ports.confluence, clock, &reclaim.key, lock).await?;
    let give = match judge(policy, reclaim, present.as_ref(), in_use) {
        RestoreVerdict::Proceed(give) => give,
        RestoreVerdict::Nothing(NothingReason::AlreadyRestored) => {
            record("everything was in place already".to_owned()).await?;
            note(RestoreState::Done).await?;
            return Ok(nothing(NothingReason::AlreadyRestored));
        }
        RestoreVerdict::Nothing(reason) => return Ok(nothing(reason)),
        RestoreVerdict::Wait(reason) => {
            note(RestoreState::Waiting { why: reason.to_string() }).await?;
            return Ok(GivenBack::Waiting { why: reason.to_string() });
        }
    };
    let before = ports.confluence.seats().await?;
    note(RestoreState::Intended).await?;
    seats::reserve(store, clock, &reclaim.key, lock).await?;
    // The name of now: somebody may have renamed the account meanwhile and given its old name to somebody else.
    let known = present.map_or_else(|| reclaim.username.clone(), |present| present.username);
    let name = give.rename.as_ref().map_or(&known, |(_, to)| to);
    carry_out(ports, name, &give).await?;
    let after = self::present(ports.confluence, &reclaim.key).await?;
    let effective = after.as_ref().is_some_and(|now| {
        give.groups.is_subset(&now.groups) && matches!(now.status, Status::Current | Status::Unlicensed)
    });
    let counted = ports.confluence.seats().await?;
    if counted.max.is_some_and(|max| counted.used > max) {
        for group in &give.groups {
            ports.confluence.remove_from_group(name, group).await?;
        }
        seats::forget(store, clock, &reclaim.key, lock).await?;
        let why = WaitReason::NoSeat { free: 0, buffer: policy.restore.seat_buffer }.to_string();
        note(RestoreState::Waiting { why: why.clone() }).await?;
        return Ok(GivenBack::Waiting { why });
    }
    if counted.used > before.used {
        seats::forget(store, clock, &reclaim.key, lock).await?;
    }
    if !effective {
        let why = "Confluence accepted the change and shows no effect yet; the next login tries again".to_owned();
        note(RestoreState::Waiting { why: why.clone() }).await?;
        return Ok(GivenBack::Waiting { why });
    }
    record(format!("{give:?}")).await?;
    note(RestoreState::Done).await?;
    let GiveBack { rename, enable, groups } = give;
    Ok(GivenBack::Restored {
        groups: groups.into_iter().map(String::from).collect(),
        enabled: enable,
        renamed_to: rename.map(|(_, to)| to.into()),
    })
}

/// Name first, because the other calls need it; groups last, because they take the seat.
async fn carry_out<S, X, N, C>(ports: &Ports<'_, S, X, N, C>, name: &Username, give: &GiveBack) -> Result<(), PortError>
where
    X: ConfluenceWrite,
    N: Rename,
{
    if let Some((from, to)) = &give.rename {
        ports.rename.rename(from, to).await?;
    }
    if give.enable {
        ports.confluence.enable(name).await?;
    }
    for group in &give.groups {
        ports.confluence.add_to_group(name, group).await?;
    }
    Ok(())
}

async fn present(confluence: &impl ConfluenceRead, key: &UserKey) -> Result<Option<Present>, PortError> {
    let Some(person) = confluence.account(Who::Key(key)).await? else { return Ok(None) };
    let groups: BTreeSet<_> = confluence.groups_of(key).await?;
    Ok(Some(Present { username: person.username, status: person.status, groups }))
}

fn nothing(reason: NothingReason) -> GivenBack {
    GivenBack::Nothing { why: reason.to_string() }
}
