//! Results as text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use seatkeeper_engine::state::{Outcome, PlanHead, Run, Tally};
use seatkeeper_policy::report::Diagnosis;
use seatkeeper_policy::{Emergency, Instant, SeatCount, Verdict};

use super::output::clean;
use super::view::Row;

/// Hexadecimal digits of a hash that are enough to name a plan.
pub(crate) const SHORT: usize = 12;

/// Everything that a plan's summary tells.
#[derive(Default)]
pub(crate) struct Summary<'a> {
    pub(crate) head: Option<&'a PlanHead>,
    pub(crate) outcome: Option<&'a Outcome>,
    pub(crate) seats: Option<SeatCount>,
    pub(crate) counts: BTreeMap<String, u32>,
    pub(crate) limits: Vec<String>,
    pub(crate) rows: &'a [Row],
}

impl Summary<'_> {
    /// The summary, without the next step.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if let Some(head) = self.head {
            let made = moment(head.made);
            let _ = writeln!(text, "Plan {}, made {made}, valid until {}", head.id, moment(head.expires));
            let _ = writeln!(text, "Hash {}", head.hash);
            let _ = writeln!(text, "{}", verdict(head));
            if let Some(Emergency { seats, idle_days }) = head.emergency {
                let _ = writeln!(
                    text,
                    "Emergency: {} in use afterwards, and nobody seen within {} is taken",
                    plural(seats, "seat"),
                    plural(idle_days, "day")
                );
            }
        }
        if let Some(outcome) = self.outcome {
            let _ = writeln!(text, "State: {}", sentence(outcome));
        }
        if let Some(seats) = self.seats {
            let _ = writeln!(text, "Seats: {}", self::seats(seats));
        }
        if !self.counts.is_empty() {
            let total: u32 = self.counts.values().sum();
            let _ = writeln!(text, "\nDecisions on {total} accounts:");
            let mut rows: Vec<(&String, &u32)> = self.counts.iter().collect();
            // What is to be taken stands first, then what is held, then what stays.
            rows.sort_by_key(|(code, _)| std::cmp::Reverse(code.split('/').next().map(str::to_owned)));
            let width = rows.iter().map(|(code, _)| code.chars().count()).max().unwrap_or_default();
            for (code, count) in rows {
                let _ = writeln!(text, "  {code:width$}  {count:>8}");
            }
        }
        for limit in &self.limits {
            let _ = writeln!(text, "Note: {limit}");
        }
        if !self.rows.is_empty() {
            let all = self.head.map_or(0, |head| head.accounts);
            let _ = writeln!(text, "\nAccounts ({} of {all}):", self.rows.len());
            let _ = writeln!(text, "{}", table(["Account", "Why", "What"], self.rows));
        }
        text
    }
}

fn table(header: [&str; 3], rows: &[Row]) -> String {
    let row = |Row { user_key: _, username, reason, actions }: &Row| {
        // In a plan every line is a reclaim, so only the reason is told.
        let why = reason.split_once(": ").map_or(reason.as_str(), |(_, why)| why);
        [username.clone(), why.to_owned(), actions.join("; ")]
    };
    grid(header, rows.iter().map(row))
}

/// A table for people. Cells come from outside, so they are cleaned here.
pub(crate) fn grid<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| clean(&cell)));
    }
    table.trim_fmt()
}

fn verdict(head: &PlanHead) -> String {
    let accounts = plural(head.accounts, "account");
    match head.verdict {
        Verdict::Within => format!("{accounts} to be reclaimed, within the cap"),
        Verdict::OverCap { planned, limit } => {
            format!("OVER THE CAP: {} to be reclaimed, {limit} allowed", plural(planned, "account"))
        }
        Verdict::Incomplete => "The snapshot was incomplete, so nothing is planned".to_owned(),
    }
}

/// How a sweep stands.
pub(crate) fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Running => "under way".to_owned(),
        Outcome::NothingToDo => "nobody is to lose a seat".to_owned(),
        Outcome::DryRunPublished => "dry run: the plan was published and nothing was changed".to_owned(),
        Outcome::AwaitingApproval => "waiting for an approval".to_owned(),
        Outcome::Quarantined { planned, limit } => {
            format!("in quarantine: {planned} accounts planned, {limit} allowed")
        }
        Outcome::Blocked { findings } => format!("blocked by the second opinion: {}", findings.join("; ")),
        Outcome::Rejected { by } => format!("rejected by {by}"),
        Outcome::Lapsed { why } => format!("lapsed: {why}"),
        Outcome::Stopped => "stopped, because the policy was set to dry run".to_owned(),
        Outcome::Applied => "carried out".to_owned(),
        Outcome::Failed { code, message } => format!("failed: {message} [{code}]"),
    }
}

/// What a person can do about a plan now.
pub(crate) fn next_step(outcome: Option<&Outcome>, head: Option<&PlanHead>) -> Option<String> {
    let head = head?;
    let (id, hash) = (&head.id, short(&head.hash));
    Some(match outcome? {
        Outcome::AwaitingApproval => format!(
            "Look through it with `seatkeeper show {id}`; then `seatkeeper apply {hash}`, or `seatkeeper reject {hash}`."
        ),
        Outcome::Quarantined { .. } => format!(
            "Find out why it is so large: `seatkeeper show {id}`. If it is right, \
             `seatkeeper apply {hash} --accept-over-cap`; otherwise `seatkeeper reject {hash}`."
        ),
        Outcome::DryRunPublished => format!(
            "Look through it with `seatkeeper show {id}`. When the reasons are right, set mode = \"approve\" in the \
             policy, send it with `seatkeeper policy put FILE`, and plan again."
        ),
        Outcome::Blocked { .. } => "Correct what was found, then plan again.".to_owned(),
        Outcome::Failed { .. } => "Run `seatkeeper doctor`, then plan again.".to_owned(),
        Outcome::Rejected { .. } | Outcome::Lapsed { .. } | Outcome::Stopped => {
            "The next sweep makes a new plan; `seatkeeper plan` makes one now.".to_owned()
        }
        Outcome::Applied => format!("To give all its seats back: `seatkeeper undo {id}`."),
        Outcome::Running => format!("It is being carried out; `seatkeeper apply {hash}` follows it to the end."),
        Outcome::NothingToDo => return None,
    })
}

/// How a run ended.
pub(crate) fn run(run: &Run) -> String {
    let Tally { reclaimed, skipped, failed } = run.tally;
    let mut text = format!(
        "Run {}: {}\n{} reclaimed, {skipped} skipped because something had changed, {failed} failed",
        run.id,
        sentence(&run.outcome),
        plural(reclaimed, "account")
    );
    match (run.before, run.after) {
        (Some(before), Some(after)) => {
            let freed = before.used.saturating_sub(after.used);
            let _ = write!(text, "\nSeats: {} before, {} after, {freed} freed", before.used, after.used);
        }
        (Some(before), None) => {
            let _ = write!(text, "\nSeats: {} before, not counted again yet", before.used);
        }
        (None, _) => {}
    }
    if let Some(diagnosis) = run.diagnosis {
        let _ = write!(text, "\n{}", self::diagnosis(diagnosis));
    }
    for (holder, count) in &run.left {
        let _ = write!(text, "\n  {holder}: {count}");
    }
    if run.warned > 0 {
        let _ = write!(text, "\n{} warned", plural(run.warned, "account"));
    }
    text
}

/// Seats for people.
pub(crate) fn seats(seats: SeatCount) -> String {
    match seats.max {
        Some(max) => format!("{} of {max} used", seats.used),
        None => format!("{} used, no limit", seats.used),
    }
}

fn diagnosis(diagnosis: Diagnosis) -> &'static str {
    match diagnosis {
        Diagnosis::Freed => "All seats came free.",
        Diagnosis::PerhapsCached => {
            "Confluence caches its count for some minutes, so it may still fall. The instance looks again by itself."
        }
        Diagnosis::NotFreed => {
            "Fewer seats came free than planned: the accounts may have a seat by another directory or an inherited \
             group, or new people came in between. `seatkeeper explain USER` tells about one of them."
        }
        Diagnosis::NotMeasurable => "The licence is unlimited or the count cannot be read, so nothing can be compared.",
    }
}

/// An instant for people.
pub(crate) fn moment(at: Instant) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The beginning of a hash, long enough to name the plan.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..SHORT).unwrap_or(hash)
}

/// `1 account`, `2 accounts`.
pub(crate) fn plural(number: u32, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::SweepId;

    fn head(verdict: Verdict) -> PlanHead {
        let at = chrono::DateTime::UNIX_EPOCH;
        PlanHead {
            id: SweepId::parse("20261122-120000").unwrap(),
            made: at,
            expires: at + chrono::TimeDelta::hours(72),
            rules: "r".into(),
            verdict,
            hash: "0123456789abcdef0123".into(),
            accounts: 42,
            pages: 1,
            emergency: None,
        }
    }

    #[test]
    fn a_summary_tells_counts_verdict_and_hash() {
        let head = head(Verdict::Within);
        let rows = [Row {
            user_key: "k1".into(),
            username: "j\u{1b}doe".into(),
            reason: "reclaim: last active in 2024".into(),
            actions: vec!["take out of group users".into(), "deactivate".into()],
        }];
        let summary = Summary {
            head: Some(&head),
            outcome: Some(&Outcome::AwaitingApproval),
            seats: Some(SeatCount { used: 90, max: Some(100) }),
            counts: BTreeMap::from([("keep/young".into(), 40), ("reclaim/inactive".into(), 42), ("hold/x".into(), 1)]),
            limits: vec!["renaming is not possible here".into()],
            rows: &rows,
        };
        let text = summary.text();
        for part in [
            "Plan 20261122-120000, made 1970-01-01 00:00 UTC, valid until 1970-01-04 00:00 UTC",
            "Hash 0123456789abcdef0123",
            "42 accounts to be reclaimed, within the cap",
            "State: waiting for an approval",
            "Seats: 90 of 100 used",
            "Decisions on 83 accounts:",
            "Note: renaming is not possible here",
            "Accounts (1 of 42):",
            "j\u{fffd}doe",
            "last active in 2024",
            "take out of group users; deactivate",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let place = |code: &str| text.find(code).unwrap();
        assert!(place("reclaim/inactive") < place("keep/young"), "{text}");
    }

    #[test]
    fn a_plan_over_the_cap_says_so_and_what_to_do() {
        let head = head(Verdict::OverCap { planned: 42, limit: 5 });
        let outcome = Outcome::Quarantined { planned: 42, limit: 5 };
        let text = Summary { head: Some(&head), outcome: Some(&outcome), ..Summary::default() }.text();
        assert!(text.contains("OVER THE CAP: 42 accounts to be reclaimed, 5 allowed"), "{text}");
        let next = next_step(Some(&outcome), Some(&head)).unwrap();
        assert!(next.contains("apply 0123456789ab --accept-over-cap"), "{next}");
    }

    #[test]
    fn a_run_tells_seats_before_and_after() {
        let seats = |used| Some(SeatCount { used, max: Some(100) });
        let head = head(Verdict::Within);
        let ended = Run {
            id: head.id,
            opened: head.made,
            at: head.made,
            mode: seatkeeper_policy::Mode::Approve,
            outcome: Outcome::Applied,
            report: None,
            plan: None,
            planned: 5,
            tally: Tally { reclaimed: 4, skipped: 1, failed: 0 },
            before: seats(90),
            after: seats(86),
            diagnosis: Some(Diagnosis::Freed),
            left: BTreeMap::new(),
            warned: 0,
        };
        assert_eq!(
            run(&ended),
            "Run 20261122-120000: carried out\n4 accounts reclaimed, 1 skipped because something had changed, \
             0 failed\nSeats: 90 before, 86 after, 4 freed\nAll seats came free."
        );
        let waiting = run(&Run { after: None, diagnosis: None, ..ended });
        assert!(waiting.ends_with("\nSeats: 90 before, not counted again yet"), "{waiting}");
    }

    #[test]
    fn an_emergency_plan_says_what_it_is_for() {
        let head = PlanHead { emergency: Some(Emergency { seats: 480, idle_days: 14 }), ..head(Verdict::Within) };
        let text = Summary { head: Some(&head), ..Summary::default() }.text();
        assert!(text.contains("Emergency: 480 seats in use afterwards, and nobody seen within 14 days"), "{text}");
    }

    #[test]
    fn a_cell_cannot_write_to_the_terminal() {
        let table = grid(["A", "B"], [["x\u{1b}[2J".to_owned(), "y".to_owned()]].into_iter());
        assert!(table.contains('y') && !table.contains('\u{1b}'), "{table:?}");
    }

    #[test]
    fn there_is_a_next_step_for_every_state_but_the_good_one() {
        let head = head(Verdict::Within);
        assert_eq!(next_step(Some(&Outcome::NothingToDo), Some(&head)), None);
        for outcome in [
            Outcome::Running,
            Outcome::DryRunPublished,
            Outcome::AwaitingApproval,
            Outcome::Blocked { findings: vec![] },
            Outcome::Rejected { by: "me".into() },
            Outcome::Lapsed { why: "late".into() },
            Outcome::Stopped,
            Outcome::Applied,
            Outcome::Failed { code: "x".into(), message: "y".into() },
        ] {
            assert!(next_step(Some(&outcome), Some(&head)).is_some(), "{outcome:?}");
        }
    }
}
