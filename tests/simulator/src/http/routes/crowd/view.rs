//! An account as Crowd sees it: every change at once, also while the wiki waits for its next synchronisation.

use crate::world::{Change, UserId, World};

/// What Crowd knows of an account that the wiki may not know yet.
pub(super) struct View {
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) full_name: String,
    pub(super) email: String,
}

impl View {
    pub(super) fn of(world: &World, id: UserId) -> Self {
        let user = world.user(id);
        let mut view = Self {
            name: user.username.to_string(),
            active: user.active,
            full_name: user.display_name.to_string(),
            email: user.email_text(),
        };
        for pending in world.pending.iter().filter(|pending| pending.user == id) {
            match &pending.change {
                Change::Active(to) => view.active = *to,
                Change::Rename(to) => view.name.clone_from(to),
                Change::Details { full_name, email } => {
                    view.full_name.clone_from(full_name);
                    view.email.clone_from(email);
                }
                Change::Join(_) | Change::Leave(_) => {}
            }
        }
        view
    }
}

/// The account that Crowd knows by this name, in any case of letters. A name that was changed is free at once.
pub(super) fn named(world: &World, name: &str) -> Option<UserId> {
    let renamed = |change: &Change| matches!(change, Change::Rename(to) if to.to_lowercase() == name.to_lowercase());
    let pending = world.pending.iter().filter(|pending| renamed(&pending.change)).map(|pending| pending.user);
    let mut candidates = pending.chain(world.find_user(name));
    candidates.find(|id| View::of(world, *id).name.to_lowercase() == name.to_lowercase())
}
