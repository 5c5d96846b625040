//! Nested groups: who is above whom, and the lists that follow from it.

use std::sync::Arc;

use super::{Group, GroupId, Status, User, UserId, World};

impl World {
    /// Computes nesting, nested member lists and seats anew; costs a pass over all accounts.
    pub(crate) fn renest(&mut self) {
        let above: Vec<Vec<GroupId>> = (0..self.group_count()).map(|group| self.climb(group)).collect();
        for (group, above) in self.groups.iter_mut().zip(above) {
            group.ancestors = above;
        }
        self.relist();
        self.recount_seats();
    }

    fn group_count(&self) -> u16 {
        u16::try_from(self.groups.len()).unwrap_or(u16::MAX)
    }

    fn climb(&self, group: u16) -> Vec<GroupId> {
        let mut found = vec![GroupId(group)];
        let mut next = 0;
        while let Some(current) = found.get(next).copied() {
            next = next.saturating_add(1);
            for parent in &self.group(current).parents {
                if !found.contains(parent) {
                    found.push(*parent);
                }
            }
        }
        found
    }

    /// Fills the member lists from the accounts, in the order of names.
    fn relist(&mut self) {
        let mut lists: Vec<(Vec<UserId>, Vec<UserId>)> = vec![(Vec::new(), Vec::new()); self.groups.len()];
        for id in &self.by_name {
            for own in &self.user(*id).groups {
                if let Some((direct, _)) = lists.get_mut(own.index()) {
                    direct.push(*id);
                }
                for above in &self.group(*own).ancestors {
                    if !self.group(*above).children.is_empty()
                        && let Some((_, effective)) = lists.get_mut(above.index())
                        && effective.last() != Some(id)
                    {
                        effective.push(*id);
                    }
                }
            }
        }
        for (group, (direct, effective)) in self.groups.iter_mut().zip(lists) {
            group.members = direct;
            group.effective = effective;
        }
    }

    /// Fills an empty world in one go: much faster than one account at a time.
    pub(crate) fn load(&mut self, users: Vec<User>, groups: Vec<Group>) {
        self.by_lower = users.iter().zip(0..).map(|(user, id)| (Arc::clone(&user.lower), UserId(id))).collect();
        self.by_key = users.iter().zip(0..).map(|(user, id)| (user.key, UserId(id))).collect();
        self.users = users;
        self.group_by_lower =
            groups.iter().zip(0..).map(|(group, id)| (group.name.to_lowercase(), GroupId(id))).collect();
        self.groups = groups;
        let mut by_group: Vec<GroupId> = self.group_by_lower.values().copied().collect();
        by_group.sort_by_cached_key(|group| self.group(*group).name.to_lowercase());
        self.groups_by_name = by_group;
        // The first eight bytes decide nearly every comparison without a look at the account.
        let mut by_name: Vec<(u64, UserId)> = self
            .users()
            .filter(|(id, _)| self.status(*id) != Status::ExternallyDeleted)
            .map(|(id, user)| (beginning(&user.lower), id))
            .collect();
        by_name.sort_unstable_by(|(a, one), (b, other)| {
            a.cmp(b).then_with(|| self.user(*one).lower.cmp(&self.user(*other).lower))
        });
        let by_name = by_name.into_iter().map(|(_, id)| id).collect();
        self.by_name = by_name;
        self.renest();
    }
}

/// The first eight bytes of a name as a number that compares like them; shorter names are filled with zeros.
fn beginning(name: &str) -> u64 {
    name.bytes().chain(std::iter::repeat(0)).take(8).fold(0, |number, byte| number << 8 | u64::from(byte))
}
