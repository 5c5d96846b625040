//! Driving a job through its stages, page by page, until the time of the request is over.

use super::{
    Ports, Shift,
    act::told,
    conclude::{Whole, conclude, refused},
    desk::Desk,
    settled,
    undo::{self, Undone},
};
use crate::{
    audit::{self, Act},
    ports::{Clock, ConfluenceRead, ConfluenceWrite, ErrorClass, Rename, Store, UpdateAttributes, Who},
    state::{self, AttributeJob, AttributeRow, Change, ChangeState, JobStage, RowState, Stop},
    trouble::Trouble,
};
use futures::future::join_all;
use seatkeeper_policy::{GroupName, Instant, SeatCount, UserKey};
use std::collections::BTreeSet;

/// Rows that are looked at side by side.
const ABREAST: usize = 8;
/// Different groups in one file: each is looked for once.
const MOST_GROUPS: usize = 2_000;
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

    async fn rows(&self, job: &AttributeJob, page: u32) -> Result<Vec<AttributeRow>, Trouble> {
        let key = state::attribute_rows(&job.id, page);
        let rows = state::load(self.ports.store, &key).await?;
        rows.ok_or_else(|| Trouble::new("state-damaged", format!("`{}` is missing; order the job again", key.name())))
    }

    async fn keep(&self, job: &AttributeJob, page: u32, rows: &Vec<AttributeRow>) -> Result<(), Trouble> {
        Ok(state::save(self.ports.store, &state::attribute_rows(&job.id, page), rows).await?)
    }

    async fn keep_job(&self, job: &AttributeJob) -> Result<(), Trouble> {
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

    /// Looks at every row; whether it came to the end.
    async fn look_at_all(&self, job: &mut AttributeJob, end: Instant) -> Result<bool, Trouble> {
        let mut names = BTreeSet::new();
        for page in 0..job.pages {
            let rows = self.rows(job, page).await?;
            names.extend(rows.into_iter().filter(|row| !row.looked).map(|row| row.username.to_lowercase()));
        }
        if names.is_empty() {
            return Ok(true);
        }
        let known = self.known(&names).await?;
        for page in 0..job.pages {
            let mut rows = self.rows(job, page).await?;
            let open: Vec<usize> = rows.iter().enumerate().filter(|(_, row)| !row.looked).map(|(i, _)| i).collect();
            if open.is_empty() {
                continue;
            }
            self.find_groups(job, &rows).await?;
            for some in open.chunks(ABREAST) {
                if self.out_of_time(end) {
                    self.keep(job, page, &rows).await?;
                    return Ok(false);
                }
                let looks = some.iter().filter_map(|index| rows.get(*index).cloned());
                let looked = join_all(looks.map(|row| self.look(row, &job.groups, &known))).await;
                let mut trouble = None;
                for (index, result) in some.iter().zip(looked) {
                    match (result, rows.get_mut(*index)) {
                        (Ok(row), Some(place)) => *place = row,
                        (Err(error), _) => trouble = Some(error),
                        (Ok(_), None) => {}
                    }
                }
                if let Some(trouble) = trouble {
                    self.keep(job, page, &rows).await?;
                    return Err(trouble);
                }
            }
            self.keep(job, page, &rows).await?;
        }
        Ok(true)
    }

    /// Finds out which of the groups on a page exist.
    async fn find_groups(&self, job: &mut AttributeJob, rows: &[AttributeRow]) -> Result<(), Trouble> {
        let mut new = BTreeSet::new();
        for row in rows {
            for name in row.wish.add_groups.iter().chain(&row.wish.remove_groups) {
                new.extend(GroupName::parse(name.as_str()).ok().filter(|name| !job.groups.contains_key(name)));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        for group in new {
            if job.groups.len() >= MOST_GROUPS {
                let message = format!("the file names more than {MOST_GROUPS} different groups; send it in parts");
                return Err(Trouble::new("refused", message));
            }
            let exists = match self.ports.confluence.members(&group, 0).await {
                Ok(_) => true,
                Err(error) if error.class == ErrorClass::Gone => false,
                Err(error) => return Err(error.into()),
            };
            job.groups.insert(group, exists);
        }
        self.keep_job(job).await
    }

    /// All rows together; then the job goes on, or is refused, or was a dry run.
    async fn conclude(&self, job: &mut AttributeJob) -> Result<(), Trouble> {
        let mut rows = Vec::new();
        for page in 0..job.pages {
            rows.extend(self.rows(job, page).await?);
        }
        let before = rows.clone();
        let leaves = |row: &AttributeRow| {
            row.changes.iter().any(|change| matches!(&change.change, Change::Leave(group) if self.administers(group)))
        };
        let administrators =
            if rows.iter().any(leaves) { self.administrators().await? } else { BTreeSet::<UserKey>::new() };
        let seats = if rows.iter().any(|row| row.seat) {
            self.ports.confluence.seats().await?
        } else {
            SeatCount { used: 0, max: None }
        };
        let whole = Whole { seats, buffer: self.policy.restore.seat_buffer, administrators: &administrators };
        conclude(&mut rows, &whole, |group| self.administers(group));
        for (page, (new, old)) in (0..).zip(rows.chunks(super::PAGE).zip(before.chunks(super::PAGE))) {
            if new != old {
                self.keep(job, page, &new.to_vec()).await?;
            }
        }
        let against = rows.iter().filter(|row| refused(row)).count();
        job.stage = if job.dry_run {
            JobStage::Checked
        } else if against > 0 && (!job.skip_refused || against == rows.len()) {
            JobStage::Refused
        } else {
            JobStage::Working
        };
        job.notes = notes(&rows);
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
        rows: &mut Vec<AttributeRow>,
        index: usize,
        row: AttributeRow,
    ) -> Result<AttributeRow, Trouble> {
        let mut put = |row: &AttributeRow| {
            if let Some(place) = rows.get_mut(index) {
                place.clone_from(row);
            }
            rows.clone()
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
        rows: &mut Vec<AttributeRow>,
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

/// What whoever ordered a job with renames should know: the order of work after an acquisition.
fn notes(rows: &[AttributeRow]) -> Vec<String> {
    let renames = rows.iter().filter(|row| !refused(row) && !row.wish.new_username.is_empty()).count();
    if renames == 0 {
        return Vec::new();
    }
    let mut notes = vec![
        "Confluence shows a new name only after it has synchronised with the directory: synchronise before the next step, \
         above all before another directory is added that holds the same people."
            .to_owned(),
        "An account keeps its content only if the directory keeps its identity: check the unique-id attribute of the \
         directory in Confluence before the first rename, or the synchronisation makes new accounts."
            .to_owned(),
    ];
    if rows.iter().any(|row| row.temporary) {
        notes.push(
            "Names go round in a circle; one account of each circle gets a temporary name in between.".to_owned(),
        );
    }
    notes
}
