//! The policy file as people write it. [`RawPolicy`] accepts exactly the documented keys; [`Policy`] comes out of it
//! only when everything makes sense, and otherwise *all* problems come out at once.

mod directories;
mod problems;
mod read;
mod reports;
mod rules;

pub use directories::{RawDirectory, RawDirectoryGuard, RawProvider};
pub use problems::Problem;
pub use read::read;
pub use reports::{RawPeriod, RawReports};
pub use rules::{Preset, RawPopulation, RawRules, RawWarn};

use crate::{
    Exemption, ExemptionSubject, GroupName, Mode, Policy, Username,
    policy::{AlertRules, Cap, Guard, RestoreRules, Sources, Threshold},
};
use chrono::{FixedOffset, NaiveDate, NaiveTime, TimeZone};
use problems::Problems;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The policy of a Seatkeeper installation.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawPolicy {
    /// Version of this file format: 1.
    pub version: u32,
    /// How far a sweep may go by itself.
    #[serde(default)]
    pub mode: RawMode,
    /// Groups that give a seat and that are taken away from inactive accounts. At least one.
    pub licence_groups: Vec<String>,
    /// A standard that sets both windows. `inactive` and `never-logged-in` may only be stricter, here and in every
    /// population without a standard of its own.
    pub preset: Option<Preset>,
    /// Who counts as inactive.
    pub inactive: Option<RawWindow>,
    /// Accounts that never logged in; leave the table out to leave them alone.
    pub never_logged_in: Option<RawWindow>,
    /// Take seats only from accounts that never logged in.
    #[serde(default)]
    pub only_never_logged_in: bool,
    /// Who is never touched.
    #[serde(default)]
    pub protect: RawProtect,
    /// Exemptions, each with who, why, owner and, if possible, an end.
    #[serde(default)]
    pub exempt: Vec<RawExemption>,
    /// What happens besides taking the groups.
    #[serde(default)]
    pub measures: RawMeasures,
    /// Warn people before their seat is taken.
    pub warn: Option<RawWarn>,
    /// Accounts with rules of their own.
    #[serde(default)]
    pub population: Vec<RawPopulation>,
    /// Outside directories that know who has left.
    #[serde(default)]
    pub directory: Vec<RawDirectory>,
    /// When sources of evidence are not believed.
    #[serde(default)]
    pub guard: RawGuard,
    /// Optional sources of evidence.
    #[serde(default)]
    pub evidence: RawEvidence,
    /// The largest run.
    #[serde(default)]
    pub cap: RawCap,
    /// When a seat is given back.
    #[serde(default)]
    pub restore: RawRestore,
    /// Levels at which the chat is told that seats run short.
    #[serde(default)]
    pub alert: Vec<RawAlert>,
    /// How far usage must fall below a level before the level can be told again.
    #[serde(default = "two")]
    pub alert_hysteresis: u32,
    /// When sweeps run and how long plans live.
    #[serde(default)]
    pub schedule: RawSchedule,
    /// What reports need to know.
    #[serde(default)]
    pub reports: RawReports,
    /// Zone of dates for people: `UTC` or an offset such as `+01:00`.
    #[serde(default = "utc")]
    pub zone: String,
}

/// How far a sweep may go by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RawMode {
    /// Plans are published and never applied.
    #[default]
    DryRun,
    /// A plan is applied after a person approved exactly that plan.
    Approve,
    /// Plans within the cap are applied by themselves after one plan of the same rules was published.
    Enforce,
}

/// A number of days.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawWindow {
    /// Days, 1 to 3650.
    pub after_days: u32,
}

/// Who is never touched.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawProtect {
    /// Groups of administrators; their members keep their seats.
    pub administrator_groups: Vec<String>,
    /// Accounts that have existed for fewer days keep their seats.
    pub young_days: u32,
    /// Accounts whose seat was given back, or that were activated again, fewer days ago keep it.
    pub restored_days: u32,
    /// Accounts that Seatkeeper has known for fewer days keep their seats, whatever other sources say; 0 for none.
    pub warm_up_days: u32,
}

impl Default for RawProtect {
    fn default() -> Self {
        Self {
            administrator_groups: vec!["confluence-administrators".into()],
            young_days: 30,
            restored_days: 30,
            warm_up_days: 0,
        }
    }
}

/// One exemption: exactly one of `user`, `group` and `pattern`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawExemption {
    /// One account by name.
    pub user: Option<String>,
    /// Everybody in a group.
    pub group: Option<String>,
    /// Names that match a pattern with `*` and `?`.
    pub pattern: Option<String>,
    /// Why.
    pub why: String,
    /// Who answers for it.
    pub owner: String,
    /// The first day without the exemption, such as `2027-01-01`, in the policy's zone.
    pub expires: Option<String>,
}

/// What happens besides taking the licence groups.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawMeasures {
    /// Deactivate the account.
    pub disable: bool,
    /// Rename it to `{username}_inactive_yyyyMMdd`; needs Crowd.
    pub rename: bool,
}

/// The largest run; more than this is asked about first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawCap {
    /// Accounts at most.
    pub accounts: u32,
    /// Percent of all accounts in the licence groups at most.
    pub percent: u32,
    /// The percentage counts from this many accounts on.
    pub percent_from: u32,
}

impl Default for RawCap {
    fn default() -> Self {
        Self { accounts: 50, percent: 5, percent_from: 100 }
    }
}

/// When sources of evidence are not believed: a sudden step back of many last logins at once (a restored database, a
/// migration) blocks the plan.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawGuard {
    /// Percent of the accounts whose activity may move backwards between two sweeps, 0 to 100.
    pub regressed_percent: u32,
    /// So many accounts may do so in any case.
    pub regressed_accounts: u32,
    /// Percent of all accounts that may have left the company according to all directories together, 1 to 100.
    pub leavers_percent: u32,
    /// So many accounts may have left in any case.
    pub leavers_accounts: u32,
}

impl Default for RawGuard {
    fn default() -> Self {
        Self { regressed_percent: 5, regressed_accounts: 10, leavers_percent: 10, leavers_accounts: 10 }
    }
}

/// Optional sources of evidence.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawEvidence {
    /// Read login events from Confluence's audit log. Each sweep leaves one search in that log.
    pub audit_log: bool,
    /// Look for contributions just before each reclaim: one search an account.
    pub contributions: bool,
}

/// When a seat is given back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawRestore {
    /// A login gives the seat back.
    pub on_login: bool,
    /// Seats that always stay free.
    pub seat_buffer: u32,
}

impl Default for RawRestore {
    fn default() -> Self {
        Self { on_login: true, seat_buffer: 1 }
    }
}

/// One level: exactly one of `percent` and `seats-left`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawAlert {
    /// Percent of the seats bought, 1 to 100.
    pub percent: Option<u32>,
    /// Free seats.
    pub seats_left: Option<u32>,
}

/// When sweeps run and how long plans live.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawSchedule {
    /// Hours between the openings of two sweeps, 1 to 744.
    pub every_hours: u32,
    /// Hours for which a plan can be approved, 1 to 744.
    pub plan_valid_hours: u32,
}

impl Default for RawSchedule {
    fn default() -> Self {
        Self { every_hours: 24, plan_valid_hours: 72 }
    }
}

fn two() -> u32 {
    2
}

fn utc() -> String {
    "UTC".into()
}

impl TryFrom<RawPolicy> for Policy {
    type Error = Vec<Problem>;

    fn try_from(raw: RawPolicy) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        if raw.version != 1 {
            problems.add("version", raw.version, "this Seatkeeper reads version 1");
        }
        let licence_groups = problems.groups("licence-groups", &raw.licence_groups);
        if raw.licence_groups.is_empty() {
            problems.add("licence-groups", "[]", "name at least one group; an empty list never means everyone");
        }
        let administrator_groups = problems.groups("protect.administrator-groups", &raw.protect.administrator_groups);
        if raw.protect.administrator_groups.is_empty() {
            problems.add("protect.administrator-groups", "[]", "name the groups of your administrators");
        }
        for group in licence_groups.intersection(&administrator_groups) {
            problems.add("licence-groups", group, "is also an administrators' group, whose members keep their seats");
        }
        let zone = zone(&raw.zone, &mut problems);
        let exemptions = exemptions(&raw.exempt, zone, &mut problems);
        let rules = rules::general(&raw, &mut problems);
        let populations = rules::populations(&raw, &rules, &mut problems);
        let thresholds = thresholds(&raw.alert, &mut problems);
        let policy = Policy {
            mode: match raw.mode {
                RawMode::DryRun => Mode::DryRun,
                RawMode::Approve => Mode::Approve,
                RawMode::Enforce => Mode::Enforce,
            },
            licence_groups,
            rules,
            populations,
            directories: directories::directories(&raw.directory, &mut problems),
            administrator_groups,
            exemptions,
            guard: Guard {
                regressed_percent: problems.within("guard.regressed-percent", raw.guard.regressed_percent, 0, 100),
                regressed_accounts: raw.guard.regressed_accounts,
                leavers_percent: problems.within("guard.leavers-percent", raw.guard.leavers_percent, 1, 100),
                leavers_accounts: raw.guard.leavers_accounts,
            },
            sources: Sources { audit_log: raw.evidence.audit_log, contributions: raw.evidence.contributions },
            cap: Cap {
                accounts: problems.within("cap.accounts", raw.cap.accounts, 1, 1_000_000),
                percent: problems.within("cap.percent", raw.cap.percent, 1, 100),
                percent_from: problems.within("cap.percent-from", raw.cap.percent_from, 1, 1_000_000),
            },
            restore: RestoreRules { on_login: raw.restore.on_login, seat_buffer: raw.restore.seat_buffer },
            alerts: AlertRules {
                thresholds,
                hysteresis: problems.within("alert-hysteresis", raw.alert_hysteresis, 0, 1_000),
            },
            sweep_every_hours: problems.within("schedule.every-hours", raw.schedule.every_hours, 1, 744),
            plan_valid_hours: problems.within("schedule.plan-valid-hours", raw.schedule.plan_valid_hours, 1, 744),
            zone,
            seat_price: reports::seat_price(&raw.reports, &mut problems),
        };
        if problems.0.is_empty() { Ok(policy) } else { Err(problems.0) }
    }
}

fn zone(text: &str, problems: &mut Problems) -> FixedOffset {
    let zero = chrono::Offset::fix(&chrono::Utc);
    if text.eq_ignore_ascii_case("utc") {
        return zero;
    }
    text.parse::<FixedOffset>().unwrap_or_else(|_| {
        problems.add("zone", text, "must be `UTC` or an offset such as `+01:00`");
        zero
    })
}

fn exemptions(raw: &[RawExemption], zone: FixedOffset, problems: &mut Problems) -> Vec<Exemption> {
    let mut exemptions = Vec::new();
    for (index, entry) in raw.iter().enumerate() {
        let field = |name: &str| format!("exempt[{index}].{name}");
        let subject = match (&entry.user, &entry.group, &entry.pattern) {
            (Some(user), None, None) => match Username::parse(user.clone()) {
                Ok(user) => Some(ExemptionSubject::User(user)),
                Err(error) => {
                    problems.add(field("user"), user, error.to_string());
                    None
                }
            },
            (None, Some(group), None) => match GroupName::parse(group.clone()) {
                Ok(group) => Some(ExemptionSubject::Group(group)),
                Err(error) => {
                    problems.add(field("group"), group, error.to_string());
                    None
                }
            },
            (None, None, Some(pattern)) if pattern.trim_matches(['*', '?']).is_empty() => {
                problems.add(field("pattern"), pattern, "would exempt everybody; name a part of the user name");
                None
            }
            (None, None, Some(pattern)) => Some(ExemptionSubject::Pattern(pattern.clone())),
            _ => {
                problems.add(format!("exempt[{index}]"), "{…}", "give exactly one of user, group and pattern");
                None
            }
        };
        for (name, value) in [("why", &entry.why), ("owner", &entry.owner)] {
            if value.trim().is_empty() {
                problems.add(field(name), "\"\"", "must not be empty; somebody has to answer for an exemption");
            }
        }
        let expires = entry.expires.as_ref().and_then(|text| {
            let end = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            let end = end.and_then(|day| zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).single());
            if end.is_none() {
                problems.add(field("expires"), text, "must be a day such as 2027-01-01");
            }
            end.map(|end| end.to_utc())
        });
        if let Some(subject) = subject {
            exemptions.push(Exemption { subject, why: entry.why.clone(), owner: entry.owner.clone(), expires });
        }
    }
    exemptions
}

fn thresholds(raw: &[RawAlert], problems: &mut Problems) -> Vec<Threshold> {
    let mut thresholds = Vec::new();
    for (index, entry) in raw.iter().enumerate() {
        match (entry.percent, entry.seats_left) {
            (Some(percent), None) => {
                thresholds.push(Threshold::Percent(problems.within(
                    &format!("alert[{index}].percent"),
                    percent,
                    1,
                    100,
                )));
            }
            (None, Some(seats)) => thresholds.push(Threshold::SeatsLeft(seats)),
            _ => problems.add(format!("alert[{index}]"), "{…}", "give exactly one of percent and seats-left"),
        }
    }
    thresholds
}
