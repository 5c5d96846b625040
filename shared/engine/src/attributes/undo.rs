//! Undoing a row: what was done is taken back, as far as the present values are still the ones that we wrote.

use super::{
    act::{names, told},
    desk::{Desk, is_in},
    seat::Miss,
};
use crate::{
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Person, Rename, Store, UpdateAttributes, Who},
    state::{AttributeRow, Change, ChangeState, RowState},
    trouble::Trouble,
};
use seatkeeper_policy::{GroupName, UserKey, Username};
use std::collections::BTreeSet;

/// Whether there is something to take back.
pub(super) fn undoable(row: &AttributeRow) -> bool {
    let some = |wanted: fn(&ChangeState) -> bool| row.changes.iter().any(|change| wanted(&change.state));
    match row.state {
        RowState::Intended | RowState::UndoIntended => true,
        RowState::Done | RowState::Waiting | RowState::NotEffective { .. } | RowState::Failed { .. } => {
            some(|state| matches!(state, ChangeState::Done | ChangeState::Waiting))
        }
        RowState::Unchecked
        | RowState::Planned
        | RowState::Refused { .. }
        | RowState::Skipped { .. }
        | RowState::Undone
        | RowState::NotUndone { .. } => false,
    }
}

/// A row just before its undo. What has no outcome after a crash counts as done: the present values decide.
pub(super) fn intended(mut row: AttributeRow) -> AttributeRow {
    let unknown = row.state == RowState::Intended;
    for change in row.changes.iter_mut().filter(|change| unknown && change.state == ChangeState::Planned) {
        change.state = ChangeState::Done;
    }
    row.state = RowState::UndoIntended;
    row
}

/// How far one row came.
pub(super) enum Undone {
    /// It has its outcome.
    Yes(Box<AttributeRow>),
    /// Another rename of this job has to show in Confluence first.
    Later,
}

impl<S, X, N, U, C> Desk<'_, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    /// Undoes one row. `waiting` are accounts whose name Confluence does not show yet; this row's may be added.
    pub(super) async fn undo_row(
        &self,
        mut row: AttributeRow,
        waiting: &mut BTreeSet<UserKey>,
    ) -> Result<Undone, Trouble> {
        let Some(key) = row.key.clone() else { return Ok(Undone::Yes(Box::new(row))) };
        let Some(person) = self.ports.confluence.account(Who::Key(&key)).await? else {
            row.state = RowState::NotUndone { why: "the account does not exist any more".to_owned() };
            return Ok(Undone::Yes(Box::new(row)));
        };
        let renamed = row.changes.iter().any(|change| {
            matches!(change.change, Change::Rename { .. })
                && matches!(change.state, ChangeState::Done | ChangeState::Waiting)
        });
        let both = names(&row).filter(|_| renamed).map(|(from, to)| (from.clone(), to.clone()));
        let mut name_first = false;
        if let Some((from, to)) = &both {
            let moving = waiting.contains(&key);
            if person.username == *from && !moving {
                // Confluence never showed the new name, or shows the old one again.
                name_first =
                    self.ports.rename.holder(to).await?.is_some() && self.ports.rename.holder(from).await?.is_none();
            } else if person.username != *to {
                if moving {
                    return Ok(Undone::Later);
                }
                let why = format!("the account is called `{}` now, not `{to}`; look at it", person.username);
                row.state = RowState::NotUndone { why };
                return Ok(Undone::Yes(Box::new(row)));
            }
            if let Some(other) = self.taken_by(from, &key).await? {
                if waiting.contains(&other) {
                    return Ok(Undone::Later);
                }
                let why = format!("the old name `{from}` is taken by another account (key {other})");
                row.state = RowState::NotUndone { why };
                return Ok(Undone::Yes(Box::new(row)));
            }
        }
        if name_first && let Some((from, to)) = &both {
            self.rename_back(&mut row, from, to).await?;
        }
        self.undo_others(&mut row, &person).await?;
        if !name_first && let Some((from, to)) = &both {
            self.rename_back(&mut row, from, to).await?;
            let shown = self.ports.confluence.account(Who::Key(&key)).await?;
            if shown.is_some_and(|shown| shown.username == *to) {
                waiting.insert(key);
            }
        }
        row.state = outcome(&row);
        Ok(Undone::Yes(Box::new(row)))
    }

    async fn undo_others(&self, row: &mut AttributeRow, person: &Person) -> Result<(), Trouble> {
        let mut groups = self.groups_if_needed(row).await?;
        for change in row.changes.iter_mut().rev().filter(|change| change.state == ChangeState::Done) {
            if matches!(change.change, Change::Rename { .. }) {
                continue;
            }
            let result = self.take_back(person, &change.change, &groups).await;
            change.state = match result {
                Ok(()) => ChangeState::Undone,
                Err(Miss::Final(why)) => ChangeState::NotUndone { why },
                Err(Miss::Again(trouble)) => return Err(trouble),
            };
            if matches!(change.change, Change::Join(_) | Change::Leave(_)) {
                groups = self.ports.confluence.groups_of(&person.key).await?;
            }
        }
        Ok(())
    }

    async fn take_back(&self, person: &Person, change: &Change, groups: &BTreeSet<GroupName>) -> Result<(), Miss> {
        let not_effective = || Miss::Final("accepted, and nothing changed".to_owned());
        match change {
            Change::Join(group) => {
                if is_in(groups, group) {
                    self.leave(person, group).await?;
                    let now = self.ports.confluence.groups_of(&person.key).await.map_err(Trouble::from)?;
                    return if is_in(&now, group) { Err(not_effective()) } else { Ok(()) };
                }
                Ok(())
            }
            Change::Leave(group) => {
                if !is_in(groups, group) {
                    self.join(person, group, groups).await?;
                    let now = self.ports.confluence.groups_of(&person.key).await.map_err(Trouble::from)?;
                    return if is_in(&now, group) { Ok(()) } else { Err(not_effective()) };
                }
                Ok(())
            }
            Change::Details { from, to } => {
                let now = self.details(&[&person.username]).await.map_err(Trouble::from)?;
                let name = now.as_ref().map(|(name, _)| name.clone());
                self.set_details(now, to, from).await?;
                let called: Vec<&Username> = name.iter().collect();
                let now = self.details(&called).await.map_err(Trouble::from)?;
                if now.is_some_and(|(_, now)| now == *from) { Ok(()) } else { Err(not_effective()) }
            }
            Change::Rename { .. } => Ok(()),
        }
    }

    async fn rename_back(&self, row: &mut AttributeRow, from: &Username, to: &Username) -> Result<(), Trouble> {
        let state = match self.ports.rename.rename(to, from).await {
            Ok(()) => ChangeState::Undone,
            Err(error) => match self.missed(error).await {
                Miss::Again(trouble) => return Err(trouble),
                Miss::Final(why) => ChangeState::NotUndone { why },
            },
        };
        for change in row.changes.iter_mut().filter(|change| matches!(change.change, Change::Rename { .. })) {
            change.state = state.clone();
        }
        Ok(())
    }
}

fn outcome(row: &AttributeRow) -> RowState {
    let kept: Vec<String> = row
        .changes
        .iter()
        .filter_map(|change| match &change.state {
            ChangeState::NotUndone { why } => Some(format!("{}: {why}", told(&change.change))),
            _ => None,
        })
        .collect();
    if kept.is_empty() { RowState::Undone } else { RowState::NotUndone { why: kept.join("; ") } }
}
