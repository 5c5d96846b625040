//! Which rules govern whom: accounts of each population with their decisions, and accounts that two populations claim
//! or that a missing fact leaves open.

use crate::read::InForce;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    ports::Store,
    state::{Judged, SnapshotHead, StateError},
    view as engine,
};
use seatkeeper_policy::{Decision, HoldReason, Policy};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where it is.
pub const PATH: &str = "/report/populations";

/// Lines of each table on the page; the JSON has all of them.
const MOST: usize = 200;

/// One population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name; none for the general rules, which govern everybody else.
    pub name: Option<String>,
    /// Its priority.
    pub priority: Option<u32>,
    /// Accounts that it governs.
    pub accounts: u32,
    /// The same by decision code.
    pub decisions: BTreeMap<&'static str, u32>,
}

impl Row {
    /// Accounts by the decision's first word.
    pub fn total(&self, word: &str) -> u32 {
        let counted = self.decisions.iter().filter(|(code, _)| code.split('/').next() == Some(word));
        counted.map(|(_, accounts)| accounts).sum()
    }

    fn add(&mut self, decision: &Decision) {
        self.accounts += 1;
        *self.decisions.entry(decision.code()).or_default() += 1;
    }
}

/// Two populations of the same priority, with other rules, claim the same accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Conflict {
    /// The one.
    pub first: String,
    /// The other.
    pub second: String,
    /// Accounts that both claim.
    pub accounts: u32,
    /// Accounts that would lose their seat and are held because of it.
    pub held: u32,
}

/// A missing fact leaves open whether a population's rules apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Open {
    /// The population.
    pub population: String,
    /// The missing fact.
    pub fact: String,
    /// Accounts without it.
    pub accounts: u32,
    /// Accounts that would lose their seat and are held because of it.
    pub held: u32,
}

/// Everything about populations.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Populations {
    /// Why there is no policy to read them from.
    pub problem: Option<&'static str>,
    /// When the newest sweep judged; none before the first one.
    pub as_of: Option<Moment>,
    /// Whether the policy has changed since.
    pub policy_changed: bool,
    /// The populations, highest priority first, and then the general rules.
    #[serde(rename = "populations")]
    pub rows: Vec<Row>,
    /// Claimed twice.
    pub conflicts: Vec<Conflict>,
    /// Left open.
    pub open: Vec<Open>,
}

impl Populations {
    /// What the page shows of the populations: in any case the general rules, which come last.
    pub fn shown(&self) -> impl Iterator<Item = &Row> {
        let (last, named) = match self.rows.split_last() {
            Some((last, named)) => (Some(last), named),
            None => (None, [].as_slice()),
        };
        named.iter().take(MOST).chain(last)
    }

    /// What the page shows of the conflicts.
    pub fn shown_conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter().take(MOST)
    }

    /// What the page shows of the open questions.
    pub fn shown_open(&self) -> impl Iterator<Item = &Open> {
        self.open.iter().take(MOST)
    }

    /// How many lines the page leaves out.
    pub fn left_out(&self) -> usize {
        let named = self.rows.len().saturating_sub(1);
        [named, self.conflicts.len(), self.open.len()].iter().map(|lines| lines.saturating_sub(MOST)).sum()
    }
}

/// Counts over the newest sweep.
pub async fn read(
    store: &impl Store,
    head: Option<&SnapshotHead>,
    in_force: &InForce,
) -> Result<Populations, StateError> {
    let policy = in_force.policy.as_ref().map(|(version, policy)| (*version, policy));
    let mut counts = Counts::default();
    if let (Some(head), Some((_, policy))) = (head, policy) {
        for page in 0..head.pages.count {
            for judged in engine::snapshot_page(store, head, page).await? {
                counts.add(policy, &judged);
            }
        }
    }
    let row = |name: Option<&str>, priority| Row { name: name.map(str::to_owned), priority, ..counts.of(name) };
    let named = policy.iter().flat_map(|(_, policy)| &policy.populations);
    let named = named.map(|population| row(Some(&population.name), Some(population.priority)));
    let rows = named.chain(policy.map(|_| row(None, None))).collect();
    let Counts { conflicts, open, .. } = counts;
    Ok(Populations {
        problem: in_force.problem,
        as_of: head.map(|head| Moment(head.at)),
        policy_changed: head.zip(policy).is_some_and(|(head, (version, _))| head.policy != version),
        rows,
        conflicts: conflicts
            .into_iter()
            .map(|((first, second), (accounts, held))| Conflict { first, second, accounts, held })
            .collect(),
        open: open
            .into_iter()
            .map(|((population, fact), (accounts, held))| Open { population, fact, accounts, held })
            .collect(),
    })
}

/// Pairs of texts with the accounts they are about, and those of them that are held.
type Pairs = BTreeMap<(String, String), (u32, u32)>;

#[derive(Default)]
struct Counts {
    rows: BTreeMap<Option<String>, Row>,
    conflicts: Pairs,
    open: Pairs,
}

impl Counts {
    fn add(&mut self, policy: &Policy, judged: &Judged) {
        let governed = policy.governing(&judged.account);
        let name = governed.population.map(|population| population.name.clone());
        self.rows.entry(name).or_insert_with(none).add(&judged.decision);
        if let (Some(first), Some(second)) = (governed.population, governed.rival) {
            self.conflicts.entry((first.name.clone(), second.name.clone())).or_default().0 += 1;
        }
        if let Some((population, fact)) = governed.open {
            self.open.entry((population.name.clone(), fact.to_owned())).or_default().0 += 1;
        }
        // What is held was judged by the policy of the sweep, which may have been another one.
        match &judged.decision {
            Decision::Hold(HoldReason::PoliciesConflict { first, second }) => {
                self.conflicts.entry((first.clone(), second.clone())).or_default().1 += 1;
            }
            Decision::Hold(HoldReason::PopulationUnknown { population, fact }) => {
                self.open.entry((population.clone(), fact.clone())).or_default().1 += 1;
            }
            Decision::Hold(_) | Decision::Keep(_) | Decision::Warn { .. } | Decision::Reclaim(_) => {}
        }
    }

    fn of(&self, name: Option<&str>) -> Row {
        self.rows.get(&name.map(str::to_owned)).cloned().unwrap_or_else(none)
    }
}

fn none() -> Row {
    Row { name: None, priority: None, accounts: 0, decisions: BTreeMap::new() }
}
