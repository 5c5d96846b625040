//! Who is exempt, why, until when, and whether it is still needed: the list that somebody reviews.

use crate::{files::file, read::InForce};
use chrono::TimeDelta;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    lists,
    ports::Store,
    state::{SnapshotHead, StateError},
};
use seatkeeper_policy::{Exemption, ExemptionSubject, Instant};
use serde::Serialize;

/// Where it is.
pub const PATH: &str = "/report/exemptions";

/// An exemption that ends within so many days is about to lapse.
pub const HORIZON: u32 = 30;

/// Exemptions on the page; the file has all of them.
const MOST: usize = 250;

/// The columns, in the order of [`Row::fields`].
const COLUMNS: [&str; 9] = ["kind", "subject", "why", "owner", "expires", "state", "days-left", "says", "accounts"];

/// One exemption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// `user`, `group` or `pattern`.
    pub kind: &'static str,
    /// Name or pattern.
    pub subject: String,
    /// Why.
    pub why: String,
    /// Who answers for it.
    pub owner: String,
    /// The first instant at which it no longer holds.
    pub expires: Option<Moment>,
    /// `ended`, `lapsing`, `in-force` or `no-end`.
    pub state: &'static str,
    /// Days until it ends, begun ones included; none when it has ended or has no end.
    pub days_left: Option<i64>,
    /// The same in words.
    pub says: String,
    /// Accounts of the newest sweep that keep their seat because of it; none where nobody has counted them.
    pub accounts: Option<u32>,
}

impl Row {
    fn new(exemption: &Exemption, now: Instant) -> Self {
        let Exemption { subject, why, owner, expires } = exemption;
        let (kind, subject) = match subject {
            ExemptionSubject::User(name) => ("user", name.to_string()),
            ExemptionSubject::Group(name) => ("group", name.to_string()),
            ExemptionSubject::Pattern(pattern) => ("pattern", pattern.clone()),
        };
        let days_left = expires.filter(|end| *end > now).map(|end| days_until(end, now));
        let (state, says) = match (expires, days_left) {
            (None, _) => ("no-end", "no end".to_owned()),
            (Some(_), None) => ("ended", "ended".to_owned()),
            (Some(end), Some(days)) if *end <= now + TimeDelta::days(i64::from(HORIZON)) => {
                ("lapsing", format!("ends in {days} day{}", if days == 1 { "" } else { "s" }))
            }
            (Some(_), Some(_)) => ("in-force", "in force".to_owned()),
        };
        let (why, owner, expires) = (why.clone(), owner.clone(), expires.map(Moment));
        Self { kind, subject, why, owner, expires, state, days_left, says, accounts: None }
    }

    fn fields(&self) -> [String; 9] {
        let Self { kind, subject, why, owner, expires, state, days_left, says, accounts } = self;
        [
            (*kind).to_owned(),
            subject.clone(),
            why.clone(),
            owner.clone(),
            expires.map(Moment::iso).unwrap_or_default(),
            (*state).to_owned(),
            days_left.map(|days| days.to_string()).unwrap_or_default(),
            says.clone(),
            accounts.map(|accounts| accounts.to_string()).unwrap_or_default(),
        ]
    }
}

/// Whole days, a begun one counted.
fn days_until(end: Instant, now: Instant) -> i64 {
    (end - now + TimeDelta::days(1) - TimeDelta::nanoseconds(1)).num_days()
}

/// All exemptions of the policy in force.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct List {
    /// Why there is no policy to read them from.
    pub problem: Option<&'static str>,
    /// When the newest sweep judged, which is when the accounts were counted; none before the first one.
    pub as_of: Option<Moment>,
    /// Exemptions that have ended or end within the horizon.
    pub lapsing: usize,
    /// Days of that horizon.
    pub horizon_days: u32,
    /// The exemptions; those that end first come first.
    pub exemptions: Vec<Row>,
}

impl List {
    /// What the page shows.
    pub fn shown(&self) -> impl Iterator<Item = &Row> {
        self.exemptions.iter().take(MOST)
    }

    /// How many it leaves out.
    pub fn left_out(&self) -> usize {
        self.exemptions.len().saturating_sub(MOST)
    }

    /// The whole list as a file.
    pub fn csv(&self) -> Vec<u8> {
        file(COLUMNS, self.exemptions.iter().map(Row::fields))
    }
}

/// Reads the list.
pub async fn read(
    store: &impl Store,
    head: Option<&SnapshotHead>,
    in_force: &InForce,
    now: Instant,
) -> Result<List, StateError> {
    let InForce { policy, problem } = in_force;
    let policy = policy.as_ref().map(|(_, policy)| policy);
    let exemptions = policy.map(|policy| policy.exemptions.as_slice()).unwrap_or_default();
    let mut rows: Vec<Row> = exemptions.iter().map(|exemption| Row::new(exemption, now)).collect();
    let counts = lists::counts(store, head).await?;
    if let Some(counts) = &counts {
        for (row, accounts) in rows.iter_mut().zip(counts.kept_by(exemptions)) {
            row.accounts = Some(accounts);
        }
    }
    // Both halves of this order are stable: what ends first, and without an end the order of the policy file.
    rows.sort_by_key(|row| (row.expires.is_none(), row.expires));
    let lapsing = policy.map_or(0, |policy| policy.lapsing(HORIZON, now).len());
    let problem = *problem;
    let as_of = head.filter(|_| counts.is_some()).map(|head| Moment(head.at));
    Ok(List { problem, as_of, lapsing, horizon_days: HORIZON, exemptions: rows })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;

    fn exemption(subject: ExemptionSubject, expires: Option<Instant>) -> Exemption {
        Exemption { subject, why: "integration".into(), owner: "it".into(), expires }
    }

    #[test]
    fn the_state_changes_to_the_second_at_both_ends_of_the_horizon() {
        let subject = ExemptionSubject::Pattern("svc-*".into());
        for (seconds, state, days) in [
            (-1, "ended", None),
            (0, "ended", None),
            (1, "lapsing", Some(1)),
            (86_400, "lapsing", Some(1)),
            (86_401, "lapsing", Some(2)),
            (30 * 86_400, "lapsing", Some(30)),
            (30 * 86_400 + 1, "in-force", Some(31)),
        ] {
            let row = Row::new(&exemption(subject.clone(), Some(now() + TimeDelta::seconds(seconds))), now());
            assert_eq!((row.state, row.days_left), (state, days), "{seconds} s");
        }
        assert_eq!(Row::new(&exemption(subject, None), now()).state, "no-end");
    }
}
