//! The words of the audit log: for every action its names, keys, objects and changed values.

use crate::world::{Action, UserId, World};

/// How an action is told.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) action: &'static str,
    pub(super) action_key: &'static str,
    pub(super) category: &'static str,
    pub(super) category_key: &'static str,
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

/// Tells an action.
pub(super) fn words(world: &World, action: &Action) -> Words {
    let user = |id: UserId| (world.user(id).username.to_string(), Some(id));
    let told = |(category, category_key): Names, (action, action_key): Names, objects| Words {
        action,
        action_key,
        category,
        category_key,
        objects,
        changes: Vec::new(),
    };
    match action {
        Action::Login(id) => told(AUTH, ("User logged in", "audit.logging.summary.login.success"), vec![user(*id)]),
        Action::LoginFailed(id) => {
            told(AUTH, ("User login failed", "audit.logging.summary.login.failed"), vec![user(*id)])
        }
        Action::UserCreated(id) => told(USERS, ("User created", "audit.logging.summary.user.created"), vec![user(*id)]),
        Action::UserUpdated(id, change) => {
            let (field, from, to) = (change.0, change.1.clone(), change.2.clone());
            let mut words =
                told(USERS, ("User details updated", "audit.logging.summary.user.updated"), vec![user(*id)]);
            // The real log holds plain text in the place of this key.
            words.changes.push((field, field, from, to));
            words
        }
        Action::UserRenamed(id, names) => {
            let mut words = told(USERS, ("User renamed", "audit.logging.summary.user.renamed"), vec![user(*id)]);
            words.changes.push(("Username", "audit.logging.changed.value.username", names.0.clone(), names.1.clone()));
            words
        }
        Action::UserDeleted(id) => told(USERS, ("User deleted", "audit.logging.summary.user.deleted"), vec![user(*id)]),
        Action::Joined(id, group) => {
            let name = world.group(*group).name.to_string();
            let kind = ("User added to group", "audit.logging.summary.group.membership.added");
            let mut words = told(USERS, kind, vec![(name.clone(), None), user(*id)]);
            words.changes.push(("Group", "audit.logging.changed.value.group", String::new(), name));
            words
        }
        Action::Left(id, group) => {
            let name = world.group(*group).name.to_string();
            let kind = ("User removed from group", "audit.logging.summary.group.membership.removed");
            let mut words = told(USERS, kind, vec![(name.clone(), None), user(*id)]);
            words.changes.push(("Group", "audit.logging.changed.value.group", name, String::new()));
            words
        }
        Action::GroupCreated(group) => {
            let objects = vec![(world.group(*group).name.to_string(), None)];
            told(USERS, ("Group created", "audit.logging.summary.group.created"), objects)
        }
        Action::GroupDeleted(group) => {
            let objects = vec![(world.group(*group).name.to_string(), None)];
            told(USERS, ("Group deleted", "audit.logging.summary.group.deleted"), objects)
        }
        Action::Granted(change) | Action::Revoked(change) => {
            let gives = matches!(action, Action::Granted(_));
            let kind = if gives {
                ("Global permission added", "audit.logging.summary.global.permission.added")
            } else {
                ("Global permission removed", "audit.logging.summary.global.permission.removed")
            };
            let mut words = told(PERMISSIONS, kind, Vec::new());
            let (holder, kind, permission) = &**change;
            let sides =
                |text: &String| if gives { (String::new(), text.clone()) } else { (text.clone(), String::new()) };
            let ((old_type, new_type), (old_holder, new_holder)) = (sides(permission), sides(holder));
            words.changes.push(("Type", "audit.logging.changed.value.type", old_type, new_type));
            words.changes.push((kind, "audit.logging.changed.value.subject", old_holder, new_holder));
            words
        }
        Action::TokenCreated(name) => {
            let kind = ("Personal access token created", "personal.access.tokens.audit.log.summary.token.created");
            told(TOKENS, kind, vec![(name.to_string(), None)])
        }
        Action::TokenDeleted(name) => {
            let kind = ("Personal access token deleted", "personal.access.tokens.audit.log.summary.token.deleted");
            told(TOKENS, kind, vec![(name.to_string(), None)])
        }
        Action::Searched => {
            let kind = ("Audit Log search performed", "atlassian.audit.event.action.audit.search");
            told(AUDITING, kind, Vec::new())
        }
    }
}
