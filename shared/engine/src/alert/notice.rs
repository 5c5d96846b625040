//! What people should know.

use crate::{state::Tally, trouble::Trouble};
use seatkeeper_policy::{Forecast, Instant, SeatCount, SweepId, UserKey, report::Diagnosis};
use serde::{Deserialize, Serialize};

/// Something people should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "is")]
pub enum Notice {
    /// Usage reached a level.
    Seats {
        /// The level, such as `percent-90`.
        level: String,
        /// Usage at that moment.
        seats: SeatCount,
        /// When.
        at: Instant,
    },
    /// The last seat will be taken soon, if usage goes on growing as it does.
    Forecast {
        /// The forecast.
        forecast: Forecast,
        /// The distance in days at which it is told.
        within: u32,
        /// When.
        at: Instant,
    },
    /// A plan was carried out, wholly or in part.
    Run {
        /// The plan.
        plan: SweepId,
        /// Accounts planned.
        planned: u32,
        /// How they ended.
        tally: Tally,
        /// Seats before the first change.
        before: Option<SeatCount>,
        /// Seats after the last one.
        after: Option<SeatCount>,
        /// What became of the seats.
        diagnosis: Option<Diagnosis>,
        /// Why it ended before the end of the plan, if it did.
        stopped: Option<String>,
        /// When.
        at: Instant,
    },
    /// The second opinion or a guard found something, so nothing was written.
    Blocked {
        /// The plan.
        plan: SweepId,
        /// What was found, the first of it.
        findings: Vec<String>,
        /// What else was found, as a number.
        #[serde(default)]
        more: usize,
        /// When.
        at: Instant,
    },
    /// A plan is larger than the cap and waits for an answer.
    Quarantine {
        /// The plan.
        plan: SweepId,
        /// Accounts planned.
        planned: u32,
        /// Accounts allowed.
        limit: u32,
        /// When.
        at: Instant,
    },
    /// A plan waits for an approval.
    Approval {
        /// The plan.
        plan: SweepId,
        /// Accounts planned.
        planned: u32,
        /// Whether somebody asked for it in an emergency.
        emergency: bool,
        /// End of the time for an answer.
        expires: Instant,
        /// When.
        at: Instant,
    },
    /// People logged in and did not get their seat back.
    Restores {
        /// The first of them.
        people: Vec<Unrestored>,
        /// How many more there are.
        more: usize,
        /// When.
        at: Instant,
    },
    /// An outside directory was not believed or did not answer.
    Directory {
        /// Its name in the policy.
        directory: String,
        /// What was seen.
        why: String,
        /// When.
        at: Instant,
    },
    /// No sweep went well for two periods.
    Overdue {
        /// The newest that did.
        last: Option<Instant>,
        /// Hours between two sweeps.
        hours: u32,
        /// What the newest tick of the sweep met.
        trouble: Option<Trouble>,
        /// When.
        at: Instant,
    },
    /// Somebody wants to see whether messages arrive.
    Test {
        /// Who.
        by: String,
        /// When.
        at: Instant,
    },
}

/// Somebody who logged in and did not get the seat back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrestored {
    /// Identity.
    pub key: UserKey,
    /// User name, from outside.
    pub name: String,
    /// Why it waits.
    pub why: String,
    /// When that was.
    pub at: Instant,
}

impl Notice {
    /// A stable name for what it is about; the same name means the same message.
    pub fn subject(&self) -> String {
        let day = |at: &Instant| at.format("%Y-%m-%d").to_string();
        match self {
            Self::Seats { level, at, .. } => format!("{level}:{}", day(at)),
            Self::Forecast { within, at, .. } => format!("forecast-{within}:{}", day(at)),
            Self::Run { plan, .. } => format!("run:{plan}"),
            Self::Blocked { plan, .. } => format!("blocked:{plan}"),
            Self::Quarantine { plan, .. } => format!("quarantine:{plan}"),
            Self::Approval { plan, .. } => format!("approval:{plan}"),
            Self::Restores { at, .. } => format!("restores:{}", at.format("%Y%m%d-%H%M%S")),
            Self::Directory { directory, at, .. } => format!("directory:{directory}:{}", day(at)),
            Self::Overdue { at, .. } => format!("overdue:{}", day(at)),
            Self::Test { at, .. } => format!("test:{}", at.format("%Y%m%d-%H%M%S")),
        }
    }

    /// One line that can be understood alone. May hold names from outside.
    pub fn title(&self) -> String {
        match self {
            Self::Seats { seats, .. } => seats_title(*seats),
            Self::Forecast { forecast, .. } => match forecast.days {
                0 => "No Confluence seat is free, and usage grows".to_owned(),
                1 => "At the present growth, the last Confluence seat is taken tomorrow".to_owned(),
                days => format!("At the present growth, the last Confluence seat is taken in {days} days"),
            },
            Self::Run { tally, stopped, .. } => {
                let taken = counted(tally.reclaimed, "seat was", "seats were");
                match (stopped, tally.failed) {
                    (Some(_), _) => format!("A run ended early: {taken} reclaimed"),
                    (None, 0) => format!("A run is finished: {taken} reclaimed"),
                    (None, failed) => format!("A run is finished: {taken} reclaimed, {failed} failed"),
                }
            }
            Self::Blocked { .. } => "A sweep was blocked by its second check: nothing was written".to_owned(),
            Self::Quarantine { planned, limit, .. } => {
                let accounts = counted(*planned, "account", "accounts");
                format!("A plan for {accounts} is in quarantine: the cap is {limit}")
            }
            Self::Approval { planned, emergency, .. } => {
                let kind = if *emergency { "An emergency plan" } else { "A plan" };
                format!("{kind} for {} waits for an approval", counted(*planned, "account", "accounts"))
            }
            Self::Restores { people, more, .. } => match (people.as_slice(), more) {
                ([one], 0) => format!("{} logged in and did not get the seat back", one.name),
                (people, more) => {
                    format!("{} people logged in and did not get their seat back", people.len().saturating_add(*more))
                }
            },
            Self::Directory { directory, .. } => format!("Directory {directory} cannot be relied on at present"),
            Self::Overdue { hours, .. } => {
                format!("No sweep was completed for {}", counted(hours.saturating_mul(2), "hour", "hours"))
            }
            Self::Test { .. } => "This is a test of Seatkeeper's alerts".to_owned(),
        }
    }

    /// When it was noticed.
    pub fn at(&self) -> Instant {
        match self {
            Self::Seats { at, .. }
            | Self::Forecast { at, .. }
            | Self::Run { at, .. }
            | Self::Blocked { at, .. }
            | Self::Quarantine { at, .. }
            | Self::Approval { at, .. }
            | Self::Restores { at, .. }
            | Self::Directory { at, .. }
            | Self::Overdue { at, .. }
            | Self::Test { at, .. } => *at,
        }
    }
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn seats_title(seats: SeatCount) -> String {
    let SeatCount { used, max } = seats;
    match (max, seats.free()) {
        (Some(max), Some(0)) => format!("No Confluence seat is free: {used} of {max} are used"),
        (Some(max), Some(1)) => format!("1 Confluence seat is left: {used} of {max} are used"),
        (Some(max), Some(free)) => format!("{free} Confluence seats are left: {used} of {max} are used"),
        (_, _) => format!("{used} Confluence seats are used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::testing::at;

    fn seats(used: u32) -> Notice {
        let at = at("2026-11-22T12:00:00Z");
        Notice::Seats { level: "percent-90".into(), seats: SeatCount { used, max: Some(500) }, at }
    }

    #[test]
    fn the_title_alone_tells_how_bad_it_is() {
        assert_eq!(seats(460).title(), "40 Confluence seats are left: 460 of 500 are used");
        assert_eq!(seats(499).title(), "1 Confluence seat is left: 499 of 500 are used");
        assert_eq!(seats(505).title(), "No Confluence seat is free: 505 of 500 are used");
    }

    #[test]
    fn the_same_notice_is_the_same_message_and_another_day_is_another_one() {
        assert_eq!(seats(460).subject(), "percent-90:2026-11-22");
        assert_eq!(seats(460).subject(), seats(470).subject());
    }
}
