//! Which rules govern whom: accounts of each population with their decisions, and accounts that two populations claim
//! or that a missing fact leaves open.

use crate::read::InForce;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    lists,
    ports::Store,
    state::{Counts, Pairs, SnapshotHead, StateError},
};
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
    pub decisions: BTreeMap<String, u32>,
}

impl Row {
    /// Accounts by the decision's first word.
    pub fn total(&self, word: &str) -> u32 {
        let counted = self.decisions.iter().filter(|(code, _)| code.split('/').next() == Some(word));
        counted.map(|(_, accounts)| accounts).sum()
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

/// What the newest sweep counted.
pub async fn read(
    store: &impl Store,
    head: Option<&SnapshotHead>,
    in_force: &InForce,
) -> Result<Populations, StateError> {
    let policy = in_force.policy.as_ref().map(|(version, policy)| (*version, policy));
    let counts = lists::counts(store, head).await?;
    let counted = counts.is_some();
    let Counts { mut populations, conflicts, open, .. } = counts.unwrap_or_default();
    let mut row = |name: Option<&str>, priority| {
        let decisions = populations.remove(name.unwrap_or_default()).unwrap_or_default();
        Row { name: name.map(str::to_owned), priority, accounts: decisions.values().sum(), decisions }
    };
    let named = policy.iter().flat_map(|(_, policy)| &policy.populations);
    let named = named.map(|population| row(Some(&population.name), Some(population.priority)));
    let mut rows: Vec<Row> = named.collect();
    rows.extend(policy.map(|_| row(None, None)));
    // What the policy does not name any more still governed them when the sweep judged.
    let gone = populations.into_iter().map(|(name, decisions)| Row {
        name: Some(name),
        priority: None,
        accounts: decisions.values().sum(),
        decisions,
    });
    let general = rows.pop();
    rows.extend(gone.filter(|_| policy.is_some()));
    rows.extend(general);
    Ok(Populations {
        problem: in_force.problem,
        as_of: head.filter(|_| counted).map(|head| Moment(head.at)),
        policy_changed: head.zip(policy).is_some_and(|(head, (version, _))| head.policy != version),
        rows,
        conflicts: pairs(conflicts)
            .map(|(first, second, (accounts, held))| Conflict { first, second, accounts, held })
            .collect(),
        open: pairs(open)
            .map(|(population, fact, (accounts, held))| Open { population, fact, accounts, held })
            .collect(),
    })
}

fn pairs(pairs: Pairs) -> impl Iterator<Item = (String, String, (u32, u32))> {
    pairs
        .into_iter()
        .flat_map(|(first, seconds)| seconds.into_iter().map(move |(second, counts)| (first.clone(), second, counts)))
}
