//! The pages. Every value is escaped by the template engine, wherever it came from.

use crate::{
    alerts, audit,
    charts::{self, Chart},
    desk::Desk,
    directories, exemptions,
    filter::{DECISIONS, Filter, STATUSES},
    handover, policy,
    populations::Populations,
    reports::Report,
    view::{AccountList, Explanation, Overview, PlanDetail, RunList},
};
use askama::Template;
use seatkeeper_console::Nav;
use seatkeeper_policy::Status;
use std::collections::BTreeSet;

/// The first page.
#[derive(Template)]
#[template(path = "overview.html")]
pub struct OverviewPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a Overview,
}

/// A list of accounts with its filters.
#[derive(Template)]
#[template(path = "accounts.html")]
pub struct AccountsPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: Listing<'a>,
}

/// A list and what can be chosen above it.
pub struct Listing<'a> {
    /// The filter in force.
    pub filter: &'a Filter,
    /// The accounts.
    pub list: &'a AccountList,
    /// Decisions to choose from.
    pub decisions: Vec<Choice>,
    /// Statuses to choose from.
    pub statuses: Vec<Choice>,
}

/// One entry of a selection.
pub struct Choice {
    /// What it selects.
    pub value: String,
    /// Whether it is selected now.
    pub selected: bool,
}

impl<'a> Listing<'a> {
    /// A list; `codes` are the decisions that occur.
    pub fn new(filter: &'a Filter, list: &'a AccountList, codes: impl IntoIterator<Item = String>) -> Self {
        let choose = |value: String, chosen: &Option<String>| {
            let selected = chosen.as_ref() == Some(&value);
            Choice { value, selected }
        };
        // A code that occurs no more stays in the form as long as the address asks for it.
        let words = DECISIONS.iter().map(|word| (*word).to_owned());
        let decisions: BTreeSet<String> = words.chain(codes).chain(filter.decision.clone()).collect();
        Self {
            filter,
            list,
            decisions: decisions.into_iter().map(|code| choose(code, &filter.decision)).collect(),
            statuses: STATUSES.map(Status::word).map(|word| choose(word.to_owned(), &filter.status)).into(),
        }
    }
}

/// One account.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a Explanation,
    /// Whose name stands in the form.
    pub exempting: &'a str,
    /// The version of the policy in force.
    pub version: u32,
}

/// One plan.
#[derive(Template)]
#[template(path = "plan.html")]
pub struct PlanPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a PlanDetail,
    /// What a person can do about it.
    pub desk: &'a Desk,
}

/// Before there is any plan.
#[derive(Template)]
#[template(path = "no_plan.html")]
pub struct NoPlanPage {
    /// Top and bottom.
    pub nav: Nav,
}

/// The policy and its versions.
#[derive(Template)]
#[template(path = "policy.html")]
pub struct PolicyPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a policy::View,
}

/// The runs.
#[derive(Template)]
#[template(path = "runs.html")]
pub struct RunsPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a RunList,
}

/// The hand-over list.
#[derive(Template)]
#[template(path = "handover.html")]
pub struct HandoverPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Which part is shown.
    pub wanted: &'a handover::Wanted,
    /// Content.
    pub view: &'a handover::List,
}

/// Who is exempt.
#[derive(Template)]
#[template(path = "exemptions.html")]
pub struct ExemptionsPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a exemptions::List,
    /// Whose name stands in the form.
    pub exempting: &'static str,
    /// The version of the policy in force.
    pub version: u32,
}

/// Which rules govern whom.
#[derive(Template)]
#[template(path = "populations.html")]
pub struct PopulationsPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a Populations,
}

/// Usage, reclaims, restores and savings.
#[derive(Template)]
#[template(path = "reports.html")]
pub struct ReportsPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Charts, the first one first.
    pub charts: Vec<Chart>,
    /// Content.
    pub view: &'a Report,
}

impl ReportsPage<'_> {
    /// The charts of a report.
    pub fn charts(view: &Report) -> Vec<Chart> {
        vec![
            charts::usage(&view.days, view.forecast.as_ref()),
            charts::bands(&view.activity.unwrap_or_default()),
            charts::flows(&view.months),
            charts::seen(&view.days),
        ]
    }
}

/// What outside directories said, and what this installation can do.
#[derive(Template)]
#[template(path = "directories.html")]
pub struct DirectoriesPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a directories::View,
}

/// Channels and messages.
#[derive(Template)]
#[template(path = "alerts.html")]
pub struct AlertsPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Content.
    pub view: &'a alerts::View,
}

/// The audit trail.
#[derive(Template)]
#[template(path = "audit.html")]
pub struct AuditPage<'a> {
    /// Top and bottom.
    pub nav: Nav,
    /// Which part is shown.
    pub wanted: &'a audit::Wanted,
    /// Content.
    pub view: &'a audit::View,
}

/// Names in a row, cut where nobody reads on; the JSON has all of them.
pub fn some(names: &BTreeSet<String>) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
