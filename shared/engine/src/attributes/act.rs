//! One row: read again, compared with what the check saw, then the intent, the calls, reading again, the outcome.

use super::{
    desk::{Desk, is_in},
    seat::Miss,
};
use crate::{
    ports::{Attributes, Clock, ConfluenceRead, ConfluenceWrite, Person, Rename, Store, UpdateAttributes, Who},
    state::{AttributeRow, Change, ChangeState, RowState},
    trouble::Trouble,
};
use seatkeeper_policy::{GroupName, Username};
use std::collections::BTreeSet;

/// The old and the new name of a row that renames.
pub(super) fn names(row: &AttributeRow) -> Option<(&Username, &Username)> {
    row.changes.iter().find_map(|change| match &change.change {
        Change::Rename { from, to } => Some((from, to)),
        Change::Join(_) | Change::Leave(_) | Change::Details { .. } => None,
    })
}

/// What a row of a directory that was synchronised in between says when the account did not keep its identity.
const NEW_ACCOUNT: &str = "the synchronisation made a new account of this name instead of renaming the old one, so its \
     content stays with the old account: check the unique-id attribute of the directory in Confluence's directory \
     settings, then undo this row";

impl<S, X, N, U, C> Desk<'_, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    /// Compares the account with what the check saw. The row comes back intended, or skipped with the reason.
    pub(super) async fn begin(&self, mut row: AttributeRow) -> Result<AttributeRow, Trouble> {
        let skipped = |mut row: AttributeRow, why: String| {
            row.state = RowState::Skipped { why };
            Ok(row)
        };
        let Some(key) = row.key.clone() else { return skipped(row, "the account was never found".to_owned()) };
        let Some(person) = self.ports.confluence.account(Who::Key(&key)).await? else {
            return skipped(row, "the account does not exist any more".to_owned());
        };
        let expected = row.via.as_ref().map_or_else(|| row.username.clone(), ToString::to_string);
        if person.username.as_str() != expected {
            let why = format!("the account is called `{}` now, not `{expected}`", person.username);
            return skipped(row, why);
        }
        if names(&row).is_some() && !self.held(&key).await?.is_empty() {
            return skipped(row, "a sweep took its seat since the check; restore it first".to_owned());
        }
        let groups = self.groups_if_needed(&row).await?;
        let mut why = None;
        for change in row.changes.iter_mut().filter(|change| change.state == ChangeState::Planned) {
            match &change.change {
                Change::Join(group) if is_in(&groups, group) => change.state = ChangeState::NotNeeded,
                Change::Leave(group) if !is_in(&groups, group) => change.state = ChangeState::NotNeeded,
                Change::Join(_) | Change::Leave(_) => {}
                Change::Details { from, to } => {
                    let now = self.ports.update.attributes(&person.username).await?;
                    match now {
                        Some(now) if now == *to => change.state = ChangeState::NotNeeded,
                        Some(now) if now == *from => {}
                        Some(_) => why = Some("mail address or full name changed since the check".to_owned()),
                        None => why = Some("mail address and full name cannot be read any more".to_owned()),
                    }
                }
                Change::Rename { from: _, to } => {
                    if let Some(other) = self.taken_by(to, &key).await? {
                        why = Some(format!("the name `{to}` is taken by another account (key {other})"));
                    } else if let Some(holder) = self.ports.rename.holder(to).await? {
                        why = Some(format!("the name is taken in Crowd by `{holder}`"));
                    }
                }
            }
        }
        if let Some(why) = why {
            return skipped(row, why);
        }
        row.state = RowState::Intended;
        Ok(row)
    }

    /// Carries an intended row out and reads it again. After a crash everything that is so already counts as done.
    pub(super) async fn finish(&self, mut row: AttributeRow) -> Result<AttributeRow, Trouble> {
        let Some(key) = row.key.clone() else { return Ok(row) };
        let Some(person) = self.ports.confluence.account(Who::Key(&key)).await? else {
            row.state = RowState::Failed { why: "the account does not exist any more".to_owned() };
            return Ok(row);
        };
        let expected = row.via.as_ref().map_or_else(|| row.username.clone(), ToString::to_string);
        let new = names(&row).map(|(_, to)| to.clone());
        if person.username.as_str() != expected && new.as_ref() != Some(&person.username) {
            let why = format!("somebody renamed the account to `{}` in the middle; look at it", person.username);
            row.state = RowState::Failed { why };
            return Ok(row);
        }
        let before = self.groups_if_needed(&row).await?;
        let mut failed: Option<(usize, String)> = None;
        for (index, change) in row.changes.iter().enumerate() {
            if change.state != ChangeState::Planned {
                continue;
            }
            match self.call(&person, &change.change, &before, new.as_ref()).await {
                Ok(()) => {}
                Err(Miss::Again(trouble)) => return Err(trouble),
                Err(Miss::Final(why)) => {
                    failed = Some((index, why));
                    // The name changes last, and only if everything before it is as wished.
                    break;
                }
            }
        }
        let reason = |index: usize| match &failed {
            Some((at, why)) if *at == index => Some(why.clone()),
            Some((at, _)) if *at < index => Some("left alone, because a change before it failed".to_owned()),
            Some(_) | None => None,
        };
        self.read_again(&mut row, reason).await?;
        Ok(row)
    }

    async fn call(
        &self,
        person: &Person,
        change: &Change,
        before: &BTreeSet<GroupName>,
        new: Option<&Username>,
    ) -> Result<(), Miss> {
        match change {
            Change::Join(group) if is_in(before, group) => Ok(()),
            Change::Join(group) => self.join(person, group, before).await,
            Change::Leave(group) if !is_in(before, group) => Ok(()),
            Change::Leave(group) => self.leave(person, group).await,
            Change::Details { from, to } => {
                let mut called = vec![&person.username];
                called.extend(new);
                let now = self.details(&called).await.map_err(Trouble::from)?;
                self.set_details(now, from, to).await
            }
            Change::Rename { to, .. } if person.username == *to => Ok(()),
            Change::Rename { from, to } => match self.ports.rename.rename(from, to).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.missed(error).await),
            },
        }
    }

    /// Sets mail address and full name, if they are still what they were.
    pub(super) async fn set_details(
        &self,
        now: Option<(Username, Attributes)>,
        from: &Attributes,
        to: &Attributes,
    ) -> Result<(), Miss> {
        let Some((name, now)) = now else {
            return Err(Miss::Final("mail address and full name cannot be read any more".to_owned()));
        };
        if now == *to {
            return Ok(());
        }
        if now != *from {
            return Err(Miss::Final("mail address or full name were changed by somebody else".to_owned()));
        }
        match self.ports.update.update(&name, to).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.missed(error).await),
        }
    }

    /// The outcome of a row whose next change cannot be made: what is as wished by now counts as done.
    pub(super) async fn give_up(&self, mut row: AttributeRow, why: String) -> Result<AttributeRow, Trouble> {
        self.read_again(&mut row, |_| Some(why.clone())).await?;
        Ok(row)
    }

    /// Reads the account again and gives every change its outcome. What took effect is done, whatever a call said;
    /// `failed` says why a change without effect has none.
    async fn read_again(
        &self,
        row: &mut AttributeRow,
        failed: impl Fn(usize) -> Option<String>,
    ) -> Result<(), Trouble> {
        let Some(key) = row.key.clone() else { return Ok(()) };
        let person = self.ports.confluence.account(Who::Key(&key)).await?;
        let groups = self.groups_if_needed(row).await?;
        let new = names(row).map(|(_, to)| to.clone());
        for (index, change) in row.changes.iter_mut().enumerate() {
            if change.state != ChangeState::Planned {
                continue;
            }
            let found = match (&change.change, &person) {
                (_, None) => ChangeState::Failed { why: "the account is gone".to_owned() },
                (Change::Join(group), Some(_)) if is_in(&groups, group) => ChangeState::Done,
                (Change::Leave(group), Some(_)) if !is_in(&groups, group) => ChangeState::Done,
                (Change::Join(_) | Change::Leave(_), Some(_)) => ChangeState::NotEffective,
                (Change::Details { to, .. }, Some(person)) => {
                    let mut called: Vec<&Username> = new.iter().collect();
                    called.push(&person.username);
                    match self.details(&called).await? {
                        Some((_, now)) if now == *to => ChangeState::Done,
                        Some(_) | None => ChangeState::NotEffective,
                    }
                }
                (Change::Rename { from, to }, Some(person)) => self.renamed(from, to, person).await?,
            };
            change.state = match (found, failed(index)) {
                (state @ (ChangeState::Done | ChangeState::Waiting), _) | (state, None) => state,
                (_, Some(why)) => ChangeState::Failed { why },
            };
        }
        row.state = outcome(row);
        Ok(())
    }

    /// How a rename stands: Confluence shows it, or only the directory has it so far, or nobody.
    async fn renamed(&self, from: &Username, to: &Username, person: &Person) -> Result<ChangeState, Trouble> {
        if person.username == *to {
            return Ok(ChangeState::Done);
        }
        if self.taken_by(to, &person.key).await?.is_some() {
            return Ok(ChangeState::Failed { why: NEW_ACCOUNT.to_owned() });
        }
        let directory = (self.ports.rename.holder(to).await?, self.ports.rename.holder(from).await?);
        Ok(if matches!(directory, (Some(_), None)) { ChangeState::Waiting } else { ChangeState::NotEffective })
    }

    /// Looks whether Confluence shows a name by now that so far only the directory had.
    pub(super) async fn refresh(&self, mut row: AttributeRow) -> Result<AttributeRow, Trouble> {
        let Some(key) = row.key.clone() else { return Ok(row) };
        let person = self.ports.confluence.account(Who::Key(&key)).await?;
        for change in row.changes.iter_mut().filter(|change| change.state == ChangeState::Waiting) {
            if let (Change::Rename { from, to }, Some(person)) = (&change.change, &person) {
                change.state = self.renamed(from, to, person).await?;
            }
        }
        row.state = outcome(&row);
        Ok(row)
    }

    pub(super) async fn groups_if_needed(&self, row: &AttributeRow) -> Result<BTreeSet<GroupName>, Trouble> {
        let needed = row.changes.iter().any(|change| matches!(change.change, Change::Join(_) | Change::Leave(_)));
        match &row.key {
            Some(key) if needed => Ok(self.ports.confluence.groups_of(key).await?),
            Some(_) | None => Ok(BTreeSet::new()),
        }
    }
}

/// A change in words, without mail addresses and full names: those are in the job.
pub(super) fn told(change: &Change) -> String {
    match change {
        Change::Join(group) => format!("into group `{group}`"),
        Change::Leave(group) => format!("out of group `{group}`"),
        Change::Details { from, to } => {
            let parts = [("mail address", from.email != to.email), ("full name", from.full_name != to.full_name)];
            let parts: Vec<&str> = parts.iter().filter(|(_, changed)| *changed).map(|(part, _)| *part).collect();
            format!("{} changed", parts.join(" and "))
        }
        Change::Rename { from, to } => format!("renamed from `{from}` to `{to}`"),
    }
}

/// The state of a row, from those of its changes.
fn outcome(row: &AttributeRow) -> RowState {
    let with = |wanted: fn(&ChangeState) -> bool| -> Vec<&crate::state::AttributeChange> {
        row.changes.iter().filter(|change| wanted(&change.state)).collect()
    };
    let failed = with(|state| matches!(state, ChangeState::Failed { .. }));
    if !failed.is_empty() {
        let why = failed.iter().map(|change| match &change.state {
            ChangeState::Failed { why } => format!("{}: {why}", told(&change.change)),
            _ => told(&change.change),
        });
        let mut why = why.collect::<Vec<_>>().join("; ");
        if let Some(name) = &row.via {
            why = format!("{why}. The account is called `{name}` meanwhile; undo the job to give it its old name back");
        }
        return RowState::Failed { why };
    }
    let idle = with(|state| matches!(state, ChangeState::NotEffective));
    if !idle.is_empty() {
        let what: Vec<String> = idle.iter().map(|change| told(&change.change)).collect();
        let why = format!(
            "accepted, and nothing changed ({}): the directory may be read-only or the membership inherited",
            what.join("; ")
        );
        return RowState::NotEffective { why };
    }
    if with(|state| matches!(state, ChangeState::Waiting)).is_empty() { RowState::Done } else { RowState::Waiting }
}
