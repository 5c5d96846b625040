//! What every row of a job is looked at with: the ports, the policy, and who is protected.

use super::{Ports, rules::same};
use crate::{
    policy_file,
    ports::{
        Attributes, Clock, ConfluenceRead, ConfluenceWrite, Holder, PortError, Rename, Store, UpdateAttributes, Who,
    },
    state,
    trouble::Trouble,
    view::snapshot_page,
};
use seatkeeper_policy::{
    GroupName, Instant, Obstacle, Policy, Status, UserKey, Username, journal::Taken, restore::RestoreState,
};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

/// Pages of members that are read at most; administrators are few.
const MOST_PAGES: u32 = 500;

/// What the newest sweep knew of an account's directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Name of the directory.
    pub directory: Option<String>,
    /// The account itself cannot be changed.
    pub fixed: bool,
    /// Its memberships cannot be changed, in this directory.
    pub groups_fixed: bool,
    /// A lower directory has an account of this name.
    pub shadow: Option<String>,
}

/// One request's view of the site.
pub(super) struct Desk<'a, S, X, N, U, C> {
    pub ports: &'a Ports<'a, S, X, N, U, C>,
    pub policy: Policy,
    pub own: UserKey,
    /// What changes mail address and full name here.
    pub updater: Option<&'static str>,
    /// Groups that give a seat, in lower case: those of the policy, and those with *can use* where that can be read.
    pub seat_groups: BTreeSet<String>,
    /// Groups of administrators, in lower case.
    pub admin_groups: BTreeSet<String>,
    /// A text that no other request uses, for the seat lock.
    pub runner: &'a str,
    /// Whether this request did something already: however slow the site is, every request comes a step further.
    pub stepped: Cell<bool>,
}

impl<'a, S, X, N, U, C> Desk<'a, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    pub(super) async fn open(ports: &'a Ports<'a, S, X, N, U, C>, runner: &'a str) -> Result<Self, Trouble> {
        let (_, policy) = policy_file::in_force(ports.store).await?;
        // An expired token would be served as a visitor, to whom accounts do not exist.
        let own = ports.confluence.whoami().await?.key;
        let mut admin_groups: BTreeSet<String> = policy.administrator_groups.iter().map(lower).collect();
        let mut seat_groups: BTreeSet<String> = policy.licence_groups.iter().map(lower).collect();
        if ports.confluence.capabilities().await?.permissions {
            let permissions = ports.confluence.permissions().await?;
            let groups = |holders: &BTreeSet<Holder>| -> Vec<String> {
                let name = |holder: &Holder| match holder {
                    Holder::Group(group) => Some(lower(group)),
                    Holder::Account(_) => None,
                };
                holders.iter().filter_map(name).collect()
            };
            seat_groups.extend(groups(&permissions.can_use));
            admin_groups.extend(groups(&permissions.administer));
        }
        seat_groups.extend(admin_groups.iter().cloned());
        let updater = ports.update.updater().await?;
        Ok(Self { ports, policy, own, updater, seat_groups, admin_groups, runner, stepped: Cell::new(false) })
    }

    /// Whether the next step has to wait for another request.
    pub(super) fn out_of_time(&self, end: Instant) -> bool {
        self.stepped.replace(true) && self.ports.clock.now() >= end
    }

    pub(super) fn gives_seat(&self, group: &GroupName) -> bool {
        self.seat_groups.contains(&lower(group))
    }

    pub(super) fn administers(&self, group: &GroupName) -> bool {
        self.admin_groups.contains(&lower(group))
    }

    /// Whether joining the group takes a seat that is free now.
    pub(super) fn takes_seat(&self, group: &GroupName, status: Status, now: &BTreeSet<GroupName>) -> bool {
        self.gives_seat(group) && status != Status::Deactivated && !now.iter().any(|held| self.gives_seat(held))
    }

    /// What a sweep took of the account and nobody gave back.
    pub(super) async fn held(&self, key: &UserKey) -> Result<Taken, Trouble> {
        let store = self.ports.store;
        let Some(reclaim) = state::load(store, &state::reclaim(key)).await?.filter(|reclaim| reclaim.key == *key)
        else {
            return Ok(Taken::default());
        };
        for answer in [state::restore(key), state::undo(key)] {
            let answer = state::load(store, &answer).await?;
            if answer.is_some_and(|answer| answer.answers == reclaim.sweep && answer.state == RestoreState::Done) {
                return Ok(Taken::default());
            }
        }
        Ok(reclaim.taken())
    }

    /// Active administrators, in all groups of administrators that the policy names.
    pub(super) async fn administrators(&self) -> Result<BTreeSet<UserKey>, Trouble> {
        let mut found = BTreeSet::new();
        for group in &self.policy.administrator_groups {
            let mut next = Some(0);
            let mut pages = 0;
            while let Some(start) = next {
                let page = match self.ports.confluence.members(group, start).await {
                    Ok(page) => page,
                    Err(error) if error.class == crate::ports::ErrorClass::Gone => break,
                    Err(error) => return Err(error.into()),
                };
                let active = page.items.into_iter().filter(|person| person.status == Status::Current);
                found.extend(active.map(|person| person.key));
                next = page.next;
                pages += 1;
                if pages >= MOST_PAGES {
                    return Err(Trouble::new(
                        "endless-listing",
                        format!("group `{group}` of administrators has no end"),
                    ));
                }
            }
        }
        Ok(found)
    }

    /// Mail address and full name, under whichever of the names the updater has the account.
    pub(super) async fn details(&self, names: &[&Username]) -> Result<Option<(Username, Attributes)>, PortError> {
        for name in names {
            if let Some(found) = self.ports.update.attributes(name).await? {
                return Ok(Some(((*name).clone(), found)));
            }
        }
        Ok(None)
    }

    /// Whoever has this name in Confluence, unless it is the account itself.
    pub(super) async fn taken_by(&self, name: &Username, key: &UserKey) -> Result<Option<UserKey>, PortError> {
        let found = self.ports.confluence.account(Who::Name(name)).await?;
        Ok(found
            .filter(|other| other.key != *key && same(other.username.as_str(), name.as_str()))
            .map(|other| other.key))
    }

    /// What the newest sweep knows of the directories of these accounts, by name in lower case.
    pub(super) async fn known(&self, names: &BTreeSet<String>) -> Result<BTreeMap<String, Known>, Trouble> {
        let store = self.ports.store;
        let mut found = BTreeMap::new();
        let Some(head) = state::load(store, &state::snapshot_current()).await? else { return Ok(found) };
        for page in 0..head.pages.count {
            if found.len() == names.len() {
                break;
            }
            for judged in snapshot_page(store, &head, page).await? {
                let account = judged.account;
                let name = account.username.as_str().to_lowercase();
                if !names.contains(&name) {
                    continue;
                }
                let mut known =
                    Known { directory: account.directory.clone(), fixed: account.fixed, ..Known::default() };
                for obstacle in account.obstacles {
                    match obstacle {
                        Obstacle::ReadOnly { directory } => {
                            known.groups_fixed = true;
                            known.directory = Some(directory);
                        }
                        Obstacle::Shadowed { directory } => known.shadow = Some(directory),
                        Obstacle::Individual
                        | Obstacle::OtherGroup(_)
                        | Obstacle::Inherited { .. }
                        | Obstacle::TriedInVain { .. }
                        | Obstacle::ComesBack { .. } => {}
                    }
                }
                found.insert(name, known);
            }
        }
        Ok(found)
    }
}

fn lower(group: &GroupName) -> String {
    group.as_str().to_lowercase()
}

/// Whether the account is in the group, whatever the case of its name.
pub(super) fn is_in(groups: &BTreeSet<GroupName>, group: &GroupName) -> bool {
    groups.iter().any(|held| same(held.as_str(), group.as_str()))
}
