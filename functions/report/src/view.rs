//! What the pages show, and the JSON about accounts: plain values, apart from the stored shapes so that either may
//! change.

use crate::moment::Moment;
use seatkeeper_engine::state::Judged;
use seatkeeper_policy::{Activity, Instant, SeatCount, Source, journal::Reclaim, restore::Restore};
use seatkeeper_spin::shapes::PlannedShape;
use serde::Serialize;

/// The first page.
#[derive(Debug)]
pub struct Overview {
    /// What keeps the sweep from working, if anything.
    pub warning: Option<String>,
    /// What the sweep is doing now.
    pub progress: Option<String>,
    /// Seats as last counted.
    pub seats: Option<Seats>,
    /// Accounts by decision: keep, hold, reclaim.
    pub states: Vec<Count>,
    /// Accounts by reason.
    pub reasons: Vec<Count>,
    /// Accounts by status in Confluence.
    pub statuses: Vec<Count>,
    /// What the policy asks for and this installation cannot do.
    pub limits: Vec<String>,
    /// The newest plan.
    pub plan: Option<PlanSummary>,
    /// The newest runs, newest first.
    pub runs: Vec<RunRow>,
}

/// Seats at an instant.
#[derive(Debug)]
pub struct Seats {
    /// In use.
    pub used: u32,
    /// Bought; none when the licence is unlimited.
    pub max: Option<u32>,
    /// Left.
    pub free: Option<u32>,
    /// Use in percent of the seats bought.
    pub percent: Option<f64>,
    /// When they were counted.
    pub at: Moment,
}

/// The bar that shows how full the licence is.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    /// Length, of 1000.
    pub width: u32,
    /// `good`, `warn` or `bad`.
    pub level: &'static str,
    /// The same in words.
    pub label: String,
}

impl Seats {
    /// The view of a count.
    pub fn new(seats: SeatCount, at: Instant) -> Self {
        Self { used: seats.used, max: seats.max, free: seats.free(), percent: seats.percent(), at: Moment(at) }
    }

    /// The bar; none for an unlimited licence.
    pub fn bar(&self) -> Option<Bar> {
        let Self { used, max, free: Some(free), percent: Some(percent), at: _ } = self else { return None };
        let max = (*max)?;
        let width = u64::from(*used).saturating_mul(1_000).checked_div(u64::from(max))?.min(1_000);
        let level = match (*free, percent) {
            (0, _) => "bad",
            (_, percent) if *percent >= 90.0 => "warn",
            (_, _) => "good",
        };
        let label = format!("{percent:.1} % of {max} seats used");
        Some(Bar { width: u32::try_from(width).unwrap_or(1_000), level, label })
    }
}

/// How many accounts share a property.
#[derive(Debug)]
pub struct Count {
    /// The property.
    pub code: String,
    /// How many have it.
    pub accounts: u32,
}

/// One account in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountRow {
    /// Identity.
    pub user_key: String,
    /// User name.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// Status in Confluence.
    pub status: &'static str,
    /// Licence groups.
    pub groups: Vec<String>,
    /// The decision's code.
    pub decision: &'static str,
    /// The decision in words.
    pub reason: String,
    /// Newest sight of the person.
    pub last_seen: Option<Moment>,
    /// According to whom.
    pub source: Option<Source>,
    /// A source that would know says that nobody ever logged in.
    pub never: bool,
    /// When a sweep saw the account for the first time.
    pub known_since: Moment,
    /// Whole days since the person was seen.
    pub idle_days: Option<i64>,
}

impl AccountRow {
    /// The view of a judged account.
    pub fn new(judged: &Judged, now: Instant) -> Self {
        let Judged { account, decision } = judged;
        let (last_seen, source, never) = match account.evidence.activity() {
            Activity::At(sighting) => (Some(Moment(sighting.at)), Some(sighting.source), false),
            Activity::Never(source) => (None, Some(source), true),
            Activity::Unknown => (None, None, false),
        };
        Self {
            user_key: account.key.to_string(),
            username: account.username.to_string(),
            display_name: account.display_name.clone(),
            status: account.status.word(),
            groups: account.groups.iter().map(ToString::to_string).collect(),
            decision: decision.code(),
            reason: decision.to_string(),
            last_seen,
            source,
            never,
            known_since: Moment(account.first_seen),
            idle_days: last_seen.map(|at| (now - at.0).num_days()),
        }
    }

    /// The decision as one word.
    pub fn word(&self) -> &str {
        self.decision.split('/').next().unwrap_or_default()
    }

    /// When the person was last seen, in words.
    pub fn last_seen_text(&self) -> String {
        match (self.last_seen, self.never) {
            (Some(at), _) => at.to_string(),
            (None, true) => "never".to_owned(),
            (None, false) => "not known".to_owned(),
        }
    }
}

/// One page of a list of accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountList {
    /// The sweep they are from; none before the first one.
    pub sweep: Option<String>,
    /// When it judged them.
    pub as_of: Option<Moment>,
    /// Accounts of the sweep.
    pub known: u32,
    /// Accounts that match the filter.
    pub total: usize,
    /// This page, from 1.
    pub page: usize,
    /// Accounts on a full page.
    pub size: usize,
    /// Pages there are.
    pub pages: usize,
    /// The accounts, sorted by user name.
    pub accounts: Vec<AccountRow>,
}

/// Everything about one account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// User name.
    pub username: String,
    /// The whole story in at most five lines.
    pub lines: Vec<String>,
    /// When the newest sweep judged it, if it saw it.
    pub as_of: Option<Moment>,
    /// The account as that sweep saw it.
    pub account: Option<AccountRow>,
    /// The newest reclaim, step by step.
    pub reclaim: Option<Reclaim>,
    /// What was given back on login.
    pub restore: Option<Restore>,
    /// What an undo gave back.
    pub undo: Option<Restore>,
    /// The newest login event.
    pub login: Option<Moment>,
    /// What is known, for the page.
    #[serde(skip)]
    pub facts: Vec<Fact>,
    /// What was done and heard, oldest first, for the page.
    #[serde(skip)]
    pub history: Vec<Event>,
}

/// A name and a value.
#[derive(Debug)]
pub struct Fact {
    /// What.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Something that happened.
#[derive(Debug)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub text: String,
}

/// A plan without its accounts.
#[derive(Debug)]
pub struct PlanSummary {
    /// The sweep that made it.
    pub id: String,
    /// `open`, `quarantined`, `dry-run`, `applied` and so on.
    pub state: &'static str,
    /// How it stands, in words.
    pub outcome: String,
    /// Whether it is within the cap, in words.
    pub verdict: String,
    /// What a person can do now.
    pub next_step: String,
    /// When it was made.
    pub made: Moment,
    /// Until when it can be approved.
    pub expires: Moment,
    /// Accounts in it.
    pub accounts: u32,
    /// The hash that an approval names.
    pub hash: String,
}

/// A plan with its accounts.
#[derive(Debug)]
pub struct PlanDetail {
    /// The plan itself.
    pub plan: PlanSummary,
    /// The accounts, oldest activity first.
    pub accounts: Vec<PlannedShape>,
    /// Accounts that this page leaves out.
    pub left_out: u32,
}

/// One sweep in a list.
#[derive(Debug)]
pub struct RunRow {
    /// The sweep.
    pub id: String,
    /// When it was opened.
    pub started: Moment,
    /// Mode of the policy then.
    pub mode: &'static str,
    /// A word for programs.
    pub state: &'static str,
    /// How it went, in words.
    pub result: String,
    /// Accounts judged.
    pub accounts: u32,
    /// Accounts in its plan.
    pub planned: u32,
    /// Accounts whose seat was taken back.
    pub reclaimed: u32,
    /// Accounts left alone because something had changed.
    pub skipped: u32,
    /// Accounts where something failed.
    pub failed: u32,
    /// Seats before and after, in words.
    pub seats: String,
}

/// Several sweeps.
#[derive(Debug)]
pub struct Runs {
    /// Newest first.
    pub runs: Vec<RunRow>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{judged, now};

    #[test]
    fn the_bar_is_as_long_as_the_licence_is_full_and_never_longer() {
        let bar = |used, max| Seats::new(SeatCount { used, max }, now()).bar();
        for (used, max, width, level) in [
            (0, 500, 0, "good"),
            (449, 500, 898, "good"),
            (450, 500, 900, "warn"),
            (500, 500, 1_000, "bad"),
            (505, 500, 1_000, "bad"),
        ] {
            let bar = bar(used, Some(max)).unwrap();
            assert_eq!((bar.width, bar.level), (width, level), "{used} of {max}");
        }
        assert_eq!(bar(10, None), None);
        assert_eq!(bar(10, Some(0)), None);
    }

    #[test]
    fn a_row_tells_never_from_not_known() {
        let mut account = judged("jdoe", None);
        assert_eq!(AccountRow::new(&account, now()).last_seen_text(), "not known");
        account.account.evidence.never = Some(seatkeeper_policy::Source::LastLogin);
        let row = AccountRow::new(&account, now());
        assert_eq!((row.last_seen_text().as_str(), row.idle_days), ("never", None));
    }
}
