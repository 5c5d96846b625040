//! The check of one row before anything is written: whether the account is there and may be changed, whether the new
//! name is free everywhere, and whether somebody here can make each change at all.

use super::{
    desk::{Desk, Known, is_in},
    order::refuse,
    rules::same,
};
use crate::{
    ports::{
        Attributes, Clock, ConfluenceRead, ConfluenceWrite, ErrorClass, Person, PortError, Rename, Store,
        UpdateAttributes, Who,
    },
    state::{AttributeChange, AttributeRow, Change, ChangeState, RowState},
    trouble::Trouble,
};
use seatkeeper_policy::{GroupName, Status, Username, journal::Taken};
use std::collections::BTreeMap;

/// How a rename is done by hand, where nothing here can.
pub const RENAME_BY_HAND: &str = "nothing is configured here that renames accounts. In Confluence's internal directory: \
     Administration, Users, the account, Edit Details, Username. In Crowd or Jira: \
     POST /rest/usermanagement/1/user/rename?username=OLD with {\"new-name\": \"NEW\"}, or set crowd_origin and its \
     companions and send this again. In LDAP or Active Directory: rename it there and synchronise";

/// How mail address and full name are changed by hand, where nothing here can.
pub const UPDATE_BY_HAND: &str = "nothing here changes mail addresses and full names: Confluence has no call for it \
     before 10.0, and Crowd is not configured. In Confluence: Administration, Users, the account, Edit Details. In \
     Crowd: PUT /rest/usermanagement/1/user?username=NAME with the whole account as GET gave it";

/// Whether a refusal says something about one account only, so that the other rows can be looked at.
fn about_this_account(error: &PortError) -> bool {
    matches!(error.class, ErrorClass::Refused | ErrorClass::Gone)
}

impl<S, X, N, U, C> Desk<'_, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    /// Looks at one row. An error says nothing about the row.
    pub(super) async fn look(
        &self,
        mut row: AttributeRow,
        groups: &BTreeMap<GroupName, bool>,
        known: &BTreeMap<String, Known>,
    ) -> Result<AttributeRow, Trouble> {
        row.looked = true;
        let Ok(name) = Username::parse(row.username.clone()) else { return Ok(row) };
        let person = self.ports.confluence.account(Who::Name(&name)).await?;
        let Some(person) = person.filter(|person| same(person.username.as_str(), name.as_str())) else {
            refuse(&mut row, "username", name.as_str(), "no account in Confluence has this name");
            return Ok(row);
        };
        row.username = person.username.to_string();
        row.key = Some(person.key.clone());
        if person.status == Status::ExternallyDeleted {
            refuse(&mut row, "username", name.as_str(), "is gone from its directory, so it cannot be changed");
        }
        let held = self.held(&person.key).await?;
        let about = known.get(&name.as_str().to_lowercase());
        if about.is_none() && !row.temporary {
            row.notes.push("not known whether its directory takes changes: the newest sweep did not see it".to_owned());
        }
        let about = about.cloned().unwrap_or_default();
        row.changes = Vec::new();
        self.look_at_groups(&mut row, &person, &held, groups, &about).await?;
        self.look_at_details(&mut row, &person, &about).await?;
        self.look_at_name(&mut row, &person, &held, &about).await?;
        if row.state == RowState::Unchecked {
            row.state = RowState::Planned;
        }
        Ok(row)
    }

    async fn look_at_groups(
        &self,
        row: &mut AttributeRow,
        person: &Person,
        held: &Taken,
        exists: &BTreeMap<GroupName, bool>,
        about: &Known,
    ) -> Result<(), Trouble> {
        let parse = |names: &[String]| -> Vec<GroupName> {
            names.iter().filter_map(|name| GroupName::parse(name.as_str()).ok()).collect()
        };
        let (joins, leaves) = (parse(&row.wish.add_groups), parse(&row.wish.remove_groups));
        if joins.is_empty() && leaves.is_empty() {
            return Ok(());
        }
        let now = self.ports.confluence.groups_of(&person.key).await?;
        for (field, group) in
            joins.iter().map(|group| ("add-groups", group)).chain(leaves.iter().map(|group| ("remove-groups", group)))
        {
            let mut against = |problem: String| refuse(row, field, group.as_str(), problem);
            if exists.get(group) == Some(&false) {
                against("there is no such group".to_owned());
            }
            if about.groups_fixed {
                let directory = about.directory.as_deref().unwrap_or("its directory");
                against(format!("{directory} takes no changes of memberships from Confluence; change it there"));
            }
            let join = field == "add-groups";
            if join && self.administers(group) {
                against("is a group of administrators; make administrators in Confluence itself".to_owned());
            }
            if join && is_in(&held.groups, group) {
                against(
                    "was taken by a sweep; it comes back with the next login, or undo that run, so that it is given back \
                     within the seat limit"
                        .to_owned(),
                );
            }
            if !join && person.key == self.own && self.gives_seat(group) {
                against("our own account needs it to work".to_owned());
            }
            let there = is_in(&now, group);
            if join && !there && self.takes_seat(group, person.status, &now) {
                row.seat = true;
            }
            let (change, needed) =
                if join { (Change::Join(group.clone()), !there) } else { (Change::Leave(group.clone()), there) };
            if !needed {
                let word = if join { "is in" } else { "is not in" };
                row.notes.push(format!("{word} group `{group}` already"));
            }
            let state = if needed { ChangeState::Planned } else { ChangeState::NotNeeded };
            row.changes.push(AttributeChange { change, state });
        }
        Ok(())
    }

    async fn look_at_details(&self, row: &mut AttributeRow, person: &Person, about: &Known) -> Result<(), Trouble> {
        let (email, full_name) = (row.wish.email.clone(), row.wish.full_name.clone());
        let (field, value) = if email.is_empty() { ("full-name", full_name.clone()) } else { ("email", email.clone()) };
        if value.is_empty() {
            return Ok(());
        }
        let Some(updater) = self.updater else {
            refuse(row, field, &value, UPDATE_BY_HAND);
            return Ok(());
        };
        if about.fixed {
            let directory = about.directory.as_deref().unwrap_or("its directory");
            refuse(
                row,
                field,
                &value,
                format!("{directory} takes no changes of accounts from Confluence; change it there"),
            );
            return Ok(());
        }
        let from = match self.ports.update.attributes(&person.username).await {
            Ok(from) => from,
            Err(error) if about_this_account(&error) => {
                refuse(row, field, &value, error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let Some(from) = from else {
            refuse(
                row,
                field,
                &value,
                format!("{updater} does not know the account; change it in the directory it comes from"),
            );
            return Ok(());
        };
        let mut to = from.clone();
        if !email.is_empty() {
            to.email = email;
        }
        if !full_name.is_empty() {
            to.full_name = full_name;
        }
        let Attributes { full_name, email } = &to;
        if full_name.trim().is_empty() || email.trim().is_empty() {
            let missing = if email.trim().is_empty() { "email" } else { "full-name" };
            refuse(row, missing, "", "is empty at present, and both are set together; give it as well");
        } else if to == from {
            row.notes.push("mail address and full name are so already".to_owned());
        } else {
            row.changes.push(AttributeChange { change: Change::Details { from, to }, state: ChangeState::Planned });
        }
        Ok(())
    }

    async fn look_at_name(
        &self,
        row: &mut AttributeRow,
        person: &Person,
        held: &Taken,
        about: &Known,
    ) -> Result<(), Trouble> {
        let text = row.wish.new_username.clone();
        let Ok(to) = Username::parse(text.clone()) else { return Ok(()) };
        let mut problems: Vec<String> = Vec::new();
        if person.key == self.own {
            problems.push("our own account is never renamed; change confluence_user and rename it by hand".to_owned());
        }
        if !held.is_empty() {
            problems.push(
                "a sweep took the seat of this account and finds it by its name when it gives everything back; restore it \
                 first (the next login does, or undo that run)"
                    .to_owned(),
            );
        }
        let directory = about.directory.as_deref().unwrap_or("its directory");
        if about.fixed {
            problems.push(format!(
                "{directory} takes no changes of accounts from Confluence; rename it there and synchronise: which new name \
                 belongs to which account is then decided by the directory's unique-id attribute"
            ));
        }
        if let Some(shadow) = &about.shadow {
            problems.push(format!(
                "{shadow} holds an account of the same name, which would come to light under the old name; remove or rename \
                 that one first"
            ));
        }
        if self.ports.rename.available() {
            if self.ports.rename.holder(&person.username).await?.is_none() {
                problems.push("Crowd does not know the account; rename it in the directory it comes from".to_owned());
            }
        } else {
            problems.push(RENAME_BY_HAND.to_owned());
        }
        if row.after.is_none() {
            if let Some(other) = self.taken_by(&to, &person.key).await? {
                problems.push(format!(
                    "is taken in Confluence by another account (key {other}). Confluence cannot merge two accounts: rename \
                     or empty that one first, synchronise, and only then go on with this one"
                ));
            }
            if self.ports.rename.available()
                && let Some(holder) = self.ports.rename.holder(&to).await?
            {
                problems.push(format!("is taken in Crowd by `{holder}`, active or not; choose another name"));
            }
        }
        for problem in problems {
            refuse(row, "new-username", &text, problem);
        }
        let from = row.via.clone().unwrap_or_else(|| person.username.clone());
        row.changes.push(AttributeChange { change: Change::Rename { from, to }, state: ChangeState::Planned });
        Ok(())
    }
}
