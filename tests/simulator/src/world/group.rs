//! Groups, their direct members and their nesting.

use std::sync::Arc;

use super::user::{DirectoryId, User, UserId};

/// The number of a group inside one world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u16);

impl GroupId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Arc<str>,
    /// `Some` when the group comes from a directory that owns its members; `None` for a local group.
    pub origin: Option<DirectoryId>,
    /// Groups that contain this one.
    pub parents: Vec<GroupId>,
    /// Groups inside this one.
    pub children: Vec<GroupId>,
    /// Deleted groups keep their number.
    pub deleted: bool,
    /// This group and everything that contains it.
    pub(crate) ancestors: Vec<GroupId>,
    /// Direct members in the order of their names.
    pub(crate) members: Vec<UserId>,
    /// Direct and nested members in the order of their names; empty while nothing is nested inside.
    pub(crate) effective: Vec<UserId>,
}

impl Group {
    pub(crate) fn new(name: &str, origin: Option<DirectoryId>, id: GroupId) -> Self {
        Self {
            name: Arc::from(name),
            origin,
            parents: Vec::new(),
            children: Vec::new(),
            deleted: false,
            ancestors: vec![id],
            members: Vec::new(),
            effective: Vec::new(),
        }
    }

    /// Members in the order of their names: direct ones, or nested ones as well.
    pub fn members(&self, nested: bool) -> &[UserId] {
        if nested && !self.children.is_empty() { &self.effective } else { &self.members }
    }
}

/// Where `id` is, or would be, in a list that is ordered by name.
pub(crate) fn place(users: &[User], list: &[UserId], id: UserId) -> Result<usize, usize> {
    let name = |id: UserId| users.get(id.index()).map(|user| &*user.lower);
    let wanted = name(id);
    list.binary_search_by(|other| name(*other).cmp(&wanted))
}

/// Puts `id` into a list that is ordered by name; a second time changes nothing.
pub(crate) fn insert(users: &[User], list: &mut Vec<UserId>, id: UserId) -> bool {
    match place(users, list, id) {
        Ok(_) => false,
        Err(at) => {
            list.insert(at, id);
            true
        }
    }
}

/// Takes `id` out of a list that is ordered by name.
pub(crate) fn remove(users: &[User], list: &mut Vec<UserId>, id: UserId) -> bool {
    match place(users, list, id) {
        Ok(at) => {
            list.remove(at);
            true
        }
        Err(_) => false,
    }
}
