//! Counts over a snapshot, for the pages that show them.

use super::Judged;
use crate::digest;
use seatkeeper_policy::{
    Decision, ExemptBy, Exemption, ExemptionSubject, HoldReason, Instant, KeepReason, Policy, Username,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How much was counted and listed beside a snapshot; nothing by an older Seatkeeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lists {
    /// Parts that were counted; the last record has the sum.
    pub parts: u32,
    /// Pages of the hand-over list.
    pub handover: u32,
}

/// Disputed pairs that are counted: beyond that nobody reads on, and a value of the store stays small. How many
/// accounts are held because of all of them, the decisions of the snapshot tell.
const PAIRS: usize = 1_000;

/// Pairs of texts with the accounts they are about, and those of them that are held.
pub type Pairs = BTreeMap<String, BTreeMap<String, (u32, u32)>>;

/// Counts over a snapshot, by the policy that judged it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Accounts that each exemption kept, by [`exempt_id`].
    pub exempt: BTreeMap<String, u32>,
    /// Accounts by decision code that each population governs; the general rules have the empty name.
    pub populations: BTreeMap<String, BTreeMap<String, u32>>,
    /// Accounts that two populations claim.
    pub conflicts: Pairs,
    /// Accounts of which a missing fact leaves open whether a population governs them: its name, and the fact.
    pub open: Pairs,
    /// Lines of the hand-over list by obstacle, for each of its stored pages.
    pub handover: Vec<BTreeMap<String, u32>>,
}

impl Counts {
    /// Counts one account.
    pub fn add(&mut self, policy: &Policy, judged: &Judged) {
        let Judged { account, decision } = judged;
        let governed = policy.governing(account);
        let name = governed.population.map_or("", |population| &population.name);
        let codes = self.populations.entry(name.to_owned()).or_default();
        *codes.entry(decision.code().to_owned()).or_default() += 1;
        if let (Some(first), Some(second)) = (governed.population, governed.rival) {
            let held = matches!(decision, Decision::Hold(HoldReason::PoliciesConflict { .. }));
            note(&mut self.conflicts, &first.name, &second.name, held);
        }
        if let Some((population, fact)) = governed.open {
            let held = matches!(decision, Decision::Hold(HoldReason::PopulationUnknown { .. }));
            note(&mut self.open, &population.name, fact, held);
        }
        if let Decision::Keep(KeepReason::Exempt { by, why, owner, until }) = decision {
            let (kind, subject) = match by {
                ExemptBy::Name => ("user", account.username.as_str()),
                ExemptBy::Group(group) => ("group", group.as_str()),
                ExemptBy::Pattern(pattern) => ("pattern", pattern.as_str()),
            };
            *self.exempt.entry(exempt_id(kind, subject, why, owner, *until)).or_default() += 1;
        }
    }

    /// Counts a stored page of the hand-over list.
    pub fn hand_over(&mut self, page: &[Judged]) {
        let mut lines = BTreeMap::new();
        for Judged { decision, .. } in page {
            if let Decision::Hold(HoldReason::CannotFree { obstacles, .. }) = decision {
                for obstacle in obstacles {
                    *lines.entry(obstacle.code().to_owned()).or_default() += 1;
                }
            }
        }
        self.handover.push(lines);
    }

    /// Accounts that each of these exemptions kept. What was kept counts for the one that is the same in every word if
    /// there is one, else for the first about the same subject, because its words may have changed since the sweep.
    pub fn kept_by(&self, exemptions: &[Exemption]) -> Vec<u32> {
        let mut kept = vec![0; exemptions.len()];
        let (mut same, mut about) = (BTreeMap::new(), BTreeMap::new());
        for (number, exemption) in exemptions.iter().enumerate() {
            let id = id_of(exemption);
            about.entry(subject_of(&id).to_owned()).or_insert(number);
            same.entry(id).or_insert(number);
        }
        for (id, accounts) in &self.exempt {
            let number = same.get(id).or_else(|| about.get(subject_of(id)));
            if let Some(count) = number.and_then(|number| kept.get_mut(*number)) {
                *count += accounts;
            }
        }
        kept
    }
}

fn note(pairs: &mut Pairs, first: &str, second: &str, held: bool) {
    let known = pairs.get(first).is_some_and(|seconds| seconds.contains_key(second));
    if !known && pairs.values().map(BTreeMap::len).sum::<usize>() >= PAIRS {
        return;
    }
    let (accounts, of_them) =
        pairs.entry(first.to_owned()).or_default().entry(second.to_owned()).or_insert((0_u32, 0_u32));
    *accounts += 1;
    *of_them += u32::from(held);
}

/// Names an exemption in few bytes, whatever somebody wrote into it: whom it is about, and in which words.
pub fn exempt_id(kind: &str, subject: &str, why: &str, owner: &str, until: Option<Instant>) -> String {
    let subject = if kind == "user" { subject.to_lowercase() } else { subject.to_owned() };
    let until = until.map(|until| until.to_rfc3339()).unwrap_or_default();
    format!("{}.{}", digest::short([kind, &*subject], 8), digest::short([why, owner, &*until], 8))
}

fn id_of(Exemption { subject, why, owner, expires }: &Exemption) -> String {
    let (kind, subject) = match subject {
        ExemptionSubject::User(name) => ("user", Username::as_str(name)),
        ExemptionSubject::Group(group) => ("group", group.as_str()),
        ExemptionSubject::Pattern(pattern) => ("pattern", pattern.as_str()),
    };
    exempt_id(kind, subject, why, owner, *expires)
}

/// The part of an id that says whom it is about.
fn subject_of(id: &str) -> &str {
    id.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::testing::at;

    #[test]
    fn an_account_counts_for_the_exemption_that_kept_it_even_after_its_words_have_changed() {
        let now = at("2026-11-22T12:00:00Z");
        let user = |name: &str, expires| Exemption {
            subject: ExemptionSubject::User(Username::parse(name).unwrap()),
            why: "integration".into(),
            owner: "it".into(),
            expires,
        };
        let list = [user("anna", None), user("bert", None), user("BERT", Some(now))];
        let kept = |why: &str, until| {
            let exempt = BTreeMap::from([(exempt_id("user", "Bert", why, "it", until), 1)]);
            Counts { exempt, ..Counts::default() }.kept_by(&list)
        };
        assert_eq!(kept("integration", Some(now)), [0, 0, 1]);
        assert_eq!(kept("another reason", None), [0, 1, 0]);
        let stranger = BTreeMap::from([(exempt_id("group", "bert", "w", "o", None), 5)]);
        assert_eq!(Counts { exempt: stranger, ..Counts::default() }.kept_by(&list), [0, 0, 0]);
    }

    #[test]
    fn pairs_beyond_the_most_are_left_out_and_those_that_are_known_go_on_counting() {
        let mut pairs = Pairs::new();
        for number in 0..PAIRS + 5 {
            note(&mut pairs, &format!("p{number}"), "q", true);
        }
        note(&mut pairs, "p0", "q", false);
        assert_eq!(pairs.len(), PAIRS);
        assert_eq!(pairs["p0"]["q"], (2, 1));
    }
}
