//! What every generated site has: directories, groups, nesting and global permissions.

use crate::world::{Directory, DirectoryId, DirectoryKind, Grant, Group, GroupId, Operation, Subject};

/// The numbers of the fixed directories and groups.
pub(super) struct Place;

impl Place {
    pub(super) const INTERNAL: DirectoryId = DirectoryId(0);
    pub(super) const LDAP: DirectoryId = DirectoryId(1);
    pub(super) const CROWD: DirectoryId = DirectoryId(2);
    pub(super) const DELEGATING: DirectoryId = DirectoryId(3);
    pub(super) const RETIRED: DirectoryId = DirectoryId(4);

    pub(super) const USERS: GroupId = GroupId(0);
    pub(super) const CONTRACTORS: GroupId = GroupId(1);
    pub(super) const ADMINS: GroupId = GroupId(2);
    pub(super) const JIRA: GroupId = GroupId(3);
    pub(super) const ALL_STAFF: GroupId = GroupId(4);
    pub(super) const ENGINEERING: GroupId = GroupId(5);
    pub(super) const CONTRACTORS_EMEA: GroupId = GroupId(6);
    pub(super) const MARKETING: GroupId = GroupId(7);
    pub(super) const SUPPORT: GroupId = GroupId(8);
    pub(super) const LDAP_READERS: GroupId = GroupId(9);
    const FIRST_TEAM: u16 = 10;

    pub(super) fn team(number: u16) -> GroupId {
        GroupId(Self::FIRST_TEAM.saturating_add(number))
    }
}

/// The directories of a generated site, highest priority first.
pub(super) fn directories() -> Vec<Directory> {
    let directory = |name: &str, kind, active, update_users, update_groups| Directory {
        name: name.to_owned(),
        kind,
        active,
        update_users,
        update_groups,
    };
    vec![
        directory("Confluence Internal Directory", DirectoryKind::Internal, true, true, true),
        directory("Corporate LDAP", DirectoryKind::Connector, true, false, true),
        directory("Atlassian Crowd", DirectoryKind::Crowd, true, true, true),
        directory("Partner LDAP (passwords only)", DirectoryKind::Delegating, true, false, true),
        directory("Old LDAP", DirectoryKind::Connector, false, false, false),
    ]
}

/// One team for every fifty accounts, at least four and at most four hundred.
pub(super) fn team_count(users: u32) -> u16 {
    u16::try_from((users / 50).clamp(4, 400)).unwrap_or(4)
}

/// The groups in the order of their numbers.
pub(super) fn groups(teams: u16) -> Vec<Group> {
    let fixed = [
        ("confluence-users", None),
        ("confluence-contractors", None),
        ("confluence-administrators", None),
        ("jira-software-users", None),
        ("all-staff", Some(Place::LDAP)),
        ("engineering", None),
        ("contractors-emea", None),
        ("Marketing & Söhne", None),
        ("IT Support+QA", None),
        ("ldap-wiki-readers", Some(Place::LDAP)),
    ];
    let team = (0..teams).map(|number| (format!("team-{:03}", number.saturating_add(1)), None));
    let named = fixed.into_iter().map(|(name, origin)| (name.to_owned(), origin)).chain(team);
    let mut all: Vec<Group> =
        named.zip(0..).map(|((name, origin), id)| Group::new(&name, origin, GroupId(id))).collect();
    for (parent, child) in nesting(teams) {
        if let Some(parent) = all.get_mut(parent.index()) {
            parent.children.push(child);
        }
        if let Some(child) = all.get_mut(child.index()) {
            child.parents.push(parent);
        }
    }
    all
}

/// Which group is in which: the outer one first.
fn nesting(teams: u16) -> impl Iterator<Item = (GroupId, GroupId)> {
    (0..teams)
        .map(|number| (Place::ENGINEERING, Place::team(number)))
        .chain([(Place::CONTRACTORS, Place::CONTRACTORS_EMEA), (Place::USERS, Place::LDAP_READERS)])
}

/// The permissions of a fresh installation, plus the second licence group.
pub(super) fn permissions() -> Vec<Grant> {
    let all = [
        (Place::USERS, "application", "use"),
        (Place::USERS, "personal_space", "create"),
        (Place::USERS, "space", "create"),
        (Place::CONTRACTORS, "application", "use"),
        (Place::ADMINS, "application", "use"),
        (Place::ADMINS, "application", "administer"),
        (Place::ADMINS, "system", "administer"),
    ];
    let grant = |(group, target, key)| Grant { operation: Operation::new(target, key), subject: Subject::Group(group) };
    all.into_iter().map(grant).collect()
}
