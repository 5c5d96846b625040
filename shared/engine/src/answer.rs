//! People's answers to a plan: striking accounts off it, approving what is left, rejecting it. A plan never changes; what
//! was struck off is part of the hash that an approval names, so everybody approves exactly what they saw.

use crate::{
    admin::Refusal,
    audit::{self, Act},
    policy_file,
    ports::Store,
    state::{self, Answer, Approval, Endorsement, PlanHead, StateError, Struck},
};
use seatkeeper_policy::{Instant, Mode, SweepId, UserKey, Verdict};
use std::collections::BTreeSet;

/// Accounts that can be struck off one plan: beyond that it is the wrong plan.
pub const MOST_STRUCK: usize = 1_000;

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The name that goes into the audit.
    pub name: String,
    /// What proved who it is. Two people have two of these, whatever names they give.
    pub credential: String,
    /// Only one person has it. A shared token proves nobody's name.
    pub personal: bool,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is in force.
    Done(PlanHead),
    /// The plan is larger than the cap, so a second person has to approve it too.
    NeedsSecond(PlanHead),
}

/// A plan that waits, with what was struck off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The plan.
    pub plan: PlanHead,
    /// What was struck off.
    pub struck: Vec<Struck>,
    /// The first of two approvals, if it is about what is shown now.
    pub endorsed: Option<Endorsement>,
}

impl Waiting {
    /// Reads it; none if there is no such plan.
    pub async fn load(store: &impl Store, id: &SweepId) -> Result<Option<Self>, StateError> {
        let Some(plan) = state::load(store, &state::plan(id)).await? else { return Ok(None) };
        let struck = state::load(store, &state::struck(id)).await?.unwrap_or_default();
        let endorsed = state::load(store, &state::endorsement(id)).await?;
        let mut waiting = Self { plan, struck, endorsed: None };
        let hash = waiting.hash();
        waiting.endorsed = endorsed.filter(|first| first.hash == hash);
        Ok(Some(waiting))
    }

    /// The accounts that were struck off.
    pub fn without(&self) -> BTreeSet<UserKey> {
        self.struck.iter().map(|struck| struck.key.clone()).collect()
    }

    /// The hash that an approval names.
    pub fn hash(&self) -> String {
        self.plan.hash_without(&self.without())
    }

    /// Whether what is left is larger than the cap: accounts planned, and accounts allowed.
    pub fn over_cap(&self) -> Option<(u32, u32)> {
        self.plan.over_cap_without(self.struck.len())
    }
}

/// Answers a plan. The hash is what the person saw; another hash means another plan.
pub async fn answer(
    store: &impl Store,
    id: &SweepId,
    hash: &str,
    answer: Answer,
    by: &Signer,
    now: Instant,
) -> Result<Answered, Refusal> {
    answer_where(store, id, hash, answer, by, |_| true, now).await
}

/// The same where somebody knows who may approve now. What the first of two people said counts only while they may: who
/// was taken out of the configuration, or has another role, does not take part any more.
pub async fn answer_where(
    store: &impl Store,
    id: &SweepId,
    hash: &str,
    answer: Answer,
    by: &Signer,
    may_still: impl Fn(&Endorsement) -> bool,
    now: Instant,
) -> Result<Answered, Refusal> {
    let mut waiting = open(store, id, now).await?;
    waiting.endorsed = waiting.endorsed.filter(may_still);
    refuse_rejected(store, id).await?;
    let found = waiting.hash();
    if found != hash {
        return Err(Refusal::OtherHash { given: hash.chars().take(80).collect(), found });
    }
    let over_cap = waiting.over_cap();
    let mut second = None;
    if let Answer::Approved { over_cap: accepted } = answer {
        allowed(store, &waiting.plan).await?;
        if let Some((planned, limit)) = over_cap {
            if !accepted {
                return Err(Refusal::OverCap { planned, limit });
            }
            if !by.personal {
                return Err(Refusal::SharedToken);
            }
            match &waiting.endorsed {
                None => return endorse(store, waiting.plan, hash, by, now).await,
                // A token that was replaced between the two has another fingerprint and the same name.
                Some(first) if first.credential == by.credential || same(&first.by, &by.name) => {
                    return Err(Refusal::SamePerson { by: first.by.clone() });
                }
                Some(first) => second = Some(first.by.clone()),
            }
        }
    }
    let without = waiting.without();
    let left = waiting.plan.accounts.saturating_sub(u32::try_from(without.len()).unwrap_or(u32::MAX));
    let approval = Approval {
        hash: hash.to_owned(),
        answer,
        by: second.map_or_else(|| by.name.clone(), |first| format!("{first} and {}", by.name)),
        at: now,
        without,
    };
    let act = match answer {
        Answer::Approved { .. } => "plan-approved",
        Answer::Rejected => "plan-rejected",
    };
    note(store, id, act, &approval.by, format!("{left} accounts, hash {hash}"), now).await?;
    state::save(store, &state::approval(id), &approval).await?;
    if answer == Answer::Rejected {
        state::remove(store, &state::endorsement(id)).await?;
    }
    Ok(Answered::Done(waiting.plan))
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Strikes an account off a plan that waits: this sweep leaves it alone. Doing it twice changes nothing.
pub async fn strike(
    store: &impl Store,
    id: &SweepId,
    key: &UserKey,
    by: &Signer,
    now: Instant,
) -> Result<Waiting, Refusal> {
    let mut waiting = open(store, id, now).await?;
    refuse_answered(store, &waiting).await?;
    if waiting.struck.iter().any(|struck| struck.key == *key) {
        return Ok(waiting);
    }
    if waiting.struck.len() >= MOST_STRUCK {
        return Err(Refusal::Closed(format!(
            "{MOST_STRUCK} accounts were struck off it; reject it and correct the policy instead"
        )));
    }
    let mut planned = None;
    for page in 0..waiting.plan.pages {
        let accounts = state::load(store, &state::plan_page(id, page)).await?.unwrap_or_default();
        planned = planned.or_else(|| accounts.into_iter().find(|account| account.key == *key));
    }
    let planned = planned.ok_or_else(|| Refusal::NotPlanned { key: key.to_string() })?;
    note(store, id, "plan-struck", &by.name, planned.username.to_string(), now).await?;
    waiting.struck.push(Struck { key: planned.key, username: planned.username, by: by.name.clone(), at: now });
    state::save(store, &state::struck(id), &waiting.struck).await?;
    Ok(Waiting { endorsed: None, ..waiting })
}

/// Puts an account back that was struck off. Doing it twice changes nothing.
pub async fn put_back(
    store: &impl Store,
    id: &SweepId,
    key: &UserKey,
    by: &Signer,
    now: Instant,
) -> Result<Waiting, Refusal> {
    let mut waiting = open(store, id, now).await?;
    refuse_answered(store, &waiting).await?;
    let Some(place) = waiting.struck.iter().position(|struck| struck.key == *key) else { return Ok(waiting) };
    let struck = waiting.struck.remove(place);
    note(store, id, "plan-put-back", &by.name, struck.username.to_string(), now).await?;
    state::save(store, &state::struck(id), &waiting.struck).await?;
    Ok(Waiting { endorsed: None, ..waiting })
}

/// A plan that waits for an answer.
async fn open(store: &impl Store, id: &SweepId, now: Instant) -> Result<Waiting, Refusal> {
    let unknown = || Refusal::Unknown { what: "plan", id: id.to_string() };
    let waiting = Waiting::load(store, id).await?.ok_or_else(unknown)?;
    let work = state::load(store, &state::checkpoint()).await?.and_then(|at| at.work);
    let waits = matches!(work, Some(state::Work::Await(plan)) if plan == *id);
    if now >= waiting.plan.expires {
        let expired = waiting.plan.expires.format("%Y-%m-%d %H:%M UTC");
        return Err(Refusal::Closed(format!("it expired on {expired}")));
    }
    if !waits {
        // Nothing waits in a dry run, and the mode is what its reader can change.
        if policy_file::in_force(store).await?.1.mode == Mode::DryRun {
            return Err(Refusal::DryRun);
        }
        return Err(Refusal::Closed("it does not wait for an answer (any more)".into()));
    }
    Ok(waiting)
}

/// A rejection is final.
async fn refuse_rejected(store: &impl Store, id: &SweepId) -> Result<(), Refusal> {
    match state::load(store, &state::approval(id)).await? {
        Some(Approval { answer: Answer::Rejected, by, .. }) => Err(Refusal::Closed(format!("{by} rejected it"))),
        Some(_) | None => Ok(()),
    }
}

/// What was approved stays as it was approved; whoever thinks otherwise rejects it.
async fn refuse_answered(store: &impl Store, waiting: &Waiting) -> Result<(), Refusal> {
    refuse_rejected(store, &waiting.plan.id).await?;
    let approval = state::load(store, &state::approval(&waiting.plan.id)).await?;
    match approval.filter(|approval| approval.hash == waiting.hash()) {
        Some(Approval { by, .. }) => Err(Refusal::Closed(format!("{by} approved it as it is; reject it to stop it"))),
        None => Ok(()),
    }
}

/// Whether the policy in force lets this plan be carried out.
async fn allowed(store: &impl Store, plan: &PlanHead) -> Result<(), Refusal> {
    let (_, policy) = policy_file::in_force(store).await?;
    if policy.mode == Mode::DryRun {
        return Err(Refusal::DryRun);
    }
    if plan.rules_of(&policy) != plan.rules {
        return Err(Refusal::Closed("the policy's rules changed since it was made".into()));
    }
    if plan.verdict == Verdict::Incomplete {
        return Err(Refusal::Closed("its snapshot is not complete".into()));
    }
    Ok(())
}

/// The first of two approvals.
async fn endorse(
    store: &impl Store,
    plan: PlanHead,
    hash: &str,
    by: &Signer,
    now: Instant,
) -> Result<Answered, Refusal> {
    let (name, credential) = (by.name.clone(), by.credential.clone());
    note(store, &plan.id, "plan-endorsed", &name, format!("the first of two, hash {hash}"), now).await?;
    let first = Endorsement { hash: hash.to_owned(), by: name, credential, at: now };
    state::save(store, &state::endorsement(&plan.id), &first).await?;
    Ok(Answered::NeedsSecond(plan))
}

async fn note(
    store: &impl Store,
    plan: &SweepId,
    act: &str,
    by: &str,
    detail: String,
    now: Instant,
) -> Result<(), StateError> {
    let id = audit::id(&format!("{plan}:{act}:{}", now.timestamp_millis()), &[by, &detail]);
    audit::append(store, "admin", Act { id, actor: by, act, subject: plan.as_str(), detail }, now).await
}

#[cfg(test)]
mod tests;
