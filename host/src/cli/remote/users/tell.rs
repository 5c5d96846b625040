//! Jobs that change accounts, as text for people.

use std::fmt::Write as _;

use seatkeeper_engine::attributes::{JobReport, JobStatus};
use seatkeeper_engine::state::{AttributeJob, AttributeRow, Change, RowState};
use serde::Deserialize;

use super::super::render::{grid, moment, plural};

/// The answer of `/admin/users/jobs`.
#[derive(Deserialize)]
pub(super) struct List {
    pub(super) jobs: Vec<AttributeJob>,
}

/// Rows of which the outcome is known.
pub(super) fn settled(report: &JobReport) -> u64 {
    let open = ["unchecked", "planned", "intended", "undo-intended"];
    let known = report.job.tally.iter().filter(|(state, _)| !open.contains(&state.as_str()));
    known.map(|(_, rows)| u64::from(*rows)).sum()
}

/// Rows by state, on one line.
pub(super) fn tally(report: &JobReport) -> String {
    counted(&report.job)
}

fn counted(job: &AttributeJob) -> String {
    let parts: Vec<String> = job.tally.iter().map(|(state, rows)| format!("{rows} {state}")).collect();
    parts.join(", ")
}

/// The list of jobs.
pub(super) fn jobs(jobs: &[AttributeJob]) -> String {
    if jobs.is_empty() {
        return "No account was changed from here yet.\nNext step: `seatkeeper users rename OLD NEW --dry-run`."
            .to_owned();
    }
    let row = |job: &AttributeJob| {
        let stage = format!("{:?}", job.stage).to_lowercase();
        let stage = if job.dry_run { format!("{stage} (dry run)") } else { stage };
        [job.id.to_string(), moment(job.at), job.by.clone(), job.rows.to_string(), stage, counted(job)]
    };
    grid(["Job", "Ordered", "By", "Rows", "Stage", "Rows by state"], jobs.iter().map(row))
}

/// A job with its rows.
pub(super) fn report(report: &JobReport) -> String {
    let JobReport { status, job, rows, matching, stop, .. } = report;
    let what = if job.dry_run { "Dry run" } else { "Job" };
    let mut text = format!("{what} {}: {}, {}\n", job.id, plural(job.rows, "row"), counted(job));
    if let Some(stop) = stop {
        let _ = writeln!(text, "Stopped by {} on {}: {}", stop.by, moment(stop.at), stop.why);
    }
    if !rows.is_empty() {
        let row = |row: &AttributeRow| {
            [row.line.to_string(), row.username.clone(), changes(row), row.state.word().to_owned(), why(row)]
        };
        let _ = writeln!(text, "\n{}", grid(["Line", "Account", "Change", "State", "Why"], rows.iter().map(row)));
    }
    let shown = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    if *matching > shown {
        let _ = writeln!(text, "And {} more; see `seatkeeper users jobs {} --state failed`.", matching - shown, job.id);
    }
    for note in &job.notes {
        let _ = writeln!(text, "Note: {note}");
    }
    let id = &job.id;
    let some = |state: &str| job.tally.contains_key(state);
    let next = match status {
        JobStatus::Working => format!("`seatkeeper users resume {id}` goes on."),
        JobStatus::Waiting => {
            format!(
                "synchronise the directory in Confluence, then `seatkeeper users resume {id}`. Nothing is lost meanwhile."
            )
        }
        JobStatus::Stopped => {
            format!("`seatkeeper release` when the reason is gone, then `seatkeeper users resume {id}`.")
        }
        JobStatus::Refused => "correct the refused rows and send everything again.".to_owned(),
        JobStatus::Checked if some("refused") => "correct the refused rows, then send it without --dry-run.".to_owned(),
        JobStatus::Checked => "send it without --dry-run.".to_owned(),
        JobStatus::Done if ["failed", "not-effective", "skipped"].into_iter().any(some) => {
            format!("look at the rows that did not come through; `seatkeeper users undo {id}` takes the others back.")
        }
        JobStatus::Done => format!("nothing; `seatkeeper users undo {id}` takes it back."),
        JobStatus::Undone if some("not-undone") => "look at the rows that are not undone.".to_owned(),
        JobStatus::Undone => "nothing.".to_owned(),
    };
    format!("{text}Next step: {next}")
}

fn changes(row: &AttributeRow) -> String {
    let told = row.changes.iter().map(|change| match &change.change {
        Change::Join(group) => format!("+{group}"),
        Change::Leave(group) => format!("-{group}"),
        Change::Details { from, to } => {
            let pairs = [(&from.email, &to.email), (&from.full_name, &to.full_name)];
            let changed = pairs.into_iter().filter(|(from, to)| from != to);
            changed.map(|(from, to)| format!("{from} > {to}")).collect::<Vec<_>>().join(", ")
        }
        Change::Rename { from, to } => format!("{from} > {to}"),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn why(row: &AttributeRow) -> String {
    match &row.state {
        RowState::Refused { objections } => {
            let all = objections.iter().map(|objection| format!("{}: {}", objection.field, objection.problem));
            all.collect::<Vec<_>>().join("; ")
        }
        RowState::Skipped { why }
        | RowState::NotEffective { why }
        | RowState::Failed { why }
        | RowState::NotUndone { why } => why.clone(),
        RowState::Waiting => "Confluence shows it after its next synchronisation".to_owned(),
        RowState::Unchecked
        | RowState::Planned
        | RowState::Intended
        | RowState::Done
        | RowState::UndoIntended
        | RowState::Undone => row.notes.join("; "),
    }
}

/// A report with rows in these states.
#[cfg(test)]
pub(super) fn sample(status: JobStatus, states: &[&str]) -> JobReport {
    let tally: serde_json::Map<_, _> = states.iter().map(|state| ((*state).to_owned(), 1.into())).collect();
    let row = serde_json::json!({
        "line": 2, "username": "j\u{1b}doe", "wish": {}, "looked": true, "state": {"is": "skipped", "why": "renamed since"},
        "changes": [{"change": {"rename": {"from": "jdoe", "to": "jane.doe"}}, "state": {"is": "planned"}}],
    });
    let job = serde_json::json!({
        "id": "20261123-061500", "at": "2026-11-23T06:15:00Z", "by": "anna", "dry-run": false, "skip-refused": false,
        "rows": states.len(), "pages": 1, "stage": "done", "tally": tally, "notes": ["synchronise before the next step"],
    });
    let report = serde_json::json!({
        "status": status, "next-step": "", "job": job, "rows": [row], "matching": 3,
    });
    serde_json::from_value(report).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_rows_with_their_changes_and_reasons_and_what_comes_next() {
        let text = report(&sample(JobStatus::Done, &["done", "skipped"]));
        assert!(text.starts_with("Job 20261123-061500: 2 rows, 1 done, 1 skipped\n"), "{text}");
        for part in
            ["jdoe > jane.doe", "renamed since", "And 2 more", "Note: synchronise", "users undo 20261123-061500"]
        {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn waiting_and_stopped_jobs_say_how_to_go_on() {
        assert!(report(&sample(JobStatus::Waiting, &["waiting"])).contains("users resume 20261123-061500"));
        assert!(report(&sample(JobStatus::Stopped, &["planned"])).contains("`seatkeeper release`"));
        assert_eq!(settled(&sample(JobStatus::Working, &["done", "planned"])), 1);
    }

    #[test]
    fn the_list_of_jobs_says_who_ordered_what() {
        let text = jobs(&[sample(JobStatus::Done, &["done"]).job]);
        assert!(text.contains("anna") && text.contains("1 done"), "{text}");
        assert!(jobs(&[]).contains("--dry-run"));
    }
}
