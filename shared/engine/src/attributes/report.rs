//! What is told about jobs: how they stand, what comes next, and their rows in portions.

use crate::{
    ports::Store,
    state::{self, AttributeJob, AttributeRow, JobStage, StateError, Stop},
};
use seatkeeper_policy::SweepId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a job stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobStatus {
    /// The time of the request is over; resume it.
    Working,
    /// Everything that can be done now is done; the rest waits for Confluence's synchronisation with the directory.
    Waiting,
    /// Somebody pulled the stop switch; resume it when that is released.
    Stopped,
    /// The check refused it; nothing was written.
    Refused,
    /// A dry run, and its check is over.
    Checked,
    /// Every row has its outcome.
    Done,
    /// It was undone.
    Undone,
}

/// A job and some of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct JobReport {
    /// How it stands.
    pub status: JobStatus,
    /// What comes next.
    pub next_step: String,
    /// The job.
    pub job: AttributeJob,
    /// Who stopped everything, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// Rows of this answer, in the order in which they are carried out.
    pub rows: Vec<AttributeRow>,
    /// Rows that match, on all pages.
    pub matching: u32,
}

/// Which rows an answer shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// Only rows in this state.
    pub state: Option<String>,
    /// Rows to leave out at the beginning.
    pub first: usize,
    /// Rows to show.
    pub most: usize,
}

/// A job with the rows that are wanted; nothing when there is no such job.
pub async fn show(store: &impl Store, id: &SweepId, window: &Window) -> Result<Option<JobReport>, StateError> {
    match state::load(store, &state::attribute_job(id)).await? {
        Some(job) => Ok(Some(reported(store, job, window).await?)),
        None => Ok(None),
    }
}

/// The newest jobs, newest first.
pub async fn list(store: &impl Store, most: usize) -> Result<Vec<AttributeJob>, StateError> {
    let mut jobs = Vec::new();
    for id in state::load(store, &state::attribute_jobs()).await?.unwrap_or_default().iter().take(most) {
        jobs.extend(state::load(store, &state::attribute_job(id)).await?);
    }
    Ok(jobs)
}

pub(super) async fn reported(
    store: &impl Store,
    mut job: AttributeJob,
    window: &Window,
) -> Result<JobReport, StateError> {
    let (mut rows, mut matching, mut tally) = (Vec::new(), 0_usize, BTreeMap::new());
    for page in 0..job.pages {
        for row in state::load(store, &state::attribute_rows(&job.id, page)).await?.unwrap_or_default() {
            *tally.entry(row.state.word().to_owned()).or_insert(0) += 1;
            if window.state.as_deref().is_some_and(|state| state != row.state.word()) {
                continue;
            }
            if matching >= window.first && rows.len() < window.most {
                rows.push(row);
            }
            matching += 1;
        }
    }
    job.tally = tally;
    let some = |words: &[&str]| words.iter().any(|word| job.tally.contains_key(*word));
    let status = match job.stage {
        JobStage::Refused => JobStatus::Refused,
        JobStage::Checked => JobStatus::Checked,
        JobStage::Working if some(&["waiting"]) && !some(&["intended"]) => JobStatus::Waiting,
        JobStage::Checking | JobStage::Working | JobStage::Undoing => JobStatus::Working,
        JobStage::Done => JobStatus::Done,
        JobStage::Undone => JobStatus::Undone,
    };
    let matching = u32::try_from(matching).unwrap_or(u32::MAX);
    let mut report = JobReport { status, next_step: String::new(), job, stop: None, rows, matching };
    report.next_step = next_step(&report);
    Ok(report)
}

pub(super) fn next_step(report: &JobReport) -> String {
    let id = &report.job.id;
    let resume = format!("POST /admin/users/jobs/{id}/resume");
    let some = |words: &[&str]| words.iter().any(|word| report.job.tally.contains_key(*word));
    match report.status {
        JobStatus::Working if report.job.stage == JobStage::Undoing => {
            format!("The undo is not at its end; go on with {resume}.")
        }
        JobStatus::Working => format!("The job is not at its end; go on with {resume}."),
        JobStatus::Waiting => format!(
            "Synchronise the directory in Confluence (it does so by itself, every hour by default), then {resume}. Nothing \
             is lost meanwhile."
        ),
        JobStatus::Stopped => format!("Release the stop switch (DELETE /admin/stop), then {resume}."),
        JobStatus::Refused => "Correct the rows and send them again; `?skip-refused=true` leaves them out.".to_owned(),
        JobStatus::Checked if some(&["refused"]) => {
            "Correct the refused rows, then send it again without `dry-run`; nothing was written.".to_owned()
        }
        JobStatus::Checked => "Send it again without `dry-run`; nothing was written.".to_owned(),
        JobStatus::Done if some(&["failed", "not-effective", "skipped"]) => format!(
            "Look at the rows that did not come through; correct and send them again. What was done can be undone with POST \
             /admin/users/jobs/{id}/undo."
        ),
        JobStatus::Done => format!("Nothing. It can be undone with POST /admin/users/jobs/{id}/undo."),
        JobStatus::Undone if some(&["not-undone"]) => {
            "Look at the rows that are not undone: each says what it is now.".to_owned()
        }
        JobStatus::Undone => "Nothing.".to_owned(),
    }
}
