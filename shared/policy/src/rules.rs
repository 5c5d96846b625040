//! The rules by which one account is judged, and the populations that have rules of their own.

use crate::{Account, Days, GroupName, policy::Measures};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Windows, grace periods and measures for a set of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rules {
    /// Inactive means: last seen longer ago than this. None: only accounts that never logged in lose their seat.
    pub inactive_after: Option<Days>,
    /// Never logged in counts once the account has been known for longer than this; none switches the rule off.
    pub never_logged_in_after: Option<Days>,
    /// Younger accounts are left alone.
    pub young: Days,
    /// Accounts that Seatkeeper has known for a shorter time are left alone, whatever other sources say.
    pub warm_up: Option<Days>,
    /// Accounts whose seat was given back, or that somebody activated again, are left alone for so long.
    pub restored_grace: Days,
    /// What happens to an account that loses its seat.
    pub measures: Measures,
    /// Whether people are warned first.
    pub warning: Option<WarningRule>,
}

/// Warn, wait, act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WarningRule {
    /// Time between the warning and the reclaim.
    pub grace: Days,
    /// Wait without a message: for licences that are billed by their highest use, a mail that makes everybody log in
    /// again costs what the reclaim would save.
    pub quiet: bool,
    /// What happens when the message cannot be delivered.
    pub undeliverable: Undeliverable,
    /// Subject of the message; see [`crate::template`].
    pub subject: String,
    /// Text of the message.
    pub text: String,
}

/// What happens when a warning cannot be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Undeliverable {
    /// The seat stays until somebody has looked at it.
    #[default]
    Wait,
    /// The grace period counts from the decision to warn.
    Act,
}

/// Accounts with rules of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Population {
    /// What people call it.
    pub name: String,
    /// Where several populations match, the highest priority wins.
    pub priority: u32,
    /// Who belongs to it.
    pub members: Members,
    /// Its rules.
    pub rules: Rules,
}

/// Who belongs to a population. Every criterion that is given must hold; a criterion with several values holds when
/// one of them does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Members {
    /// Member of one of these groups.
    pub groups: BTreeSet<GroupName>,
    /// From one of these directories.
    pub directories: BTreeSet<String>,
    /// With a mail address of one of these domains, in lower case.
    pub mail_domains: BTreeSet<String>,
    /// With a user name like one of these patterns (`*` and `?`).
    pub users: BTreeSet<String>,
}

/// Whether an account belongs to a population.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belongs {
    /// Yes.
    Yes,
    /// No.
    No,
    /// A fact is missing, such as the mail address. The name of the fact.
    Unknown(&'static str),
}

impl Members {
    /// Whether a name and a mail address alone show that somebody does not belong to it. The other facts may still.
    pub fn excludes(&self, username: &str, email: Option<&str>) -> bool {
        let name = username.to_lowercase();
        let like = |pattern: &String| wildmatch::WildMatch::new(&pattern.to_lowercase()).matches(&name);
        let other_name = !self.users.is_empty() && !self.users.iter().any(like);
        let domain = email.and_then(|mail| mail.rsplit_once('@')).map(|(_, domain)| domain.to_lowercase());
        let other_mail =
            !self.mail_domains.is_empty() && domain.is_some_and(|domain| !self.mail_domains.contains(&domain));
        other_name || other_mail
    }

    /// Whether an account belongs to it. One criterion that fails for certain decides; a missing fact only leaves the
    /// answer open.
    pub fn belongs(&self, account: &Account) -> Belongs {
        let mut missing = None;
        if !self.groups.is_empty()
            && !self.groups.iter().any(|group| account.groups.contains(group) || account.marks.contains(group))
        {
            return Belongs::No;
        }
        if !self.users.is_empty() {
            let name = account.username.as_str().to_lowercase();
            if !self.users.iter().any(|pattern| wildmatch::WildMatch::new(&pattern.to_lowercase()).matches(&name)) {
                return Belongs::No;
            }
        }
        if !self.directories.is_empty() {
            match &account.directory {
                Some(directory) if self.directories.contains(directory) => {}
                Some(_) => return Belongs::No,
                None => missing = Some("directory"),
            }
        }
        if !self.mail_domains.is_empty() {
            match account.email.as_deref().and_then(|mail| mail.rsplit_once('@')) {
                Some((_, domain)) if self.mail_domains.contains(&domain.to_lowercase()) => {}
                Some(_) => return Belongs::No,
                None => missing = Some("mail address"),
            }
        }
        missing.map_or(Belongs::Yes, Belongs::Unknown)
    }
}

/// Which rules govern an account.
#[derive(Debug, Clone, Copy)]
pub struct Governed<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The population they belong to; none for the policy's general rules.
    pub population: Option<&'a Population>,
    /// Another population of the same priority with other rules.
    pub rival: Option<&'a Population>,
    /// A population that might govern the account if a missing fact were known, and that fact.
    pub open: Option<(&'a Population, &'static str)>,
}

impl crate::Policy {
    /// The rules that govern an account: of the matching population with the highest priority, else the general ones.
    pub fn governing(&self, account: &Account) -> Governed<'_> {
        let mut governed = Governed { rules: &self.rules, population: None, rival: None, open: None };
        // Populations are sorted by priority, highest first.
        for population in &self.populations {
            match population.members.belongs(account) {
                Belongs::No => {}
                // A population of lower priority than the one that governs changes nothing, whatever the missing fact
                // says; one of the same priority would dispute the account.
                Belongs::Unknown(fact) => match governed.population {
                    Some(first) if first.priority > population.priority || first.rules == population.rules => {}
                    Some(_) | None => governed.open = governed.open.or(Some((population, fact))),
                },
                Belongs::Yes => match governed.population {
                    None => {
                        governed.rules = &population.rules;
                        governed.population = Some(population);
                    }
                    Some(first) if first.priority == population.priority && first.rules != population.rules => {
                        governed.rival = governed.rival.or(Some(population));
                    }
                    Some(_) => {}
                },
            }
        }
        governed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Policy,
        testing::{account, at, policy},
    };

    fn population(name: &str, priority: u32, members: Members, days: u32) -> Population {
        let rules = Rules { inactive_after: Some(Days(days)), ..policy().rules };
        Population { name: name.into(), priority, members, rules }
    }

    fn users(pattern: &str) -> Members {
        Members { users: BTreeSet::from([pattern.to_owned()]), ..Members::default() }
    }

    #[test]
    fn the_highest_priority_governs_and_an_equal_one_with_other_rules_is_a_rival() {
        let now = at("2026-11-22T12:00:00Z");
        let subject = account("ext-jdoe", now);
        let mut policy = Policy {
            populations: vec![population("b", 20, users("ext-*"), 30), population("a", 10, users("*"), 60)],
            ..policy()
        };
        let governed = policy.governing(&subject);
        assert_eq!(governed.population.unwrap().name, "b");
        assert!(governed.rival.is_none());
        policy.populations[1].priority = 20;
        assert_eq!(policy.governing(&subject).rival.unwrap().name, "a");
        assert!(policy.governing(&account("jdoe", now)).rival.is_none());
    }

    #[test]
    fn a_missing_fact_matters_where_the_priority_is_as_high_and_the_rules_differ() {
        let domain = Members { mail_domains: BTreeSet::from(["example.com".to_owned()]), ..Members::default() };
        let subject = account("ext-jdoe", at("2026-11-22T12:00:00Z"));
        // Sorted as the file form sorts them: by priority, then by name.
        for (named, open_days, priority, open) in
            [("z", 60, 10, true), ("z", 30, 10, false), ("z", 60, 9, false), ("a", 60, 10, true), ("a", 60, 11, true)]
        {
            let mut populations =
                vec![population("m", 10, users("ext-*"), 30), population(named, priority, domain.clone(), open_days)];
            populations.sort_by(|a, b| (b.priority, &a.name).cmp(&(a.priority, &b.name)));
            let policy = Policy { populations, ..policy() };
            assert_eq!(policy.governing(&subject).open.is_some(), open, "{named} {open_days} {priority}");
        }
    }

    #[test]
    fn a_missing_mail_address_leaves_the_question_open_unless_another_criterion_fails() {
        let now = at("2026-11-22T12:00:00Z");
        let domain = Members { mail_domains: BTreeSet::from(["example.com".to_owned()]), ..users("ext-*") };
        let mut subject = account("ext-jdoe", now);
        assert_eq!(domain.belongs(&subject), Belongs::Unknown("mail address"));
        assert_eq!(domain.belongs(&account("jdoe", now)), Belongs::No);
        subject.email = Some("J.Doe@Example.COM".into());
        assert_eq!(domain.belongs(&subject), Belongs::Yes);
        subject.email = Some("j.doe@notexample.com".into());
        assert_eq!(domain.belongs(&subject), Belongs::No);
    }
}
