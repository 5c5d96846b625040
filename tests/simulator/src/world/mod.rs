//! The state of a simulated site: pure, synchronous, and the same for the same seed.
//!
//! A world does no input and no output. Things that have to leave it (webhooks) are put into its outbox, which the
//! server empties. Indexes by name, by key and by last login are kept on every change, so that a page of a million
//! accounts costs what a page of a hundred costs.

mod audit;
mod change;
mod chat;
mod clock;
mod group;
mod hooks;
mod nesting;
mod permission;
mod seats;
mod secret;
mod shadow;
mod space;
mod task;
mod user;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub use audit::{Action, AuditEvent, AuditLog, Author};
pub use change::{Change, Login, Pending, Refusal};
pub use chat::ChatPost;
pub use clock::{Clock, DAY_MS, iso, iso_offset, real_now_ms};
pub use group::{Group, GroupId};
pub use hooks::{Delivered, Delivery, HookUrl, Webhook};
pub use permission::{Grant, Operation, Subject};
pub use secret::{Secrets, Token};
pub use shadow::Shadow;
pub use space::Space;
pub use task::Task;
pub use user::{Directory, DirectoryId, DirectoryKind, Status, User, UserId};

use crate::knobs::{AccessMode, Knobs};
use seats::Seats;
use space::Spaces;

/// A whole site.
#[derive(Debug)]
pub struct World {
    /// The switches.
    pub knobs: Knobs,
    /// The clock.
    pub clock: Clock,
    /// User directories, highest priority first.
    pub directories: Vec<Directory>,
    /// How many people the licence allows; `None` is unlimited.
    pub max_users: Option<u32>,
    /// What the licence allows until, in milliseconds.
    pub licence_expires_ms: i64,
    /// Global permissions.
    pub(crate) grants: Vec<Grant>,
    /// Tokens and passwords.
    pub secrets: Secrets,
    /// The audit log.
    pub audit: AuditLog,
    /// Webhooks that an administrator registered.
    pub webhooks: Vec<Webhook>,
    /// Where the generic login event goes, as a listener script of a real site would send it.
    pub login_hook: Option<HookUrl>,
    /// What the webhooks answered.
    pub delivered: Vec<Delivered>,
    /// What the chat sinks received.
    pub chat: Vec<ChatPost>,
    /// Long tasks.
    pub tasks: Vec<Task>,
    /// Changes that a slow directory has not shown yet.
    pub pending: Vec<Pending>,
    /// How many changes really changed something.
    pub changes: u64,
    pub(crate) outbox: Vec<Delivery>,
    pub(crate) next_webhook: u64,
    users: Vec<User>,
    by_lower: HashMap<Arc<str>, UserId>,
    by_key: HashMap<u128, UserId>,
    by_name: Vec<UserId>,
    groups: Vec<Group>,
    groups_by_name: Vec<GroupId>,
    group_by_lower: HashMap<String, GroupId>,
    seats: Seats,
    shadows: BTreeMap<UserId, Vec<Shadow>>,
    spaces: Spaces,
}

impl World {
    /// An empty site with these directories.
    pub fn new(knobs: Knobs, clock: Clock, directories: Vec<Directory>) -> Self {
        Self {
            knobs,
            clock,
            directories,
            max_users: None,
            licence_expires_ms: clock.now_ms().saturating_add(300 * DAY_MS),
            grants: Vec::new(),
            secrets: Secrets::default(),
            audit: AuditLog::default(),
            webhooks: Vec::new(),
            login_hook: None,
            delivered: Vec::new(),
            chat: Vec::new(),
            tasks: Vec::new(),
            pending: Vec::new(),
            changes: 0,
            outbox: Vec::new(),
            next_webhook: 1,
            users: Vec::new(),
            by_lower: HashMap::new(),
            by_key: HashMap::new(),
            by_name: Vec::new(),
            groups: Vec::new(),
            groups_by_name: Vec::new(),
            group_by_lower: HashMap::new(),
            seats: Seats::default(),
            shadows: BTreeMap::new(),
            spaces: Spaces::default(),
        }
    }

    /// The present moment of the site in milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The account behind a number that this world gave out.
    #[expect(clippy::indexing_slicing, reason = "numbers are only made by this world and accounts are never dropped")]
    pub fn user(&self, id: UserId) -> &User {
        &self.users[id.index()]
    }

    /// The group behind a number that this world gave out.
    #[expect(clippy::indexing_slicing, reason = "numbers are only made by this world and groups are never dropped")]
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[id.index()]
    }

    #[expect(clippy::indexing_slicing, reason = "numbers are only made by this world and accounts are never dropped")]
    pub(crate) fn user_mut(&mut self, id: UserId) -> &mut User {
        &mut self.users[id.index()]
    }

    #[expect(clippy::indexing_slicing, reason = "numbers are only made by this world and groups are never dropped")]
    pub(crate) fn group_mut(&mut self, id: GroupId) -> &mut Group {
        &mut self.groups[id.index()]
    }

    /// The account with this name, in any case of letters.
    pub fn find_user(&self, username: &str) -> Option<UserId> {
        self.by_lower.get(username.to_lowercase().as_str()).copied()
    }

    /// The account with this key.
    pub fn find_key(&self, key: &str) -> Option<UserId> {
        u128::from_str_radix(key, 16).ok().and_then(|key| self.by_key.get(&key).copied())
    }

    /// The group with this name, in any case of letters.
    pub fn find_group(&self, name: &str) -> Option<GroupId> {
        self.group_by_lower.get(&name.to_lowercase()).copied()
    }

    /// Every account, in the order of creation.
    pub fn users(&self) -> impl ExactSizeIterator<Item = (UserId, &User)> {
        self.users.iter().enumerate().map(|(index, user)| (UserId(u32::try_from(index).unwrap_or(u32::MAX)), user))
    }

    /// Registered accounts in the order of their names.
    pub fn users_by_name(&self) -> &[UserId] {
        &self.by_name
    }

    /// Groups in the order of their names.
    pub fn groups_by_name(&self) -> &[GroupId] {
        &self.groups_by_name
    }

    /// Accounts that take a seat, longest without a login first, never logged in before that.
    pub fn seat_holders(&self) -> &[UserId] {
        self.seats.order()
    }

    /// How many seats are taken right now, those that only a duplicate keeps included.
    pub fn seats_used(&self) -> u32 {
        u32::try_from(self.seats.order().len()).unwrap_or(u32::MAX).saturating_add(self.seats_of_shadows())
    }

    /// How many seats the licence page shows: a count that may be some minutes old.
    pub fn seats_shown(&mut self) -> u32 {
        let (now, used, age) = (self.now_ms(), self.seats_used(), self.knobs.seat_cache_seconds.saturating_mul(1000));
        self.seats.shown(now, used, age)
    }

    /// The state of an account.
    pub fn status(&self, id: UserId) -> Status {
        let user = self.user(id);
        if user.removed || !self.directory_of(id).active {
            Status::ExternallyDeleted
        } else if !user.active {
            Status::Deactivated
        } else if self.may_use(id) {
            Status::Current
        } else {
            Status::Unlicensed
        }
    }

    /// The directory attribute `lastAuthenticated`, the other place where a site keeps logins. The two differ: single
    /// sign-on fills only one of them.
    pub fn last_authenticated_ms(&self, id: UserId) -> Option<i64> {
        let at = self.user(id).last_login_ms?;
        let later = match id.0 % 50 {
            13 => 20 * DAY_MS,
            number if number % 10 == 3 => DAY_MS / 2,
            number if number % 10 == 7 => return None,
            _ => 0,
        };
        Some(at.saturating_add(later)).filter(|later| *later <= self.now_ms()).or(Some(at))
    }

    /// The directory that holds the account.
    #[expect(clippy::indexing_slicing, reason = "directories are only added and accounts only refer to existing ones")]
    pub fn directory_of(&self, id: UserId) -> &Directory {
        &self.directories[usize::from(self.user(id).directory.0)]
    }

    /// Whether the site accepts writes at this moment.
    pub fn access_mode(&self) -> AccessMode {
        let over = self.knobs.over_limit_read_only && self.max_users.is_some_and(|max| self.seats_used() > max);
        if over { AccessMode::ReadOnly } else { self.knobs.access_mode }
    }

    /// Whether the account is in the group, directly or through nesting.
    pub fn is_member(&self, id: UserId, group: GroupId, nested: bool) -> bool {
        let groups = &self.user(id).groups;
        if nested {
            groups.iter().any(|own| self.group(*own).ancestors.contains(&group))
        } else {
            groups.contains(&group)
        }
    }

    /// The groups of an account in the order of their names.
    pub fn groups_of(&self, id: UserId, nested: bool) -> Vec<GroupId> {
        let mut all: Vec<GroupId> = Vec::new();
        for own in &self.user(id).groups {
            let found = if nested { self.group(*own).ancestors.as_slice() } else { std::slice::from_ref(own) };
            all.extend(found.iter().filter(|group| !self.group(**group).deleted));
        }
        all.sort_by(|a, b| self.group(*a).name.cmp(&self.group(*b).name));
        all.dedup();
        all
    }

    /// The group itself and everything that contains it.
    pub fn ancestors(&self, group: GroupId) -> impl Iterator<Item = GroupId> {
        self.group(group).ancestors.iter().copied()
    }

    /// Takes what has to leave the world: webhooks and login events.
    pub fn take_outbox(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.outbox)
    }
}
