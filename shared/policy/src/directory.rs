//! Outside directories: who still belongs to the company, according to the systems that should know.
//!
//! A directory speaks only about accounts it is responsible for, and only what it says explicitly counts. Somebody
//! whom one directory knows as present is present, whatever the others say.

use crate::{
    Account, Days, Instant, Policy,
    rules::{Belongs, Members},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a directory says about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Belongs to the company.
    Active,
    /// Belongs to the company and cannot sign in for the moment: too many wrong passwords, say.
    Locked,
    /// Switched off: has left, or is not to work any more.
    Disabled,
    /// Not there. Also what a wrong filter or a wrong base looks like.
    Absent,
    /// The directory did not say, or said something that we do not know.
    Unknown,
}

/// What one directory said about one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DirectoryWord {
    /// Name of the directory in the policy.
    pub directory: String,
    /// What it said.
    pub presence: Presence,
    /// Since when it has been saying so without a break, as far as our sweeps heard it.
    pub since: Instant,
}

/// The provider of a directory, with what only this provider needs to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// SCIM 2.0 (RFC 7644).
    Scim,
    /// Microsoft Graph: Entra ID.
    Graph,
    /// Okta.
    Okta,
    /// Crowd, or a Jira that serves as user directory.
    Crowd,
    /// LDAP.
    Ldap(LdapRules),
    /// Anything that answers JSON about one person.
    Http(HttpRules),
}

impl Provider {
    /// The word in the policy file, and the beginning of the names of its variables.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Graph => "graph",
            Self::Okta => "okta",
            Self::Crowd => "crowd",
            Self::Ldap(_) => "ldap",
            Self::Http(_) => "http",
        }
    }
}

/// Where people are in an LDAP tree, and in which dialect it tells their status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LdapRules {
    /// Base of the search, such as `ou=people,dc=example,dc=com`.
    pub base: String,
    /// The dialect.
    pub dialect: LdapDialect,
    /// A filter that must hold besides, such as `(employeeType=internal)`.
    #[serde(default)]
    pub filter: Option<String>,
    /// People below this base have left, whatever their flags say: where a company moves its leavers.
    #[serde(default)]
    pub leavers_base: Option<String>,
}

/// How an LDAP server tells the status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LdapDialect {
    /// `userAccountControl`, `accountExpires`, `lockoutTime`, `lastLogonTimestamp`.
    ActiveDirectory,
    /// `pwdAccountLockedTime`, `authTimestamp`, `pwdLastSuccess` of OpenLDAP.
    Openldap,
    /// `nsAccountLock` of 389 Directory Server and FreeIPA.
    #[serde(rename = "389-ds")]
    Ds389,
}

/// A directory of one's own that answers JSON about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpRules {
    /// Path and query with `{identity}` for the person, such as `/people/{identity}?fields=state`. The origin is a
    /// variable, so a policy cannot send anybody elsewhere.
    pub path: String,
    /// JSON pointer (RFC 6901) to the status, such as `/employment/state`.
    pub status: String,
    /// What the values found there mean; any other value means that nothing is known.
    pub values: BTreeMap<String, Presence>,
    /// Whether an answer 404 means that the person is absent. Otherwise it means that nothing is known.
    #[serde(default)]
    pub not_found_is_absent: bool,
    /// JSON pointer to what the person was asked for by: an answer about somebody else says nothing. For paths that
    /// search rather than name.
    #[serde(default)]
    pub identity: Option<String>,
    /// JSON pointer to the last sign-in: ISO 8601, or seconds or milliseconds since 1970.
    #[serde(default)]
    pub sign_in: Option<String>,
}

/// What of an account is looked for in which attribute of a directory. Always compared as a whole and without case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// User name in Confluence, and the directory's user name: SCIM `userName`, Graph `onPremisesSamAccountName`,
    /// Okta `login`, AD `sAMAccountName`, otherwise `uid`.
    Username,
    /// Mail address in both.
    Mail,
    /// User name in Confluence, and `userPrincipalName`; Okta `login`, SCIM `userName`.
    Upn,
    /// User name in Confluence, and the directory's employee number; SCIM `externalId`.
    EmployeeId,
}

/// What all directories together say about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// No directory is responsible, or what they say proves nothing.
    Open,
    /// One of them knows the person as present.
    Present,
    /// One that is responsible did not answer, and none knows the person as present.
    Unclear(&'a DirectoryWord),
    /// The person has left.
    Left(&'a DirectoryWord),
}

impl Policy {
    /// The directory of a name.
    pub fn directory(&self, name: &str) -> Option<&Directory> {
        self.directories.iter().find(|directory| directory.name == name)
    }

    /// What all directories together say: present wins, then not knowing, then having left.
    pub fn standing<'a>(&self, account: &'a Account, now: Instant) -> Standing<'a> {
        let mut standing = Standing::Open;
        for word in &account.words {
            let Some(directory) = self.directory(&word.directory) else { continue };
            let left = directory.leavers
                && match word.presence {
                    Presence::Disabled => true,
                    Presence::Absent => directory.absent_after.is_some_and(|after| now - word.since >= after.delta()),
                    Presence::Active | Presence::Locked | Presence::Unknown => false,
                };
            match word.presence {
                Presence::Active | Presence::Locked => return Standing::Present,
                Presence::Unknown => standing = Standing::Unclear(word),
                Presence::Disabled | Presence::Absent if left && standing == Standing::Open => {
                    standing = Standing::Left(word);
                }
                Presence::Disabled | Presence::Absent => {}
            }
        }
        standing
    }
}

/// What one directory said about the accounts with a seat that it is responsible for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DirectoryTally {
    /// People in the whole directory, where it was read as a whole.
    #[serde(default)]
    pub people: Option<u64>,
    /// Those of them, or of the accounts, that it knows as present.
    pub present: u64,
    /// Accounts it is responsible for and was asked about.
    pub accounts: u32,
    /// Accounts among them that it knows as active or locked.
    pub known: u32,
    /// Accounts among them that it calls disabled.
    pub disabled: u32,
    /// Accounts among them that it does not have.
    pub absent: u32,
    /// Accounts among them that count as left: disabled, or absent for long enough where that counts.
    pub left: u32,
    /// Accounts among them about which it did not answer.
    pub unknown: u32,
    /// Accounts that lack what it would be asked by, such as a mail address.
    pub unmatched: u32,
}

impl DirectoryTally {
    /// The sum of two parts; how many people the directory has is the same for both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            people: self.people.or(other.people),
            present: self.present.max(other.present),
            accounts: self.accounts + other.accounts,
            known: self.known + other.known,
            disabled: self.disabled + other.disabled,
            absent: self.absent + other.absent,
            left: self.left + other.left,
            unknown: self.unknown + other.unknown,
            unmatched: self.unmatched + other.unmatched,
        }
    }
}

impl DirectoryGuard {
    /// What speaks against believing the directory, each with what to do. `before` is how many people it knew as
    /// present when it was last believed.
    pub fn findings(&self, name: &str, tally: DirectoryTally, before: Option<u64>) -> Vec<String> {
        let mut findings = Vec::new();
        let DirectoryTally { accounts, left, unknown, absent, present, known, .. } = tally;
        let share = |part: u32| u64::from(part) * 100;
        let whole = u64::from(accounts);
        if tally.people == Some(0) {
            findings.push(format!(
                "directory `{name}` answered and has nobody in it: check its address, base, filter and the rights of \
                 our account there"
            ));
        } else if accounts > 0 && (absent == accounts || known == 0 && accounts > 1 && unknown < accounts) {
            findings.push(format!(
                "directory `{name}` knows none of the {accounts} accounts it is responsible for as present: check \
                 `match`, its base and filter, and the rights of our account there"
            ));
        }
        if let Some(before) = before
            && present < before
            && (before - present) * 100 > before * u64::from(self.drop_percent)
        {
            findings.push(format!(
                "directory `{name}` knew {before} people as present and now knows {present}: was a filter changed, a \
                 unit renamed or a domain taken out? Once that is explained, raise guard.drop-percent of the directory \
                 for one sweep"
            ));
        }
        if left > self.leavers_accounts && share(left) > whole * u64::from(self.leavers_percent) {
            findings.push(format!(
                "directory `{name}` says that {left} of {accounts} accounts have left, more than {}%: look at some of \
                 them there; if they have really left, raise guard.leavers-percent or guard.leavers-accounts of the \
                 directory",
                self.leavers_percent
            ));
        }
        if unknown > FEW && share(unknown) > whole * u64::from(self.unknown_percent) {
            findings.push(format!(
                "directory `{name}` did not answer about {unknown} of {accounts} accounts, more than {}%: see whether \
                 it is overloaded or down, and whether `values` and `status` fit; the next sweep asks again",
                self.unknown_percent
            ));
        }
        findings
    }
}

/// So few accounts without an answer are held one by one, and say nothing about the directory.
const FEW: u32 = 5;

/// When a directory is not believed although every page of it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DirectoryGuard {
    /// Percent of the accounts it is responsible for that may have left, 1 to 100.
    pub leavers_percent: u32,
    /// So many may have left in any case.
    pub leavers_accounts: u32,
    /// Percent by which the people it knows as present may have become fewer since the sweep before.
    pub drop_percent: u32,
    /// Percent of the accounts about which it may fail to answer.
    pub unknown_percent: u32,
}

/// An outside directory and what its word is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Directory {
    /// What people call it.
    pub name: String,
    /// The provider.
    pub provider: Provider,
    /// Who is looked for by what.
    pub matching: Match,
    /// The accounts it speaks about; none means everybody, which has to be said explicitly.
    pub responsible: Option<Members>,
    /// Whether people who have left lose their seat.
    pub leavers: bool,
    /// So long somebody must have been absent to count as having left; none: absence proves nothing.
    pub absent_after: Option<Days>,
    /// Whether its sign-ins are evidence of activity. They tell that somebody works, not that Confluence is used.
    pub sign_ins: bool,
    /// Ask about each account instead of reading the whole directory.
    pub one_by_one: bool,
    /// When it is not believed.
    pub guard: DirectoryGuard,
}

impl Directory {
    /// Whether its people are asked for one by one: because the policy says so, or because the provider has no list
    /// that tells what is needed.
    pub fn asks_each(&self) -> bool {
        // Crowd tells sign-ins only with the attributes of a single person.
        self.one_by_one
            || matches!(self.provider, Provider::Http(_))
            || (self.sign_ins && matches!(self.provider, Provider::Crowd))
    }

    /// Whether a word of it can make somebody count as left, now or later.
    pub fn accuses(&self, presence: Presence) -> bool {
        self.leavers
            && match presence {
                Presence::Disabled => true,
                Presence::Absent => self.absent_after.is_some(),
                Presence::Active | Presence::Locked | Presence::Unknown => false,
            }
    }

    /// Whether it speaks about an account. Where a missing fact leaves that open, it does not.
    pub fn speaks_about(&self, account: &Account) -> bool {
        self.responsible.as_ref().is_none_or(|members| members.belongs(account) == Belongs::Yes)
    }

    /// What is looked for in this directory, in lower case; nothing where the account does not have it.
    pub fn identity(&self, account: &Account) -> Option<String> {
        self.identity_of(account.username.as_str(), account.email.as_deref())
    }

    /// The same from a name and a mail address.
    pub fn identity_of(&self, username: &str, email: Option<&str>) -> Option<String> {
        self.asked_by(username, email).map(|text| text.to_lowercase())
    }

    /// What is asked for, as it is spelt: some directories compare exactly.
    pub fn asked_by(&self, username: &str, email: Option<&str>) -> Option<String> {
        let text = match self.matching {
            Match::Mail => email?.trim(),
            Match::Username | Match::Upn | Match::EmployeeId => username,
        };
        (!text.is_empty()).then(|| text.to_owned())
    }
}
