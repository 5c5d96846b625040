//! Rules as people write them: presets, windows, warnings, populations.

use super::{RawMeasures, RawPolicy, RawWindow, problems::Problems};
use crate::{
    Days, Rules,
    policy::Measures,
    rules::{Members, Population, Undeliverable, WarningRule},
    template,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A standard that sets the longest allowed windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// PCI DSS 8.2.6: inactive accounts are removed or disabled within 90 days.
    PciDss,
    /// DISA STIG: 35 days.
    DisaStig,
    /// CIS Control 5.3: 45 days.
    Cis,
}

impl Preset {
    /// Days of inactivity that the standard allows.
    pub fn days(self) -> u32 {
        match self {
            Self::PciDss => 90,
            Self::DisaStig => 35,
            Self::Cis => 45,
        }
    }
}

/// Warn, wait, act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RawWarn {
    /// Days between the warning and the reclaim, 1 to 365.
    pub grace_days: u32,
    /// Wait without sending anything.
    pub quiet: bool,
    /// What happens when a warning cannot be delivered.
    pub if_undeliverable: Undeliverable,
    /// Subject of the message.
    pub subject: String,
    /// Text of the message; {name}, {username}, {last-seen}, {days-left} and {date} are filled in.
    pub text: String,
}

impl Default for RawWarn {
    fn default() -> Self {
        Self {
            grace_days: 14,
            quiet: false,
            if_undeliverable: Undeliverable::Wait,
            subject: "Your Confluence licence".into(),
            text: "Hello {name},\n\nyour Confluence account {username} was last used on {last-seen}. Its licence goes \
                   to somebody else on {date}. If you still need it, just sign in once before then.\n"
                .into(),
        }
    }
}

/// Rules that differ from the general ones. What is left out stays as it is there.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawRules {
    /// Windows that a standard asks for.
    pub preset: Option<Preset>,
    /// Who counts as inactive.
    pub inactive: Option<RawWindow>,
    /// Accounts that never logged in.
    pub never_logged_in: Option<RawWindow>,
    /// Take seats only from accounts that never logged in.
    pub only_never_logged_in: Option<bool>,
    /// Accounts that have existed for fewer days keep their seats.
    pub young_days: Option<u32>,
    /// Accounts whose seat was given back fewer days ago keep it.
    pub restored_days: Option<u32>,
    /// Accounts that Seatkeeper has known for fewer days keep their seats.
    pub warm_up_days: Option<u32>,
    /// What happens besides taking the licence groups.
    pub measures: Option<RawMeasures>,
    /// Warn people first.
    pub warn: Option<RawWarn>,
    /// Warn nobody, although the general rules do.
    pub no_warning: Option<bool>,
}

/// Accounts with rules of their own. Every criterion that is given must hold.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RawPopulation {
    /// What people call it; must differ from the others.
    pub name: String,
    /// Where several match, the highest priority wins.
    pub priority: u32,
    /// Members of one of these groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// From one of these directories; needs the database as a source.
    #[serde(default)]
    pub directories: Vec<String>,
    /// With a mail address of one of these domains.
    #[serde(default)]
    pub mail_domains: Vec<String>,
    /// With a user name like one of these patterns (`*` and `?`).
    #[serde(default)]
    pub users: Vec<String>,
    /// Its rules.
    #[serde(default)]
    pub rules: RawRules,
}

/// The rules for everybody whom no population claims.
pub(super) fn general(raw: &RawPolicy, problems: &mut Problems) -> Rules {
    let only_never = raw.only_never_logged_in;
    let inactive_after = window(raw.preset, raw.inactive.as_ref(), "inactive.after-days", problems);
    let never_logged_in_after =
        window(raw.preset, raw.never_logged_in.as_ref(), "never-logged-in.after-days", problems);
    if only_never && never_logged_in_after.is_none() {
        problems.add("only-never-logged-in", "true", "needs [never-logged-in] with after-days, or a preset");
    }
    if only_never && raw.inactive.is_some() {
        problems.add("only-never-logged-in", "true", "contradicts [inactive]; remove one of them");
    }
    if !only_never && inactive_after.is_none() {
        problems.add("inactive", "(missing)", "give after-days, a preset, or set only-never-logged-in = true");
    }
    Rules {
        inactive_after: inactive_after.filter(|_| !only_never),
        never_logged_in_after,
        young: problems.days("protect.young-days", raw.protect.young_days),
        warm_up: warm_up("protect.warm-up-days", raw.protect.warm_up_days, problems),
        restored_grace: problems.days("protect.restored-days", raw.protect.restored_days),
        measures: Measures { disable: raw.measures.disable, rename: raw.measures.rename },
        warning: raw.warn.as_ref().map(|warn| warning("warn", warn, problems)),
    }
}

/// The populations, highest priority first.
pub(super) fn populations(raw: &RawPolicy, general: &Rules, problems: &mut Problems) -> Vec<Population> {
    let mut names = BTreeSet::new();
    let mut populations: Vec<Population> = Vec::new();
    for (index, entry) in raw.population.iter().enumerate() {
        let at = format!("population[{index}]");
        if entry.name.trim().is_empty() {
            problems.add(format!("{at}.name"), "\"\"", "must not be empty");
        } else if !names.insert(&entry.name) {
            problems.add(format!("{at}.name"), &entry.name, "is used twice; reports could not tell them apart");
        }
        let members = Members {
            groups: problems.groups(&format!("{at}.groups"), &entry.groups),
            directories: entry.directories.iter().cloned().collect(),
            mail_domains: entry.mail_domains.iter().map(|domain| domain.to_lowercase()).collect(),
            users: entry.users.iter().cloned().collect(),
        };
        for domain in members.mail_domains.iter().filter(|domain| domain.contains('@') || domain.is_empty()) {
            problems.add(format!("{at}.mail-domains"), domain, "must be a domain such as example.com, without `@`");
        }
        if members == Members::default() {
            problems.add(&at, &entry.name, "names nobody; give groups, directories, mail-domains or users");
        }
        populations.push(Population {
            name: entry.name.clone(),
            priority: entry.priority,
            members,
            rules: special(&entry.rules, general, raw.preset, &format!("{at}.rules"), problems),
        });
    }
    populations.sort_by(|a, b| (b.priority, &a.name).cmp(&(a.priority, &b.name)));
    populations
}

fn special(raw: &RawRules, general: &Rules, standard: Option<Preset>, at: &str, problems: &mut Problems) -> Rules {
    // The standard of the whole policy binds a population too, unless the population names one of its own.
    let preset = |given: &Option<RawWindow>| raw.preset.or(standard.filter(|_| given.is_some()));
    let field = |name: &str| format!("{at}.{name}");
    let inactive = window(preset(&raw.inactive), raw.inactive.as_ref(), &field("inactive.after-days"), problems);
    let never = window(
        preset(&raw.never_logged_in),
        raw.never_logged_in.as_ref(),
        &field("never-logged-in.after-days"),
        problems,
    );
    let only_never = raw.only_never_logged_in.unwrap_or(general.inactive_after.is_none() && inactive.is_none());
    if only_never && raw.inactive.is_some() {
        problems.add(field("only-never-logged-in"), "true", "contradicts the `inactive` beside it; remove one");
    }
    if raw.only_never_logged_in == Some(false) && general.inactive_after.is_none() && inactive.is_none() {
        problems.add(field("only-never-logged-in"), "false", "needs `inactive` or a preset beside it");
    }
    let rules = Rules {
        inactive_after: inactive.or(general.inactive_after).filter(|_| !only_never),
        never_logged_in_after: never.or(general.never_logged_in_after),
        young: raw.young_days.map_or(general.young, |days| problems.days(&format!("{at}.young-days"), days)),
        warm_up: raw.warm_up_days.map_or(general.warm_up, |d| warm_up(&format!("{at}.warm-up-days"), d, problems)),
        restored_grace: raw
            .restored_days
            .map_or(general.restored_grace, |days| problems.days(&format!("{at}.restored-days"), days)),
        measures: raw
            .measures
            .map_or(general.measures, |measures| Measures { disable: measures.disable, rename: measures.rename }),
        warning: match (&raw.warn, raw.no_warning) {
            (Some(_), Some(true)) => {
                problems.add(format!("{at}.no-warning"), "true", "contradicts the `warn` beside it; remove one");
                None
            }
            (Some(warn), _) => Some(warning(&format!("{at}.warn"), warn, problems)),
            (None, Some(true)) => None,
            (None, _) => general.warning.clone(),
        },
    };
    if rules.inactive_after.is_none() && rules.never_logged_in_after.is_none() {
        problems.add(at, "{…}", "would never take a seat; give inactive or never-logged-in, or use an exemption");
    }
    rules
}

fn window(preset: Option<Preset>, given: Option<&RawWindow>, field: &str, problems: &mut Problems) -> Option<Days> {
    match (preset, given) {
        (_, Some(window)) => {
            if let Some(preset) = preset
                && window.after_days > preset.days()
            {
                let most = preset.days();
                problems.add(field, window.after_days, format!("the preset allows {most} days at most"));
            }
            Some(problems.days(field, window.after_days))
        }
        (Some(preset), None) => Some(Days(preset.days())),
        (None, None) => None,
    }
}

fn warm_up(field: &str, days: u32, problems: &mut Problems) -> Option<Days> {
    (days > 0).then(|| problems.days(field, days))
}

fn warning(at: &str, raw: &RawWarn, problems: &mut Problems) -> WarningRule {
    for (name, text) in [("subject", &raw.subject), ("text", &raw.text)] {
        let field = format!("{at}.{name}");
        if text.trim().is_empty() {
            problems.add(field, "\"\"", "must not be empty");
        } else if let Err(error) = template::fill(text, |_| String::new()) {
            problems.add(field, text, error.to_string());
        }
    }
    let grace = Days(problems.within(&format!("{at}.grace-days"), raw.grace_days, 1, 365));
    WarningRule {
        grace,
        quiet: raw.quiet,
        undeliverable: raw.if_undeliverable,
        subject: raw.subject.clone(),
        text: raw.text.clone(),
    }
}
