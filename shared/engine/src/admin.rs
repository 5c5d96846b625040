//! What an administrator may change: the policy, and an undo. The owner of each key is this module; the sweep only
//! reads them. Answers to plans are in [`crate::answer`].

use crate::{
    audit::{self, Act},
    give_back::{Behalf, GivenBack, give_back},
    policy_file,
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Rename, Store},
    state::{self, PolicyRecord},
    sweep::Ports,
    trouble::Trouble,
};
use seatkeeper_policy::{Instant, SweepId, raw::Problem, restore::Cause};
use serde::{Deserialize, Serialize};

/// Why a change was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The policy is not valid.
    #[error("the policy is not valid; {} problem(s)", .0.len())]
    Invalid(Vec<Problem>),
    /// Somebody else replaced the policy in the meantime.
    #[error(
        "the change was made to version {expected}, but somebody changed it in between: version {found} by {by} is in \
         force; read it and make your change again"
    )]
    Conflict {
        /// The version that the sender had seen.
        expected: u32,
        /// The version in force.
        found: u32,
        /// Who put it there.
        by: String,
    },
    /// There is no such plan or run.
    #[error("there is no {what} `{id}`")]
    Unknown {
        /// Plan or run.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The hash is not the plan's.
    #[error("the plan's hash is {found}, not {given}; look at the plan again before you answer")]
    OtherHash {
        /// What was given.
        given: String,
        /// What it is.
        found: String,
    },
    /// The plan can no longer be answered.
    #[error("the plan can no longer be answered: {0}")]
    Closed(String),
    /// The plan is larger than the cap, and the answer does not say that this is meant.
    #[error("{planned} accounts are planned and {limit} allowed; say `accept-over-cap` if that is meant")]
    OverCap {
        /// Accounts planned.
        planned: u32,
        /// Accounts allowed.
        limit: u32,
    },
    /// An approval above the cap takes two people, and this is one of them again.
    #[error(
        "{by} approved this plan already; above the cap a second person has to approve it, with a token of their own"
    )]
    SamePerson {
        /// Who approved it first.
        by: String,
    },
    /// An approval above the cap takes two people, and a shared token proves nobody's name.
    #[error("above the cap two people have to approve a plan, each with a token of their own; this one is shared")]
    SharedToken,
    /// A plan waits, so a newer sweep would take it away from whoever is to answer it.
    #[error("plan {plan} waits for an answer; approve or reject it first")]
    PlanWaits {
        /// The plan.
        plan: SweepId,
    },
    /// The account is not in the plan.
    #[error("account `{key}` is not in the plan")]
    NotPlanned {
        /// The account.
        key: String,
    },
    /// The policy is in dry run, where no plan is carried out.
    #[error("the policy is in dry run; set mode = \"approve\" or \"enforce\" first")]
    DryRun,
    /// An imported file cannot be read as a whole.
    #[error("line {}: {} {}", .0.line, .0.field, .0.problem)]
    Import(crate::import::RowProblem),
    /// An emergency plan would take seats from people who may be working.
    #[error("idle-days = {given}: must be at least {least}, because a browser stays signed in for two weeks")]
    IdleDays {
        /// What was given.
        given: u32,
        /// What is accepted.
        least: u32,
    },
    /// Something failed on the way.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<state::StateError> for Refusal {
    fn from(error: state::StateError) -> Self {
        Self::Trouble(error.into())
    }
}

/// Replaces the policy. `expected` is the version that the sender had seen: 0 for the first policy, none to replace
/// whatever is there.
pub async fn replace_policy(
    store: &impl Store,
    text: &str,
    expected: Option<u32>,
    by: &str,
    now: Instant,
) -> Result<PolicyRecord, Refusal> {
    let policy = policy_file::parse(text).map_err(Refusal::Invalid)?;
    let present = state::load(store, &state::policy()).await?;
    let found = present.as_ref().map_or(0, |record| record.version);
    unchanged(present.as_ref(), expected)?;
    if let Some(present) = present
        && present.text == text
    {
        return Ok(present);
    }
    let record = PolicyRecord {
        version: found + 1,
        text: text.to_owned(),
        rules: policy.rules_hash(),
        saved: now,
        by: by.to_owned(),
    };
    state::save(store, &state::policy_version(record.version), &record).await?;
    let version = record.version.to_string();
    let act = Act {
        // Two people who replaced the same version at the same instant are two acts.
        id: audit::id(&format!("policy:{version}"), &[by, text]),
        actor: by,
        act: "policy-replaced",
        subject: &version,
        detail: format!("{:?}, rules {}", policy.mode, record.rules),
    };
    audit::append(store, "admin", act, now).await?;
    state::save(store, &state::policy(), &record).await?;
    Ok(record)
}

/// Refuses a change that was made to another version than the one in force.
pub(crate) fn unchanged(present: Option<&PolicyRecord>, expected: Option<u32>) -> Result<(), Refusal> {
    let found = present.map_or(0, |record| record.version);
    match expected {
        Some(expected) if expected != found => {
            let by = present.map_or_else(|| "nobody".to_owned(), |record| record.by.clone());
            Err(Refusal::Conflict { expected, found, by })
        }
        Some(_) | None => Ok(()),
    }
}

/// How far an undo came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UndoReport {
    /// Accounts of the run.
    pub total: u32,
    /// Where to go on; none when everything is done.
    pub next: Option<u32>,
    /// Accounts that got everything back in this call.
    pub restored: u32,
    /// Accounts with nothing to give back.
    pub nothing: u32,
    /// Accounts that wait, for example for a seat, each with the reason.
    pub waiting: Vec<(String, String)>,
    /// Accounts that failed, each with the reason.
    pub failed: Vec<(String, String)>,
}

/// Undoes a run from an account on, as far as the time allows. Repeating it changes nothing that is done.
pub async fn undo<S, X, N, C>(
    ports: &Ports<'_, S, X, N, C>,
    id: &SweepId,
    from: u32,
    by: &str,
    budget: chrono::TimeDelta,
    runner: &str,
) -> Result<UndoReport, Refusal>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    C: Clock,
{
    let (store, clock) = (ports.store, ports.clock);
    let deadline = clock.now() + budget;
    let unknown = || Refusal::Unknown { what: "run", id: id.to_string() };
    let plan = state::load(store, &state::plan(id)).await?.ok_or_else(unknown)?;
    let (_, policy) = policy_file::in_force(store).await?;
    let mut report = UndoReport { total: plan.accounts, ..UndoReport::default() };
    let mut index = 0;
    for page in 0..plan.pages {
        for planned in state::load(store, &state::plan_page(id, page)).await?.unwrap_or_default() {
            index += 1;
            if index <= from {
                continue;
            }
            if clock.now() >= deadline {
                report.next = Some(index - 1);
                return Ok(report);
            }
            let ours = state::load(store, &state::reclaim(&planned.key)).await?.is_some_and(|r| r.sweep == *id);
            if !ours {
                report.nothing += 1;
                continue;
            }
            let requests = crate::tallies::Requests::default();
            let behalf =
                Behalf { journal: state::undo(&planned.key), function: "admin", actor: by, requests: &requests };
            let outcome = give_back(ports, &policy, &planned.key, Cause::Undo, &behalf, runner).await;
            let name = planned.username.to_string();
            match outcome {
                Ok(GivenBack::Nothing { .. }) => report.nothing += 1,
                Ok(GivenBack::Restored { .. }) => report.restored += 1,
                Ok(GivenBack::Waiting { why }) => report.waiting.push((name, why)),
                Err(trouble) if trouble.code == "unauthorized" => return Err(trouble.into()),
                Err(trouble) => report.failed.push((name, trouble.to_string())),
            }
        }
    }
    Ok(report)
}
