//! Everything that changes a world, with its traces in the audit log and its webhooks.

use std::sync::Arc;

use super::audit::{Action, Author};
use super::group::{insert, remove};
use super::user::{DirectoryKind, UserId};
use super::{Group, GroupId, HookUrl, Status, User, World};

/// A change of an account that a directory may show late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Enable or disable.
    Active(bool),
    /// Join a group.
    Join(GroupId),
    /// Leave a group.
    Leave(GroupId),
    /// Take another username.
    Rename(String),
    /// Take another full name and address.
    Details {
        /// The full name.
        full_name: String,
        /// The address.
        email: String,
    },
}

/// A change that becomes visible later.
#[derive(Clone, Debug)]
pub struct Pending {
    /// When it becomes visible, in milliseconds of the site.
    pub due_ms: i64,
    /// Who asked for it.
    pub actor: Option<UserId>,
    /// Whose account.
    pub user: UserId,
    /// What.
    pub change: Change,
}

/// Why something could not be made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The name is taken.
    Exists(String),
    /// There is no room in this world.
    Full,
}

/// What a login came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The person sees the site.
    Access,
    /// The person is known and sees the "no access" page.
    NoAccess,
    /// The account is disabled or gone: the login failed.
    Refused,
}

impl World {
    /// Changes an account, at once or when its directory is next synchronised. Says whether anything was asked for
    /// that was not so already.
    pub fn request(&mut self, actor: Option<UserId>, user: UserId, change: Change) -> bool {
        let delay = self.knobs.directory_sync_seconds.saturating_mul(1000);
        if delay > 0 && self.directory_of(user).kind != DirectoryKind::Internal {
            self.pending.push(Pending { due_ms: self.now_ms().saturating_add(delay), actor, user, change });
            return true;
        }
        self.apply(actor, user, change)
    }

    /// Shows the changes whose time has come.
    pub fn apply_due(&mut self) {
        let now = self.now_ms();
        if self.pending.iter().all(|pending| pending.due_ms > now) {
            return;
        }
        let (due, later) = std::mem::take(&mut self.pending).into_iter().partition(|pending| pending.due_ms <= now);
        self.pending = later;
        let due: Vec<Pending> = due;
        for Pending { actor, user, change, .. } in due {
            self.apply(actor, user, change);
        }
    }

    /// Changes an account at once.
    pub fn apply(&mut self, actor: Option<UserId>, user: UserId, change: Change) -> bool {
        let changed = match change {
            Change::Active(active) => self.set_active(actor, user, active),
            Change::Join(group) => self.join(actor, user, group),
            Change::Leave(group) => self.leave(actor, user, group),
            Change::Rename(name) => self.rename(actor, user, &name),
            Change::Details { full_name, email } => self.set_details(actor, user, &full_name, &email),
        };
        self.changes = self.changes.saturating_add(u64::from(changed));
        changed
    }

    fn record(&mut self, actor: Option<UserId>, action: Action) {
        let now = self.now_ms();
        self.audit.push(now, actor.map_or(Author::System, Author::User), action);
    }

    fn set_active(&mut self, actor: Option<UserId>, id: UserId, active: bool) -> bool {
        if self.user(id).active == active {
            return false;
        }
        self.change_user(id, |user| user.active = active);
        let text = |on: bool| if on { "Yes" } else { "No" }.to_owned();
        self.record(actor, Action::UserUpdated(id, Box::new(("Active", text(!active), text(active)))));
        self.announce_user(if active { "user_reactivated" } else { "user_deactivated" }, actor, id);
        true
    }

    fn join(&mut self, actor: Option<UserId>, id: UserId, group: GroupId) -> bool {
        if self.user(id).groups.contains(&group) {
            return false;
        }
        self.change_user(id, |user| user.groups.push(group));
        self.list_member(id, group);
        self.record(actor, Action::Joined(id, group));
        true
    }

    fn list_member(&mut self, id: UserId, group: GroupId) {
        if self.status(id) == Status::ExternallyDeleted {
            return;
        }
        let Self { users, groups, .. } = self;
        if let Some(direct) = groups.get_mut(group.index()) {
            insert(users, &mut direct.members, id);
        }
        for above in self.group(group).ancestors.clone() {
            if let Some(above) = self.groups.get_mut(above.index())
                && !above.children.is_empty()
            {
                insert(&self.users, &mut above.effective, id);
            }
        }
    }

    fn leave(&mut self, actor: Option<UserId>, id: UserId, group: GroupId) -> bool {
        if !self.user(id).groups.contains(&group) {
            return false;
        }
        self.unlist_member(id, group);
        self.record(actor, Action::Left(id, group));
        true
    }

    fn unlist_member(&mut self, id: UserId, group: GroupId) {
        self.change_user(id, |user| user.groups.retain(|own| *own != group));
        if let Some(direct) = self.groups.get_mut(group.index()) {
            remove(&self.users, &mut direct.members, id);
        }
        for above in self.group(group).ancestors.clone() {
            if !self.is_member(id, above, true)
                && let Some(above) = self.groups.get_mut(above.index())
            {
                remove(&self.users, &mut above.effective, id);
            }
        }
    }

    fn rename(&mut self, actor: Option<UserId>, id: UserId, name: &str) -> bool {
        let (old, lower) = (Arc::clone(&self.user(id).username), name.to_lowercase());
        let taken = self.find_user(name).is_some_and(|other| other != id);
        if taken || *old == *name {
            return false;
        }
        // Lists are ordered by name, so the account leaves them under its old name and returns under the new one.
        let groups = self.user(id).groups.clone();
        for group in &groups {
            self.unlist_member(id, *group);
        }
        remove(&self.users, &mut self.by_name, id);
        self.by_lower.remove(&*self.user(id).lower.clone());
        let lower: Arc<str> = Arc::from(lower);
        self.change_user(id, |user| {
            if user.email.is_none() {
                user.email = Some(user.email_text().into());
            }
            user.username = Arc::from(name);
            user.lower = Arc::clone(&lower);
        });
        self.by_lower.insert(lower, id);
        if self.status(id) != Status::ExternallyDeleted {
            insert(&self.users, &mut self.by_name, id);
        }
        for group in groups {
            self.change_user(id, |user| user.groups.push(group));
            self.list_member(id, group);
        }
        self.record(actor, Action::UserRenamed(id, Box::new((old.to_string(), name.to_owned()))));
        true
    }

    fn set_details(&mut self, actor: Option<UserId>, id: UserId, full_name: &str, email: &str) -> bool {
        let user = self.user(id);
        let old_name = user.display_name.to_string();
        if old_name == full_name && user.email_text() == email {
            return false;
        }
        self.change_user(id, |user| {
            user.display_name = full_name.into();
            user.email = Some(email.into());
        });
        self.record(actor, Action::UserUpdated(id, Box::new(("Display name", old_name, full_name.to_owned()))));
        true
    }

    /// Makes an account; it is in no group yet.
    pub fn add_user(&mut self, actor: Option<UserId>, user: User) -> Result<UserId, Refusal> {
        if self.by_lower.contains_key(&user.lower) {
            return Err(Refusal::Exists(user.username.to_string()));
        }
        let index = u32::try_from(self.users.len()).map_err(|_| Refusal::Full)?;
        let id = UserId(index);
        self.by_lower.insert(Arc::clone(&user.lower), id);
        self.by_key.insert(user.key, id);
        self.users.push(user);
        insert(&self.users, &mut self.by_name, id);
        self.changes = self.changes.saturating_add(1);
        self.record(actor, Action::UserCreated(id));
        self.announce_user("user_created", actor, id);
        Ok(id)
    }

    /// Removes an account; its key stays known.
    pub fn delete_user(&mut self, actor: Option<UserId>, id: UserId) {
        for group in self.user(id).groups.clone() {
            self.unlist_member(id, group);
        }
        self.change_user(id, |user| user.removed = true);
        remove(&self.users, &mut self.by_name, id);
        self.changes = self.changes.saturating_add(1);
        self.record(actor, Action::UserDeleted(id));
        self.announce_user("user_removed", actor, id);
    }

    /// Makes a group.
    pub fn add_group(&mut self, actor: Option<UserId>, name: &str) -> Result<GroupId, Refusal> {
        if self.find_group(name).is_some() {
            return Err(Refusal::Exists(name.to_owned()));
        }
        let id = self.insert_group(name, None)?;
        self.changes = self.changes.saturating_add(1);
        self.recount_seats();
        self.record(actor, Action::GroupCreated(id));
        self.announce_group("group_created", actor, id);
        Ok(id)
    }

    pub(crate) fn insert_group(&mut self, name: &str, origin: Option<super::DirectoryId>) -> Result<GroupId, Refusal> {
        let id = GroupId(u16::try_from(self.groups.len()).map_err(|_| Refusal::Full)?);
        self.groups.push(Group::new(name, origin, id));
        self.group_by_lower.insert(name.to_lowercase(), id);
        let at = self.groups_by_name.partition_point(|other| {
            self.groups.get(other.index()).is_some_and(|group| group.name.to_lowercase() < name.to_lowercase())
        });
        self.groups_by_name.insert(at, id);
        Ok(id)
    }

    /// Deletes a group with its memberships and permissions.
    pub fn delete_group(&mut self, actor: Option<UserId>, group: GroupId) {
        for id in self.group(group).members.clone() {
            self.unlist_member(id, group);
        }
        let (name, parents, children) = {
            let gone = self.group_mut(group);
            gone.deleted = true;
            (gone.name.to_lowercase(), std::mem::take(&mut gone.parents), std::mem::take(&mut gone.children))
        };
        for parent in parents {
            self.group_mut(parent).children.retain(|child| *child != group);
        }
        for child in children {
            self.group_mut(child).parents.retain(|parent| *parent != group);
        }
        self.group_by_lower.remove(&name);
        self.groups_by_name.retain(|other| *other != group);
        self.grants.retain(|grant| grant.subject != super::Subject::Group(group));
        self.changes = self.changes.saturating_add(1);
        self.renest();
        self.record(actor, Action::GroupDeleted(group));
        self.announce_group("group_removed", actor, group);
    }

    /// Puts `child` inside `parent`; a circle is refused.
    pub fn nest(&mut self, parent: GroupId, child: GroupId) -> bool {
        if self.group(parent).ancestors.contains(&child) || self.group(parent).children.contains(&child) {
            return false;
        }
        self.group_mut(parent).children.push(child);
        self.group_mut(child).parents.push(parent);
        self.renest();
        true
    }

    /// Sets the last login without any trace of it.
    pub fn set_last_login(&mut self, id: UserId, at_ms: Option<i64>) {
        self.change_user(id, |user| user.last_login_ms = at_ms);
    }

    /// Somebody logs in: the last login, the audit log, and the login hook.
    pub fn login(&mut self, id: UserId) -> Login {
        let now = self.now_ms();
        let status = self.status(id);
        if matches!(status, Status::Deactivated | Status::ExternallyDeleted) {
            if self.knobs.audit_logins {
                self.audit.push(now, Author::Anonymous, Action::LoginFailed(id));
            }
            return Login::Refused;
        }
        self.change_user(id, |user| user.last_login_ms = Some(now));
        if self.knobs.audit_logins {
            self.audit.push(now, Author::Anonymous, Action::Login(id));
        }
        if let Some(hook) = self.login_hook.clone() {
            self.send_login(&hook, id, now);
        }
        if status == Status::Current { Login::Access } else { Login::NoAccess }
    }

    fn send_login(&mut self, hook: &HookUrl, id: UserId, now: i64) {
        let user = self.user(id);
        let body = serde_json::json!({
            "event": "login", "timestamp": now, "userKey": user.key_text(), "username": &*user.username,
        });
        let delivery = self.delivery(None, hook, "login", body.to_string());
        self.outbox.push(delivery);
    }
}
