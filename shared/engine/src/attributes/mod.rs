//! Renaming accounts and changing their mail addresses, full names and groups, singly or by file: the orders of an
//! administrator after an acquisition.
//!
//! An order becomes a *job* with rows. First every row is looked at and nothing is written; then, if nothing stands against
//! it, row by row is carried out. Each request works for as long as its budget allows; the next one goes on. INVARIANT
//! (intent before act) and INVARIANT (everything may be repeated) hold for every row: its intent is stored before the
//! first call, and after a crash whatever is already as wished counts as done.
//!
//! Reading order: `file`, `rules`, `order` (texts and names alone), `desk`, `check`, `conclude`, `survey` (before anything is
//! written), `act`, `seat` (one row), `undo`, and `drive`, which goes through the stages.

mod act;
mod check;
mod conclude;
mod desk;
mod drive;
mod executor;
mod file;
mod order;
mod report;
mod rules;
mod seat;
mod survey;
mod undo;

pub use check::{RENAME_BY_HAND, UPDATE_BY_HAND};
pub use executor::Updaters;
pub use file::{COLUMNS, Line, MOST_ROWS, parse};
pub use report::{JobReport, JobStatus, Window, list, show};

use crate::{
    audit::{self, Act},
    import::RowProblem,
    lease,
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Rename, Store, UpdateAttributes},
    state::{self, AttributeJob, JobStage, RowState, StateError},
    trouble::Trouble,
};
use chrono::TimeDelta;
use drive::Pace;
use report::{next_step, reported};
use seatkeeper_policy::SweepId;
use std::collections::BTreeMap;

/// Rows on one stored page. A page is written twice for each row, so it is small.
const PAGE: usize = 50;
/// Jobs that are kept.
const KEPT: usize = 100;
/// After so long a silent request is taken to be dead.
const LEASE: TimeDelta = TimeDelta::seconds(90);

/// What the flow works with.
pub struct Ports<'a, S, X, N, U, C> {
    /// State.
    pub store: &'a S,
    /// Confluence.
    pub confluence: &'a X,
    /// The executor for renames.
    pub rename: &'a N,
    /// The executor for mail addresses and full names.
    pub update: &'a U,
    /// Time.
    pub clock: &'a C,
}

/// Who orders what kind of job.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Who.
    pub by: &'a str,
    /// Only look; write nothing to Confluence or Crowd.
    pub dry_run: bool,
    /// Leave out rows that the check refuses, instead of refusing the whole job.
    pub skip_refused: bool,
}

/// How long one request may work, and as whom.
#[derive(Debug, Clone, Copy)]
pub struct Shift<'a> {
    /// A text that no other request uses.
    pub runner: &'a str,
    /// The request ends at the first safe point after that.
    pub budget: TimeDelta,
}

/// Why an order or a request about a job was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file cannot be read as a whole.
    #[error("line {}: {} {}", .0.line, .0.field, .0.problem)]
    File(RowProblem),
    /// There is no such job.
    #[error("there is no job `{0}`")]
    Unknown(SweepId),
    /// Another request works on a job.
    #[error("another request works on a job at present")]
    Busy,
    /// The check refused the job; nothing was written.
    #[error("job {}: {} of {} rows are refused; nothing was written", .0.job.id, .0.matching, .0.job.rows)]
    Refused(Box<JobReport>),
    /// The job is in a stage in which that means nothing.
    #[error("{0}")]
    Closed(String),
    /// Something failed on the way.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Self::Trouble(error.into())
    }
}

/// Takes an order: stores it as a job and works on it.
pub async fn order<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    lines: Vec<Line>,
    order: Order<'_>,
    shift: Shift<'_>,
) -> Result<JobReport, Refusal>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    let held = lease::take(ports.store, ports.clock, state::attribute_lease(), shift.runner, LEASE).await?;
    let Some(held) = held else { return Err(Refusal::Busy) };
    let result = match open(ports, lines, order).await {
        Ok(job) => drive::drive(ports, job, shift).await,
        Err(error) => Err(error),
    };
    // A lease that cannot be given back ends by itself.
    let _ = lease::release(ports.store, held).await;
    ended(ports.store, result?).await
}

/// Goes on with a job.
pub async fn resume<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    id: &SweepId,
    shift: Shift<'_>,
) -> Result<JobReport, Refusal>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    go_on(ports, id, shift, None).await
}

/// Undoes what a job did: exactly the changes that were made, last first, and only where the present values are still
/// those that we wrote. The first call also ends a job that is under way.
pub async fn undo<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    id: &SweepId,
    by: &str,
    shift: Shift<'_>,
) -> Result<JobReport, Refusal>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    go_on(ports, id, shift, Some(by)).await
}

async fn go_on<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    id: &SweepId,
    shift: Shift<'_>,
    undo: Option<&str>,
) -> Result<JobReport, Refusal>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    let store = ports.store;
    let held = lease::take(store, ports.clock, state::attribute_lease(), shift.runner, LEASE).await?;
    let Some(held) = held else { return Err(Refusal::Busy) };
    // Read under the lease: another request may have ended it.
    let result = match state::load(store, &state::attribute_job(id)).await {
        Err(error) => Err(error.into()),
        Ok(None) => Err(Refusal::Unknown(id.clone())),
        Ok(Some(job)) => match turned(ports, job, undo).await {
            Ok(job) => drive::drive(ports, job, shift).await.map_err(Refusal::from),
            Err(refusal) => Err(refusal),
        },
    };
    let _ = lease::release(store, held).await;
    ended(store, result?).await
}

/// The job in the stage that the request asks for.
async fn turned<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    mut job: AttributeJob,
    undo: Option<&str>,
) -> Result<AttributeJob, Refusal>
where
    S: Store,
    C: Clock,
{
    let Some(by) = undo else { return Ok(job) };
    match job.stage {
        JobStage::Refused | JobStage::Checked | JobStage::Checking => {
            return Err(Refusal::Closed(format!("job {} wrote nothing, so there is nothing to undo", job.id)));
        }
        JobStage::Undoing | JobStage::Undone => return Ok(job),
        JobStage::Working | JobStage::Done => {}
    }
    by.clone_into(job.undone_by.insert(String::new()));
    job.stage = JobStage::Undoing;
    let id = format!("attributes:{}:undo", job.id);
    let act = Act { id, actor: by, act: "attributes-undo-ordered", subject: job.id.as_str(), detail: String::new() };
    audit::append(ports.store, "admin", act, ports.clock.now()).await?;
    state::save(ports.store, &state::attribute_job(&job.id), &job).await?;
    Ok(job)
}

/// Stores the job: rows first, then the head, and the index last, so that nobody finds half a job.
async fn open<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    lines: Vec<Line>,
    order: Order<'_>,
) -> Result<AttributeJob, Trouble>
where
    S: Store,
    C: Clock,
{
    let (store, now) = (ports.store, ports.clock.now());
    let Order { by, dry_run, skip_refused } = order;
    let mut jobs = state::load(store, &state::attribute_jobs()).await?.unwrap_or_default();
    let mut at = now;
    while jobs.contains(&SweepId::opened_at(at)) {
        at += TimeDelta::seconds(1);
    }
    let id = SweepId::opened_at(at);
    let rows = order::rows(&id, lines);
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut pages = 0;
    for chunk in rows.chunks(PAGE) {
        state::save(store, &state::attribute_rows(&id, pages), &chunk.to_vec()).await?;
        pages += 1;
    }
    let job = AttributeJob {
        id: id.clone(),
        at: now,
        by: by.to_owned(),
        dry_run,
        skip_refused,
        rows: count(rows.len()),
        pages,
        stage: JobStage::Checking,
        notes: Vec::new(),
        groups: BTreeMap::new(),
        tally: BTreeMap::new(),
        undone_by: None,
    };
    state::save(store, &state::attribute_job(&id), &job).await?;
    let detail = format!("{} rows{}", job.rows, if dry_run { ", dry run" } else { "" });
    let act =
        Act { id: format!("attributes:{id}"), actor: by, act: "attributes-ordered", subject: id.as_str(), detail };
    audit::append(store, "admin", act, now).await?;
    jobs.insert(0, id);
    let old = jobs.split_off(jobs.len().min(KEPT));
    state::save(store, &state::attribute_jobs(), &jobs).await?;
    for id in old {
        let pages = state::load(store, &state::attribute_job(&id)).await?.map_or(0, |job| job.pages);
        for page in 0..pages {
            state::remove(store, &state::attribute_rows(&id, page)).await?;
        }
        state::remove(store, &state::attribute_job(&id)).await?;
    }
    Ok(job)
}

/// The answer to a request that worked on a job.
async fn ended(store: &impl Store, (job, pace): (AttributeJob, Pace)) -> Result<JobReport, Refusal> {
    let refused = job.stage == JobStage::Refused;
    let window =
        Window { state: refused.then(|| "refused".to_owned()), first: 0, most: if refused { 1_000 } else { 200 } };
    let mut report = reported(store, job, &window).await?;
    match pace {
        Pace::Rested => {}
        Pace::OutOfTime => report.status = JobStatus::Working,
        Pace::Stopped(stop) => {
            report.status = JobStatus::Stopped;
            report.stop = Some(stop);
        }
    }
    report.next_step = next_step(&report);
    if refused { Err(Refusal::Refused(Box::new(report))) } else { Ok(report) }
}

/// Whether a row is at its end, as far as carrying it out goes.
fn settled(state: &RowState) -> bool {
    !matches!(state, RowState::Unchecked | RowState::Planned | RowState::Intended | RowState::Waiting)
}
