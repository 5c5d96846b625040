//! Edge cases of licence reclamation that people have met elsewhere, one test or more each. The number in a test's name
//! is the number of the case in the project's list.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod activity;
mod evidence;
mod identity;
mod licence;
mod policies;
mod protected;
mod restores;
mod warnings;

use chrono::TimeDelta;
use seatkeeper_policy::{
    Account, Decision, Evidence, Exemption, ExemptionSubject, Instant, Means, Obstacle, Plan, Policy, Snapshot, Source,
    Username,
    account::Sighting,
    decide, plan,
    raw::{Problem, RawPolicy},
    testing::{account, at, group, idle, key, policy, snapshot},
};

fn noon() -> Instant {
    at("2026-11-22T12:00:00Z")
}

fn ago(days: i64) -> Instant {
    noon() - TimeDelta::days(days)
}

fn sighting(days: i64, source: Source) -> Sighting {
    Sighting { at: ago(days), source }
}

fn judge(policy: &Policy, account: &Account) -> Decision {
    decide(policy, account, &key("own"), noon())
}

fn code(policy: &Policy, account: &Account) -> &'static str {
    judge(policy, account).code()
}

fn plan_of(policy: &Policy, snapshot: &Snapshot) -> Plan {
    let decisions: Vec<_> = snapshot.accounts.iter().map(|a| judge(policy, a)).collect();
    plan(policy, snapshot, &decisions, Means { rename: true }, noon())
}

/// A policy file with these lines besides the required ones.
fn file(rules: &str) -> Result<Policy, Vec<Problem>> {
    let text = format!("version = 1\nlicence-groups = [\"confluence-users\", \"confluence-contractors\"]\n{rules}");
    Policy::try_from(toml::from_str::<RawPolicy>(&text).unwrap())
}

fn fields(rules: &str) -> Vec<String> {
    file(rules).unwrap_err().into_iter().map(|problem| problem.field).collect()
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn exempt(subject: ExemptionSubject, why: &str, expires: Option<Instant>) -> Policy {
    let exemption = Exemption { subject, why: why.into(), owner: "it@example.com".into(), expires };
    Policy { exemptions: vec![exemption], ..policy() }
}

fn blocked(obstacle: Obstacle) -> Account {
    Account { obstacles: vec![obstacle], ..idle("jdoe", 400, noon()) }
}

fn never(name: &str) -> Account {
    Account { evidence: Evidence { never: Some(Source::LastLogin), ..Evidence::default() }, ..account(name, noon()) }
}
