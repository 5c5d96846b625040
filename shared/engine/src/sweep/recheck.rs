//! What is looked at once more just before an account is touched: whether the person is protected by now, or was seen.

use super::{Skip, Tick};
use crate::{
    ports::{Clock, ErrorClass, Person, Rename, Store},
    sources::{Outside, Site},
    state::{self, Seen},
    trouble::Trouble,
};
use seatkeeper_policy::{
    Directory, GroupName, PlannedAccount, Presence, ReclaimReason, journal::Reclaim, restore::RestoreState,
};
use std::collections::BTreeSet;

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Whether somebody became protected since the plan was made: by a group, an exemption or a login we heard of.
    pub(super) async fn protected_now(
        &self,
        planned: &PlannedAccount,
        groups: &BTreeSet<GroupName>,
    ) -> Result<Option<Skip>, Trouble> {
        let now = self.ports.clock.now();
        if groups.iter().any(|group| self.policy.administrator_groups.contains(group)) {
            return Ok(Some(Skip::Administrator));
        }
        if self.policy.exemption(&planned.username, |group| groups.contains(group), now).is_some() {
            return Ok(Some(Skip::Exempt));
        }
        if self.logged_in(planned).await? {
            return Ok(Some(Skip::LoggedIn));
        }
        Ok(None)
    }

    /// Whether somebody who was called gone is there after all: the directory is asked once more, and so are all others
    /// that may speak about the person. What they do not say is no proof.
    pub(super) async fn returned(
        &self,
        planned: &PlannedAccount,
        person: &Person,
        groups: &BTreeSet<GroupName>,
    ) -> Result<Option<Skip>, Trouble> {
        let ReclaimReason::Left { directory, identity, .. } = &planned.reason else { return Ok(None) };
        let (name, email) = (person.username.as_str(), person.email.as_deref());
        let speaks = |directory: &Directory| {
            directory.responsible.as_ref().is_none_or(|members| {
                let member = members.groups.is_empty() || members.groups.iter().any(|group| groups.contains(group));
                member && !members.excludes(name, email)
            })
        };
        let Some(accuser) = self.policy.directory(directory) else {
            return Ok(Some(Skip::DirectoryRemoved));
        };
        if !speaks(accuser) {
            return Ok(Some(Skip::NotResponsible));
        }
        if !accuser.accuses(self.presence(accuser, identity).await?) {
            return Ok(Some(Skip::NotLeft));
        }
        for other in self.policy.directories.iter().filter(|other| other.name != accuser.name && speaks(other)) {
            // Where only the database tells mail addresses, what it said in the sweep has to do: whoever could not be
            // asked about then is in no plan.
            let Some(identity) = other.asked_by(name, email) else { continue };
            match self.presence(other, &identity).await? {
                Presence::Disabled | Presence::Absent => {}
                Presence::Active | Presence::Locked => {
                    return Ok(Some(Skip::PresentElsewhere));
                }
                Presence::Unknown => return Ok(Some(Skip::DirectorySilent)),
            }
        }
        Ok(None)
    }

    /// What a directory says now; a failure that will not pass is no answer.
    async fn presence(&self, directory: &Directory, identity: &str) -> Result<Presence, Trouble> {
        match self.outside.person(directory, identity).await {
            Ok(told) => Ok(told.presence),
            Err(error) => match error.class {
                ErrorClass::Unauthorized | ErrorClass::Throttled | ErrorClass::Retryable => Err(error.into()),
                ErrorClass::Refused | ErrorClass::Gone | ErrorClass::Malformed | ErrorClass::Endless => {
                    Ok(Presence::Unknown)
                }
            },
        }
    }

    /// Whether we heard of a login that the judgement did not know.
    pub(super) async fn logged_in(&self, planned: &PlannedAccount) -> Result<bool, Trouble> {
        let login = state::load(self.ports.store, &state::login(&planned.key)).await?;
        Ok(login.is_some_and(|login| login.key == planned.key && login.at > planned.reason.since()))
    }

    /// The last check, where the policy asks for it: whether the person wrote something since the last sighting. What
    /// is found is kept, so that the next sweep judges with it.
    pub(super) async fn contributed(&self, planned: &PlannedAccount) -> Result<Option<Skip>, Trouble> {
        if !self.policy.sources.contributions {
            return Ok(None);
        }
        let found = self.ports.confluence.last_contribution(&planned.username).await?;
        let Some(at) = found.filter(|at| *at > planned.reason.since()) else { return Ok(None) };
        let seen = Seen { key: planned.key.clone(), at };
        state::save(self.ports.store, &state::sighting(&planned.key), &seen).await?;
        Ok(Some(Skip::Contributed))
    }

    pub(super) async fn given_back(&self, earlier: &Reclaim) -> Result<bool, Trouble> {
        for key in [state::restore(&earlier.key), state::undo(&earlier.key)] {
            if let Some(answer) = state::load(self.ports.store, &key).await?
                && answer.answers == earlier.sweep
                && answer.state == RestoreState::Done
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
