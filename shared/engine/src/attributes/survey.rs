//! The check of a whole job: every row by itself, then all of them together. Nothing is written to Confluence or Crowd.

use super::{
    PAGE,
    conclude::{Whole, conclude, refused},
    desk::Desk,
};
use crate::{
    ports::{Clock, ConfluenceRead, ConfluenceWrite, ErrorClass, Rename, Store, UpdateAttributes},
    state::{AttributeJob, AttributeRow, Change, JobStage},
    trouble::Trouble,
};
use futures::future::join_all;
use seatkeeper_policy::{GroupName, Instant, SeatCount, UserKey};
use std::collections::BTreeSet;

/// Rows that are looked at side by side.
const ABREAST: usize = 8;
/// Different groups in one file: each is looked for once.
const MOST_GROUPS: usize = 2_000;

impl<S, X, N, U, C> Desk<'_, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    /// Looks at every row; whether it came to the end.
    pub(super) async fn look_at_all(&self, job: &mut AttributeJob, end: Instant) -> Result<bool, Trouble> {
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
    pub(super) async fn conclude(&self, job: &mut AttributeJob) -> Result<(), Trouble> {
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
        for (page, (new, old)) in (0..).zip(rows.chunks(PAGE).zip(before.chunks(PAGE))) {
            if new != old {
                self.keep(job, page, new).await?;
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
