//! The simulated site's database as a source: the facts that its tables would hold, in pages, behind the tap.

use crate::{Lab, Tap};
use chrono::{DateTime, Utc};
use seatkeeper_engine::{
    ports::{ErrorClass, Holder, PortError, SeatPermissions},
    sources::{Database, DatabaseAccount, DatabasePage, DatabaseStructure},
};
use seatkeeper_policy::{GroupName, UserKey, Username};
use seatkeeper_simulator::{
    Simulator,
    world::{Directory, DirectoryId, Grant, Subject, UserId, World},
};
use std::collections::BTreeSet;

/// Accounts on a page: small, so that every lab has several pages.
const PAGE: usize = 25;

/// The database of a lab, if the lab has one.
pub struct LabDatabase<'a> {
    sim: Simulator,
    tap: &'a Tap,
    on: bool,
    fault: Option<ErrorClass>,
}

impl<'a> LabDatabase<'a> {
    /// The database of a lab behind a tap.
    pub fn of(lab: &Lab, tap: &'a Tap) -> Self {
        Self { sim: lab.sim.clone(), tap, on: lab.database, fault: lab.database_fault.get() }
    }
}

impl Database for LabDatabase<'_> {
    fn configured(&self) -> bool {
        self.on
    }

    async fn accounts(&self, groups: &BTreeSet<GroupName>, after: Option<&str>) -> Result<DatabasePage, PortError> {
        let read = async {
            match self.fault {
                None => Ok(page(&self.sim.world(), groups, after)),
                Some(class) => {
                    let (operation, detail) = ("read accounts from the database".to_owned(), "as ordered".to_owned());
                    Err(PortError { class, operation, detail })
                }
            }
        };
        self.tap.call("read database".to_owned(), read).await
    }

    async fn structure(&self) -> Result<DatabaseStructure, PortError> {
        if !self.on {
            return Ok(DatabaseStructure::default());
        }
        let read = async { structure(&self.sim.world()) };
        Ok(self.tap.call("read database structure".to_owned(), read).await)
    }
}

fn structure(world: &World) -> DatabaseStructure {
    let holders = |wanted: fn(&Grant) -> bool| {
        let grants = world.grants().iter().filter(move |grant| wanted(grant));
        grants.filter_map(|grant| match grant.subject {
            Subject::Group(group) => Some(Holder::Group(GroupName::parse(&*world.group(group).name).unwrap())),
            Subject::User(id) => Some(Holder::Account(UserKey::parse(world.user(id).key_text()).unwrap())),
            Subject::Anonymous | Subject::Unlicensed => None,
        })
    };
    let name = |id| GroupName::parse(&*world.group(id).name).unwrap();
    let nested = world.groups_by_name().iter().flat_map(|outer| {
        let inner = &world.group(*outer).children;
        inner.iter().map(move |inner| (name(*outer), name(*inner)))
    });
    DatabaseStructure {
        permissions: SeatPermissions {
            can_use: holders(|grant| grant.operation.is_use()).collect(),
            administer: holders(|grant| grant.operation.is_administer()).collect(),
        },
        nested: nested.collect(),
    }
}

fn page(world: &World, groups: &BTreeSet<GroupName>, after: Option<&str>) -> DatabasePage {
    let all = world.users_by_name();
    let from = all.partition_point(|id| after.is_some_and(|after| &*world.user(*id).lower <= after));
    let rest = all.get(from..).unwrap_or_default();
    let ids = rest.get(..PAGE.min(rest.len())).unwrap_or_default();
    let last = ids.last().map(|id| world.user(*id).lower.to_string());
    let accounts = ids.iter().map(|id| account(world, *id, groups)).collect();
    DatabasePage { accounts, next: last.filter(|_| rest.len() > ids.len()) }
}

fn account(world: &World, id: UserId, licence: &BTreeSet<GroupName>) -> DatabaseAccount {
    let instant = |millis: i64| DateTime::<Utc>::from_timestamp_millis(millis);
    let user = world.user(id);
    let home = world.directory_of(id);
    let direct: Vec<_> =
        user.groups.iter().filter(|group| licence.iter().any(|l| l.as_str() == &*world.group(**group).name)).collect();
    let local = direct.iter().all(|group| world.group(**group).origin.is_none());
    let lower = world.shadows_of(id).iter().filter(|shadow| shadow.active);
    let lower = lower.filter_map(|shadow| directory(world, shadow.directory)).filter(|directory| directory.active);
    DatabaseAccount {
        key: UserKey::parse(user.key_text()).unwrap(),
        username: Username::parse(&*user.username).unwrap(),
        directory: home.name.clone(),
        writable_groups: home.update_groups && local,
        writable_account: home.update_users,
        created: instant(user.created_ms),
        email: Some(user.email_text()).filter(|mail| !mail.is_empty()),
        last_login: user.last_login_ms.and_then(instant),
        last_authenticated: world.last_authenticated_ms(id).and_then(instant),
        direct_groups: direct.iter().map(|group| GroupName::parse(&*world.group(**group).name).unwrap()).collect(),
        shadowed_in: lower.map(|directory| directory.name.clone()).collect(),
    }
}

fn directory(world: &World, id: DirectoryId) -> Option<&Directory> {
    world.directories.get(usize::from(id.0))
}
