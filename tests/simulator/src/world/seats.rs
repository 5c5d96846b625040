//! Who takes a seat, in the order of the last login.

use super::group::Group;
use super::user::{User, UserId};
use super::{GroupId, Subject, World};

/// The seat holders and the count that the licence page remembers.
#[derive(Debug, Default)]
pub(super) struct Seats {
    order: Vec<UserId>,
    /// By group number: whether being in the group gives the permission to use the site.
    use_groups: Vec<bool>,
    cached: Option<(i64, u32)>,
}

impl Seats {
    pub(super) fn order(&self) -> &[UserId] {
        &self.order
    }

    pub(super) fn shown(&mut self, now_ms: i64, used: u32, age_ms: i64) -> u32 {
        match self.cached {
            Some((at, count)) if now_ms >= at && now_ms.saturating_sub(at) < age_ms => count,
            _ => {
                self.cached = Some((now_ms, used));
                used
            }
        }
    }

    fn gives_use(&self, group: GroupId) -> bool {
        self.use_groups.get(group.index()).copied().unwrap_or(false)
    }
}

fn place(users: &[User], order: &[UserId], id: UserId) -> Result<usize, usize> {
    let rank = |id: UserId| users.get(id.index()).map(|user| (user.last_login_ms, &*user.lower));
    let wanted = rank(id);
    order.binary_search_by(|other| rank(*other).cmp(&wanted))
}

impl World {
    /// Whether being in the group gives the permission to use the site.
    pub fn gives_use(&self, group: GroupId) -> bool {
        self.seats.gives_use(group)
    }

    /// Whether the account has the permission to use the site.
    pub fn may_use(&self, id: UserId) -> bool {
        let user = self.user(id);
        user.groups.iter().any(|group| self.gives_use(*group))
            || self.grants.iter().any(|grant| grant.operation.is_use() && grant.subject == Subject::User(id))
    }

    fn takes_seat(&self, id: UserId) -> bool {
        let user = self.user(id);
        user.active && !user.removed && self.directory_of(id).active && self.may_use(id)
    }

    /// Changes an account and keeps the order of seats.
    pub(crate) fn change_user(&mut self, id: UserId, change: impl FnOnce(&mut User)) {
        if self.user(id).seat
            && let Ok(at) = place(&self.users, &self.seats.order, id)
        {
            self.seats.order.remove(at);
        }
        change(self.user_mut(id));
        let seat = self.takes_seat(id);
        self.user_mut(id).seat = seat;
        if seat && let Err(at) = place(&self.users, &self.seats.order, id) {
            self.seats.order.insert(at, id);
        }
    }

    /// Computes seats anew after permissions or nesting changed; costs a pass over all accounts.
    pub(crate) fn recount_seats(&mut self) {
        let direct = |group: GroupId| {
            self.grants.iter().any(|grant| grant.operation.is_use() && grant.subject == Subject::Group(group))
        };
        let gives = |group: &Group| !group.deleted && group.ancestors.iter().any(|above| direct(*above));
        self.seats.use_groups = self.groups.iter().map(gives).collect();
        // Names are in order already, and a stable sort by the last login keeps them so among equals.
        let mut order = Vec::new();
        for id in std::mem::take(&mut self.by_name) {
            let seat = self.takes_seat(id);
            let user = self.user_mut(id);
            user.seat = seat;
            if seat {
                order.push((user.last_login_ms, id));
            }
            self.by_name.push(id);
        }
        order.sort_by_key(|(at, _)| *at);
        self.seats.order = order.into_iter().map(|(_, id)| id).collect();
    }
}
