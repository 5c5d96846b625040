//! Outside directories as people write them. Where they are and who we are there are variables, because that is secret
//! or shapes what the host allows; what they speak about and what their word is worth is policy.

use super::problems::Problems;
use crate::{
    Directory, Match, Provider,
    directory::{DirectoryGuard, HttpRules, LdapRules},
    rules::Members,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The provider of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawProvider {
    /// SCIM 2.0.
    Scim,
    /// Microsoft Graph (Entra ID).
    Graph,
    /// Okta.
    Okta,
    /// Crowd.
    Crowd,
    /// LDAP or Active Directory; needs the table `ldap`.
    Ldap,
    /// A directory of your own that answers JSON; needs the table `http`.
    Http,
}

/// An outside directory. It speaks only about accounts for which every criterion that is given holds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawDirectory {
    /// What reports call it; must differ from the others.
    pub name: String,
    /// The provider; each only once, because its address is a variable.
    pub provider: RawProvider,
    /// What of an account is looked for: username, mail, upn or employee-id.
    #[serde(rename = "match")]
    pub matching: Match,
    /// It speaks about everybody. Otherwise say whom it speaks about.
    #[serde(default)]
    pub everyone: bool,
    /// Members of one of these groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// From one of these directories of Confluence; needs the database as a source.
    #[serde(default)]
    pub directories: Vec<String>,
    /// With a mail address of one of these domains.
    #[serde(default)]
    pub mail_domains: Vec<String>,
    /// With a user name like one of these patterns (`*` and `?`).
    #[serde(default)]
    pub users: Vec<String>,
    /// Take the seats of people it calls disabled. Without it only its sign-ins and its presences count.
    #[serde(default = "yes")]
    pub leavers: bool,
    /// Days after which somebody it does not have counts as having left; leave it out where absence proves nothing.
    pub absent_days: Option<u32>,
    /// Take its sign-ins as evidence of activity: they tell that somebody works, not that Confluence is used.
    #[serde(default)]
    pub sign_ins: bool,
    /// Ask about each account instead of reading the whole directory.
    #[serde(default)]
    pub one_by_one: bool,
    /// When it is not believed.
    #[serde(default)]
    pub guard: RawDirectoryGuard,
    /// Where people are in an LDAP tree.
    pub ldap: Option<LdapRules>,
    /// How a directory of your own answers.
    pub http: Option<HttpRules>,
}

fn yes() -> bool {
    true
}

/// When a directory is not believed although all of it was read: the plan is blocked and nothing is written.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawDirectoryGuard {
    /// Percent of the accounts it speaks about that may have left, 1 to 100.
    pub leavers_percent: u32,
    /// So many may have left in any case.
    pub leavers_accounts: u32,
    /// Percent by which those it knows as present may have become fewer since it was last believed, 1 to 100.
    pub drop_percent: u32,
    /// Percent of the accounts about which it may fail to answer, 0 to 100.
    pub unknown_percent: u32,
}

impl Default for RawDirectoryGuard {
    fn default() -> Self {
        Self { leavers_percent: 10, leavers_accounts: 10, drop_percent: 20, unknown_percent: 5 }
    }
}

/// All directories, in the order of the file.
pub(super) fn directories(raw: &[RawDirectory], problems: &mut Problems) -> Vec<Directory> {
    let (mut names, mut providers) = (BTreeSet::new(), BTreeSet::new());
    let mut directories = Vec::new();
    for (index, entry) in raw.iter().enumerate() {
        let at = format!("directory[{index}]");
        if entry.name.trim().is_empty() {
            problems.add(format!("{at}.name"), "\"\"", "must not be empty");
        } else if !names.insert(&entry.name) {
            problems.add(format!("{at}.name"), &entry.name, "is used twice; reports could not tell them apart");
        }
        let Some(provider) = provider(entry, &at, problems) else { continue };
        if !providers.insert(provider.word()) {
            problems.add(format!("{at}.provider"), provider.word(), "is used twice, and there is one address for it");
        }
        if matches!((&provider, entry.matching), (Provider::Crowd, Match::EmployeeId)) {
            problems.add(format!("{at}.match"), "employee-id", "Crowd does not tell it; match by username or mail");
        }
        let range = |name: &str| format!("{at}.guard.{name}");
        let guard = DirectoryGuard {
            leavers_percent: problems.within(&range("leavers-percent"), entry.guard.leavers_percent, 1, 100),
            leavers_accounts: entry.guard.leavers_accounts,
            drop_percent: problems.within(&range("drop-percent"), entry.guard.drop_percent, 1, 100),
            unknown_percent: problems.within(&range("unknown-percent"), entry.guard.unknown_percent, 0, 100),
        };
        directories.push(Directory {
            name: entry.name.clone(),
            provider,
            matching: entry.matching,
            responsible: responsible(entry, &at, problems),
            leavers: entry.leavers,
            absent_after: entry.absent_days.map(|days| problems.days(&format!("{at}.absent-days"), days)),
            sign_ins: entry.sign_ins,
            one_by_one: entry.one_by_one,
            guard,
        });
    }
    directories
}

fn provider(entry: &RawDirectory, at: &str, problems: &mut Problems) -> Option<Provider> {
    for (name, given, wanted) in [
        ("ldap", entry.ldap.is_some(), entry.provider == RawProvider::Ldap),
        ("http", entry.http.is_some(), entry.provider == RawProvider::Http),
    ] {
        if given && !wanted {
            problems.add(format!("{at}.{name}"), "{…}", "belongs to another provider; take it out");
        } else if wanted && !given {
            problems.add(format!("{at}.{name}"), "(missing)", "must be given for this provider");
        }
    }
    Some(match entry.provider {
        RawProvider::Scim => Provider::Scim,
        RawProvider::Graph => Provider::Graph,
        RawProvider::Okta => Provider::Okta,
        RawProvider::Crowd => Provider::Crowd,
        RawProvider::Ldap => Provider::Ldap(ldap(entry.ldap.clone()?, at, problems)),
        RawProvider::Http => Provider::Http(http(entry.http.clone()?, at, problems)),
    })
}

fn ldap(rules: LdapRules, at: &str, problems: &mut Problems) -> LdapRules {
    let bases = [("base", Some(&rules.base)), ("leavers-base", rules.leavers_base.as_ref())];
    for (name, base) in bases {
        if let Some(base) = base.filter(|base| !base.contains('=')) {
            problems.add(format!("{at}.ldap.{name}"), base, "must be a distinguished name such as dc=example,dc=com");
        }
    }
    if let Some(filter) = rules.filter.as_ref().filter(|filter| !(filter.starts_with('(') && filter.ends_with(')'))) {
        problems.add(format!("{at}.ldap.filter"), filter, "must be a filter in parentheses, such as (o=example)");
    }
    rules
}

fn http(rules: HttpRules, at: &str, problems: &mut Problems) -> HttpRules {
    let field = |name: &str| format!("{at}.http.{name}");
    if !rules.path.starts_with('/') || rules.path.starts_with("//") || rules.path.matches("{identity}").count() != 1 {
        problems.add(field("path"), &rules.path, "must begin with one `/` and contain {identity} once");
    }
    let pointers =
        [("status", Some(&rules.status)), ("identity", rules.identity.as_ref()), ("sign-in", rules.sign_in.as_ref())];
    for (name, pointer) in pointers {
        if let Some(pointer) = pointer.filter(|pointer| !pointer.starts_with('/')) {
            problems.add(field(name), pointer, "must be a JSON pointer such as /employment/state");
        }
    }
    if rules.values.is_empty() {
        problems.add(field("values"), "{}", "say what at least one value of the status means");
    }
    rules
}

fn responsible(entry: &RawDirectory, at: &str, problems: &mut Problems) -> Option<Members> {
    let members = Members {
        groups: problems.groups(&format!("{at}.groups"), &entry.groups),
        directories: entry.directories.iter().cloned().collect(),
        mail_domains: entry.mail_domains.iter().map(|domain| domain.to_lowercase()).collect(),
        users: entry.users.iter().cloned().collect(),
    };
    for domain in members.mail_domains.iter().filter(|domain| domain.contains('@') || domain.is_empty()) {
        problems.add(format!("{at}.mail-domains"), domain, "must be a domain such as example.com, without `@`");
    }
    let nobody = members == Members::default();
    match (entry.everyone, nobody) {
        (true, true) => None,
        (false, false) => Some(members),
        (true, false) => {
            problems.add(format!("{at}.everyone"), "true", "contradicts the criteria beside it; remove one");
            None
        }
        (false, true) => {
            let what = "say whom it speaks about: groups, directories, mail-domains or users, or everyone = true";
            problems.add(at, &entry.name, what);
            None
        }
    }
}
