//! What a person can do about a plan: which accounts are ready, which need a look, which are held out; striking rows
//! off, approving, rejecting, undoing.

use crate::{view::Count, words};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    answer::Waiting,
    ports::Store,
    state::{self, Outcome, PlanHead, StateError, Work},
};
use seatkeeper_policy::{Instant, report::PlanReport};
use std::collections::BTreeSet;

/// What a person can do about a plan.
#[derive(Debug, Default)]
pub struct Desk {
    /// It waits for an answer.
    pub waits: bool,
    /// What an approval names.
    pub hash: String,
    /// Larger than the cap: accounts planned, accounts allowed.
    pub over_cap: Option<(u32, u32)>,
    /// Who approved it first, where it takes two.
    pub endorsed: Option<(String, Moment)>,
    /// Who answered it.
    pub answered: Option<String>,
    /// Accounts that would lose their seat.
    pub ready: u32,
    /// The same by reason, before anything was struck off.
    pub reasons: Vec<Count>,
    /// Accounts that somebody has to look at first, by reason.
    pub review: Vec<Count>,
    /// Accounts that are left out on purpose, by reason.
    pub held_out: Vec<Count>,
    /// Accounts struck off.
    pub struck: Vec<StruckRow>,
    /// Accounts done and planned, while it is being carried out.
    pub progress: Option<(u32, u32)>,
    /// Something of it can be given back.
    pub can_undo: bool,
}

/// An account that a person struck off.
#[derive(Debug)]
pub struct StruckRow {
    /// Identity.
    pub key: String,
    /// User name.
    pub username: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Moment,
}

impl Desk {
    /// Reads it for a plan.
    pub async fn read(store: &impl Store, plan: &PlanHead, now: Instant) -> Result<Self, StateError> {
        let Some(waiting) = Waiting::load(store, &plan.id).await? else { return Ok(Self::default()) };
        let work = state::load(store, &state::checkpoint()).await?.and_then(|at| at.work);
        let run = state::load(store, &state::run(&plan.id)).await?;
        let answered = state::load(store, &state::approval(&plan.id)).await?.filter(|said| said.hash == waiting.hash());
        let report = run.as_ref().and_then(|run| run.report.clone()).unwrap_or_default();
        let struck = u32::try_from(waiting.struck.len()).unwrap_or(u32::MAX);
        let progress = match &work {
            Some(Work::Apply(apply)) if apply.plan == plan.id => Some((apply.next, plan.accounts)),
            Some(_) | None => None,
        };
        let taken = run.as_ref().is_some_and(|run| run.tally.reclaimed > 0 || matches!(run.outcome, Outcome::Applied));
        Ok(Self {
            waits: matches!(&work, Some(Work::Await(id)) if *id == plan.id) && now < plan.expires,
            hash: waiting.hash(),
            over_cap: waiting.over_cap(),
            endorsed: waiting.endorsed.as_ref().map(|first| (first.by.clone(), Moment(first.at))),
            answered: answered.map(|said| format!("{} {}", words::answer(said.answer), said.by)),
            ready: plan.accounts.saturating_sub(struck),
            reasons: by_reason(&report, &["reclaim/"]),
            review: by_reason(&report, &["hold/"]),
            held_out: by_reason(&report, &["keep/exempt", "keep/protected", "keep/administrator"]),
            struck: waiting
                .struck
                .into_iter()
                .map(|row| StruckRow {
                    key: row.key.to_string(),
                    username: row.username.to_string(),
                    by: row.by,
                    at: Moment(row.at),
                })
                .collect(),
            progress,
            can_undo: taken && progress.is_none(),
        })
    }

    /// Whether it waits and nobody has answered what is shown.
    pub fn open(&self) -> bool {
        self.waits && self.answered.is_none()
    }

    /// Accounts that somebody has to look at first.
    pub fn to_review(&self) -> u32 {
        self.review.iter().map(|count| count.accounts).sum()
    }

    /// Accounts that are left out.
    pub fn left_out(&self) -> u32 {
        let struck = u32::try_from(self.struck.len()).unwrap_or(u32::MAX);
        self.held_out.iter().map(|count| count.accounts).sum::<u32>().saturating_add(struck)
    }

    /// Whether an account was struck off.
    pub fn is_struck(&self, key: &str) -> bool {
        self.struck.iter().any(|row| row.key == key)
    }
}

fn by_reason(report: &PlanReport, prefixes: &[&str]) -> Vec<Count> {
    let wanted: BTreeSet<&String> = prefixes
        .iter()
        .flat_map(|prefix| report.decisions.keys().filter(move |code| code.starts_with(prefix)))
        .collect();
    let mut counts: Vec<Count> = report
        .decisions
        .iter()
        .filter(|(code, _)| wanted.contains(code))
        .map(|(code, accounts)| Count { code: code.clone(), accounts: *accounts })
        .collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.accounts));
    counts
}
