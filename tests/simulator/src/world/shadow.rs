//! Shadowed duplicates: accounts of the same name in directories further down. Everybody sees only the first one, yet the
//! others are real records with memberships of their own, and may keep a seat.

use super::user::{DirectoryId, UserId};
use super::{GroupId, World};

/// A duplicate of an account in a lower directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// The directory that holds it.
    pub directory: DirectoryId,
    /// Not disabled.
    pub active: bool,
    /// When it was made.
    pub created_ms: i64,
    /// The groups that name the duplicate itself.
    pub groups: Vec<GroupId>,
}

impl World {
    /// The duplicates of an account, highest directory first.
    pub fn shadows_of(&self, id: UserId) -> &[Shadow] {
        self.shadows.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Every account with duplicates.
    pub fn shadowed(&self) -> impl Iterator<Item = (UserId, &[Shadow])> {
        self.shadows.iter().map(|(id, shadows)| (*id, shadows.as_slice()))
    }

    /// Gives an account another duplicate.
    pub fn add_shadow(&mut self, id: UserId, shadow: Shadow) {
        let own = self.shadows.entry(id).or_default();
        own.push(shadow);
        own.sort_by_key(|shadow| shadow.directory);
        let count = u8::try_from(own.len()).unwrap_or(u8::MAX);
        self.user_mut(id).shadows = count;
    }

    /// Accounts that are counted although the account that everybody sees takes no seat: a duplicate does.
    pub fn seats_of_shadows(&self) -> u32 {
        if !self.knobs.shadows_keep_seat {
            return 0;
        }
        let counted = self.shadows.iter().filter(|(id, shadows)| {
            !self.user(**id).has_seat() && shadows.iter().any(|shadow| self.shadow_takes_seat(shadow))
        });
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    }

    fn shadow_takes_seat(&self, shadow: &Shadow) -> bool {
        let directory = self.directories.get(usize::from(shadow.directory.0));
        shadow.active
            && directory.is_some_and(|directory| directory.active)
            && shadow.groups.iter().any(|group| self.gives_use(*group))
    }
}
