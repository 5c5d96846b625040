//! The words of the audit log: for every action its names, keys, objects and changed values.

use crate::world::{Action, GroupId, UserId, World};

/// What an action is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Title {
    pub(super) action: &'static str,
    pub(super) action_key: &'static str,
    pub(super) category: &'static str,
    pub(super) category_key: &'static str,
}

/// How an action is told.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: Title,
    /// Names; with the account for accounts, without for groups.
    pub(super) objects: Vec<(String, Option<UserId>)>,
    /// Field, key, from, to.
    pub(super) changes: Vec<(&'static str, &'static str, String, String)>,
}

type Names = (&'static str, &'static str);

const AUTH: Names = ("Authentication", "audit.logging.category.auth");
const USERS: Names = ("Users and groups", "audit.logging.category.user.management");
const PERMISSIONS: Names = ("Permissions", "audit.logging.category.permissions");
const TOKENS: Names = ("Personal access tokens", "personal.access.tokens.audit.log.category");
const AUDITING: Names = ("Auditing", "atlassian.audit.event.category.audit");

/// Names an action; cheap enough to ask of every record.
pub(super) fn title(action: &Action) -> Title {
    let ((category, category_key), (action, action_key)) = match action {
        Action::Login(_) => (AUTH, ("User logged in", "audit.logging.summary.login.success")),
        Action::LoginFailed(_) => (AUTH, ("User login failed", "audit.logging.summary.login.failed")),
        Action::UserCreated(_) => (USERS, ("User created", "audit.logging.summary.user.created")),
        Action::UserUpdated(..) => (USERS, ("User details updated", "audit.logging.summary.user.updated")),
        Action::UserRenamed(..) => (USERS, ("User renamed", "audit.logging.summary.user.renamed")),
        Action::UserDeleted(_) => (USERS, ("User deleted", "audit.logging.summary.user.deleted")),
        Action::Joined(..) => (USERS, ("User added to group", "audit.logging.summary.group.membership.added")),
        Action::Left(..) => (USERS, ("User removed from group", "audit.logging.summary.group.membership.removed")),
        Action::GroupCreated(_) => (USERS, ("Group created", "audit.logging.summary.group.created")),
        Action::GroupDeleted(_) => (USERS, ("Group deleted", "audit.logging.summary.group.deleted")),
        Action::Granted(_) => {
            (PERMISSIONS, ("Global permission added", "audit.logging.summary.global.permission.added"))
        }
        Action::Revoked(_) => {
            (PERMISSIONS, ("Global permission removed", "audit.logging.summary.global.permission.removed"))
        }
        Action::TokenCreated(_) => {
            (TOKENS, ("Personal access token created", "personal.access.tokens.audit.log.summary.token.created"))
        }
        Action::TokenDeleted(_) => {
            (TOKENS, ("Personal access token deleted", "personal.access.tokens.audit.log.summary.token.deleted"))
        }
        Action::Searched => (AUDITING, ("Audit Log search performed", "atlassian.audit.event.action.audit.search")),
    };
    Title { action, action_key, category, category_key }
}

/// Tells an action.
pub(super) fn words(world: &World, action: &Action) -> Words {
    let user = |id: &UserId| (world.user(*id).username.to_string(), Some(*id));
    let group = |id: &GroupId| world.group(*id).name.to_string();
    let (objects, changes) = match action {
        Action::Login(id) | Action::LoginFailed(id) | Action::UserCreated(id) | Action::UserDeleted(id) => {
            (vec![user(id)], Vec::new())
        }
        Action::UserUpdated(id, change) => {
            // The real log holds plain text in the place of this key.
            (vec![user(id)], vec![(change.0, change.0, change.1.clone(), change.2.clone())])
        }
        Action::UserRenamed(id, names) => {
            let key = "audit.logging.changed.value.username";
            (vec![user(id)], vec![("Username", key, names.0.clone(), names.1.clone())])
        }
        Action::Joined(id, to) => {
            let change = ("Group", "audit.logging.changed.value.group", String::new(), group(to));
            (vec![(group(to), None), user(id)], vec![change])
        }
        Action::Left(id, from) => {
            let change = ("Group", "audit.logging.changed.value.group", group(from), String::new());
            (vec![(group(from), None), user(id)], vec![change])
        }
        Action::GroupCreated(id) | Action::GroupDeleted(id) => (vec![(group(id), None)], Vec::new()),
        Action::Granted(change) => {
            let (holder, kind, permission) = (**change).clone();
            let kind = (kind, "audit.logging.changed.value.subject", String::new(), holder);
            (Vec::new(), vec![("Type", "audit.logging.changed.value.type", String::new(), permission), kind])
        }
        Action::Revoked(change) => {
            let (holder, kind, permission) = (**change).clone();
            let kind = (kind, "audit.logging.changed.value.subject", holder, String::new());
            (Vec::new(), vec![("Type", "audit.logging.changed.value.type", permission, String::new()), kind])
        }
        Action::TokenCreated(name) | Action::TokenDeleted(name) => (vec![(name.to_string(), None)], Vec::new()),
        Action::Searched => (Vec::new(), Vec::new()),
    };
    Words { title: title(action), objects, changes }
}
