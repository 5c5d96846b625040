//! Spaces of a generated site: one for notes, one for each team, and personal ones. No dice are thrown here, so the people
//! are the same with and without spaces.

use super::site::Place;
use crate::world::{DirectoryId, Group, Shadow, Space, Subject, User, UserId, World};

/// One account in so many has a personal space, if it was ever used.
const PERSONAL: u32 = 10;

/// Fills the world with spaces.
pub(super) fn spaces(world: &mut World) {
    let first = world.users().next().map(|(id, user)| (id, user.created_ms));
    let (creator, created_ms) = first.unzip();
    let notes = space("NOTES", "Notes", creator, created_ms.unwrap_or_default());
    world.add_space(Space { administrators: vec![Subject::Group(Place::ADMINS)], ..notes });
    let teams = super::team_count(u32::try_from(world.users().len()).unwrap_or(u32::MAX));
    for number in 0..teams {
        team(world, number);
    }
    let owners: Vec<UserId> = world
        .users()
        .filter(|(id, user)| id.0 % PERSONAL == 4 && user.last_login_ms.is_some() && !user.username.starts_with("svc-"))
        .map(|(id, _)| id)
        .collect();
    for id in owners {
        let user = world.user(id);
        let personal = Space {
            owner: Some(id),
            administrators: vec![Subject::User(id)],
            archived: id.0 % 100 == 64,
            ..space(&format!("~{}", user.username), &user.display_name, Some(id), user.created_ms)
        };
        world.add_space(personal);
    }
}

fn space(key: &str, name: &str, creator: Option<UserId>, created_ms: i64) -> Space {
    Space {
        id: 0,
        key: key.into(),
        name: name.into(),
        owner: None,
        creator,
        created_ms,
        archived: false,
        administrators: Vec::new(),
        readers: vec![Subject::Group(Place::USERS)],
    }
}

/// The space of a team. Who made it is the member who was away the longest; in every fourth team nobody else administers.
fn team(world: &mut World, number: u16) {
    let group = Place::team(number);
    let was_here = |id: &UserId| world.user(*id).last_login_ms.map(|at| (at, *id));
    let mut people: Vec<(i64, UserId)> = world.group(group).members(false).iter().filter_map(was_here).collect();
    people.sort_unstable();
    let creator = people.first().map(|(_, id)| *id);
    let (admins, second) = (Subject::Group(Place::ADMINS), people.last().map(|(_, id)| Subject::User(*id)));
    let mut administrators: Vec<Subject> = creator.map(Subject::User).into_iter().collect();
    match number % 4 {
        0 => {}
        1 => administrators.push(admins),
        2 => administrators.extend(second.filter(|second| Some(*second) != creator.map(Subject::User))),
        _ => administrators.push(Subject::Group(group)),
    }
    if administrators.is_empty() {
        administrators.push(admins);
    }
    let created = creator.map_or(0, |id| world.user(id).created_ms);
    let (key, name) = (format!("TEAM{:03}", number.saturating_add(1)), format!("Team {}", number.saturating_add(1)));
    world.add_space(Space { administrators, ..space(&key, &name, creator, created) });
}

/// The duplicate of an account: in the next directory down, with the account's local groups.
pub(super) fn shadow(id: UserId, user: &User, groups: &[Group]) -> Shadow {
    let local = |group: &&crate::world::GroupId| groups.get(group.index()).is_some_and(|group| group.origin.is_none());
    Shadow {
        directory: DirectoryId(user.directory.0.saturating_add(1)),
        active: !id.0.is_multiple_of(5),
        created_ms: user.created_ms,
        groups: user.groups.iter().filter(local).copied().collect(),
    }
}
