//! Driving a job through its stages, page by page, until the time of the request is over.

use super::{
    Ports, Shift,
    act::told,
    desk::Desk,
    settled,
    undo::{self, Undone},
};
use crate::{
    audit::{self, Act},
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Rename, Store, UpdateAttributes, Who},
    state::{self, AttributeJob, AttributeRow, ChangeState, JobStage, RowState, Stop},
    trouble::Trouble,
};
use seatkeeper_policy::{Instant, UserKey};
use std::collections::BTreeSet;

/// Times that a row may fail for reasons that may pass before it counts as failed.
const TRIES: u32 = 3;

/// Why a request came to its end.
pub(super) enum Pace {
    /// There is nothing more to do now.
    Rested,
    /// Its time is over.
    OutOfTime,
    /// Somebody pulled the switch.
    Stopped(Stop),
}

/// Goes as far as the time allows. An error names the job, because whoever reads it has to go on with it.
pub(super) async fn drive<S, X, N, U, C>(
    ports: &Ports<'_, S, X, N, U, C>,
    mut job: AttributeJob,
    shift: Shift<'_>,
) -> Result<(AttributeJob, Pace), Trouble>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    let named = |trouble: Trouble, id: &seatkeeper_policy::SweepId| {
        let message = format!("{}; job {id} goes on with POST /admin/users/jobs/{id}/resume", trouble.message);
        Trouble::new(&trouble.code, message)
    };
    if matches!(job.stage, JobStage::Refused | JobStage::Checked | JobStage::Done | JobStage::Undone) {
        return Ok((job, Pace::Rested));
    }
    let end = ports.clock.now() + shift.budget;
    let id = job.id.clone();
    let desk = Desk::open(ports, shift.runner).await.map_err(|trouble| named(trouble, &id))?;
    let pace = desk.stages(&mut job, end).await.map_err(|trouble| named(trouble, &id))?;
    desk.count(&mut job).await.map_err(|trouble| named(trouble, &id))?;
    Ok((job, pace))
}

impl<S, X, N, U, C> Desk<'_, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    async fn stages(&self, job: &mut AttributeJob, end: Instant) -> Result<Pace, Trouble> {
        if job.stage == JobStage::Checking {
            if !self.look_at_all(job, end).await? {
                return Ok(Pace::OutOfTime);
            }
            self.conclude(job).await?;
        }
        match job.stage {
            JobStage::Working => self.carry_out(job, end).await,
            JobStage::Undoing => self.undo_all(job, end).await,
            JobStage::Checking | JobStage::Refused | JobStage::Checked | JobStage::Done | JobStage::Undone => {
                Ok(Pace::Rested)
            }
        }
    }

    pub(super) async fn rows(&self, job: &AttributeJob, page: u32) -> Result<Vec<AttributeRow>, Trouble> {
        let key = state::attribute_rows(&job.id, page);
        let rows = state::load(self.ports.store, &key).await?;
        rows.ok_or_else(|| Trouble::new("state-damaged", format!("`{}` is missing; order the job again", key.name())))
    }

    pub(super) async fn keep(&self, job: &AttributeJob, page: u32, rows: &[AttributeRow]) -> Result<(), Trouble> {
        Ok(state::save(self.ports.store, &state::attribute_rows(&job.id, page), &rows.to_vec()).await?)
    }

    pub(super) async fn keep_job(&self, job: &AttributeJob) -> Result<(), Trouble> {
        Ok(state::save(self.ports.store, &state::attribute_job(&job.id), job).await?)
    }

    /// Counts the rows by state, for the list of jobs.
    async fn count(&self, job: &mut AttributeJob) -> Result<(), Trouble> {
        job.tally.clear();
        for page in 0..job.pages {
            for row in self.rows(job, page).await? {
                *job.tally.entry(row.state.word().to_owned()).or_insert(0) += 1;
            }
        }
        self.keep_job(job).await
    }

    /// Carries rows out until there is nothing more to do now.
    async fn carry_out(&self, job: &mut AttributeJob, end: Instant) -> Result<Pace, Trouble> {
        // Lines of which Confluence does not show the new name yet: whoever waits for them has to wait as well.
        let mut moving: BTreeSet<u32> = BTreeSet::new();
        let mut open = false;
        for page in 0..job.pages {
            let mut rows = self.rows(job, page).await?;
            for index in 0..rows.len() {
                let Some(row) = rows.get(index).cloned() else { continue };
                if settled(&row.state) {
                    continue;
                }
                if let Some(stop) = state::load(self.ports.store, &state::stop()).await?.flatten() {
                    return Ok(Pace::Stopped(stop));
                }
                if self.out_of_time(end) {
                    return Ok(Pace::OutOfTime);
                }
                let blocked = row.after.is_some_and(|line| moving.contains(&line))
                    || (row.via.is_some() && moving.contains(&row.line));
                if row.state == RowState::Planned && blocked {
                    open = true;
                    continue;
                }
                let line = row.line;
                let row = self.patiently(job, page, &mut rows, index, row).await?;
                if row.state == RowState::Waiting {
                    moving.insert(line);
                    open = true;
                }
            }
        }
        if !open {
            job.stage = JobStage::Done;
            self.keep_job(job).await?;
        }
        Ok(Pace::Rested)
    }

    /// One row, with its intent and its outcome stored.
    async fn one(
        &self,
        job: &AttributeJob,
        page: u32,
        rows: &mut [AttributeRow],
        index: usize,
        row: AttributeRow,
    ) -> Result<AttributeRow, Trouble> {
        let mut put = |row: &AttributeRow| {
            if let Some(place) = rows.get_mut(index) {
                place.clone_from(row);
            }
            rows.to_vec()
        };
        if row.state == RowState::Waiting {
            let now = self.refresh(row.clone()).await?;
            if now != row {
                self.keep(job, page, &put(&now)).await?;
            }
            return Ok(now);
        }
        let row = if row.state == RowState::Planned {
            let row = self.begin(row).await?;
            self.keep(job, page, &put(&row)).await?;
            row
        } else {
            row
        };
        if row.state != RowState::Intended {
            return Ok(row);
        }
        let row = self.finish(row).await?;
        // Before the outcome is stored: after a crash in between the act is found again and recorded once.
        self.record(job, &row, &job.by, "attributes-changed", took_effect).await?;
        self.keep(job, page, &put(&row)).await?;
        Ok(row)
    }

    async fn record(
        &self,
        job: &AttributeJob,
        row: &AttributeRow,
        by: &str,
        act: &str,
        counts: impl Fn(&ChangeState) -> bool,
    ) -> Result<(), Trouble> {
        let what: Vec<String> =
            row.changes.iter().filter(|change| counts(&change.state)).map(|change| told(&change.change)).collect();
        let Some(key) = row.key.as_ref().filter(|_| !what.is_empty()) else { return Ok(()) };
        let half = if row.temporary { "temporary:" } else { "" };
        let id = format!("attributes:{}:{half}{}:{act}", job.id, row.line);
        let detail = format!("job {}, line {}: {}", job.id, row.line, what.join("; "));
        let act = Act { id, actor: by, act, subject: key.as_str(), detail };
        Ok(audit::append(self.ports.store, "admin", act, self.ports.clock.now()).await?)
    }

    /// One row, tried again at once where its calls fail for reasons that may pass. After some tries in vain it counts as
    /// failed, and the others go on.
    async fn patiently(
        &self,
        job: &AttributeJob,
        page: u32,
        rows: &mut [AttributeRow],
        index: usize,
        mut row: AttributeRow,
    ) -> Result<AttributeRow, Trouble> {
        loop {
            let trouble = match self.one(job, page, rows, index, row).await {
                Ok(row) => return Ok(row),
                Err(trouble) => trouble,
            };
            let difficult = ["unreachable", "malformed-answer"].contains(&trouble.code.as_str());
            let Some(place) = rows.get_mut(index).filter(|row| difficult && row.state == RowState::Intended) else {
                return Err(trouble);
            };
            place.tries += 1;
            row = place.clone();
            if row.tries >= TRIES {
                row = self.give_up(row, format!("{} (tried {TRIES} times)", trouble.message)).await?;
            }
            if let Some(place) = rows.get_mut(index) {
                place.clone_from(&row);
            }
            self.keep(job, page, rows).await?;
            if row.state != RowState::Intended {
                self.record(job, &row, &job.by, "attributes-changed", took_effect).await?;
                return Ok(row);
            }
        }
    }

    /// Undoes rows, last first.
    async fn undo_all(&self, job: &mut AttributeJob, end: Instant) -> Result<Pace, Trouble> {
        let mut moving: BTreeSet<UserKey> = BTreeSet::new();
        let mut open = false;
        let by = job.undone_by.clone().unwrap_or_default();
        for page in (0..job.pages).rev() {
            let mut rows = self.rows(job, page).await?;
            for index in (0..rows.len()).rev() {
                let Some(row) = rows.get(index).cloned() else { continue };
                if row.state == RowState::Undone {
                    self.still_moving(&row, &mut moving).await?;
                }
                if !undo::undoable(&row) {
                    continue;
                }
                if let Some(stop) = state::load(self.ports.store, &state::stop()).await?.flatten() {
                    return Ok(Pace::Stopped(stop));
                }
                if self.out_of_time(end) {
                    return Ok(Pace::OutOfTime);
                }
                let row = undo::intended(row);
                if let Some(place) = rows.get_mut(index) {
                    place.clone_from(&row);
                }
                self.keep(job, page, &rows).await?;
                match self.undo_row(row, &mut moving).await? {
                    Undone::Later => open = true,
                    Undone::Yes(row) => {
                        self.record(job, &row, &by, "attributes-undone", |state| *state == ChangeState::Undone).await?;
                        if let Some(place) = rows.get_mut(index) {
                            *place = *row;
                        }
                        self.keep(job, page, &rows).await?;
                    }
                }
            }
        }
        if !open {
            job.stage = JobStage::Undone;
            self.keep_job(job).await?;
        }
        Ok(Pace::Rested)
    }

    /// Whether Confluence still shows the name of a row that was undone and on whose old name others wait.
    async fn still_moving(&self, row: &AttributeRow, moving: &mut BTreeSet<UserKey>) -> Result<(), Trouble> {
        let linked = row.temporary || row.via.is_some() || row.after.is_some();
        if let (true, Some(key), Some((_, to))) = (linked, &row.key, super::act::names(row)) {
            let person = self.ports.confluence.account(Who::Key(key)).await?;
            if person.is_some_and(|person| person.username == *to) {
                moving.insert(key.clone());
            }
        }
        Ok(())
    }
}

fn took_effect(state: &ChangeState) -> bool {
    matches!(state, ChangeState::Done | ChangeState::Waiting)
}
