//! People of a lab: adding some, changing them behind the product's back, and what is true of them.

use crate::lab::{Lab, arc};
use chrono::TimeDelta;
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::world::{Change, DirectoryId, Shadow, User, UserId};
use std::collections::BTreeMap;

/// Name, whether active, and direct groups of every account, by key.
pub type Facts = BTreeMap<String, (String, bool, Vec<String>)>;

/// An account that is about to be added.
pub struct Newcomer<'a> {
    lab: &'a Lab,
    name: &'a str,
    idle: Option<i64>,
    groups: &'a [&'a str],
    directory: u8,
    created: Option<i64>,
    mail: Option<&'a str>,
}

impl<'a> Newcomer<'a> {
    /// Last seen so many days ago; none means never.
    #[must_use]
    pub fn idle(mut self, days: Option<i64>) -> Self {
        self.idle = days;
        self
    }

    /// A direct member of these groups.
    #[must_use]
    pub fn groups(mut self, groups: &'a [&'a str]) -> Self {
        self.groups = groups;
        self
    }

    /// From the directory at this place: 0 is the internal one, 1 LDAP, 2 Crowd.
    #[must_use]
    pub fn directory(mut self, place: u8) -> Self {
        self.directory = place;
        self
    }

    /// Made so many days ago.
    #[must_use]
    pub fn created(mut self, days: i64) -> Self {
        self.created = Some(days);
        self
    }

    /// With this mail address; an empty one is none.
    #[must_use]
    pub fn mail(mut self, address: &'a str) -> Self {
        self.mail = Some(address);
        self
    }

    /// Adds it.
    pub fn add(self) -> UserKey {
        let mut world = self.lab.world();
        let model = world.find_user("sk-bot").map(|id| world.user(id).clone()).unwrap();
        let now = world.now_ms();
        let ago = |days: i64| now - TimeDelta::days(days).num_milliseconds();
        let number = u128::try_from(world.users().len()).unwrap();
        let mut user: User = model;
        user.username = arc(self.name);
        user.lower = arc(&self.name.to_lowercase());
        user.key = (0x4028_0000_0000_0000_u128 << 64) | number;
        user.display_name = format!("{} of the lab", self.name).into();
        user.email = self.mail.map(Into::into);
        user.directory = DirectoryId(self.directory);
        user.created_ms = self.created.map_or(user.created_ms, ago);
        user.groups = Vec::new();
        user.last_login_ms = self.idle.map(ago);
        let id = world.add_user(None, user).unwrap();
        for group in self.groups {
            let group = world.find_group(group).unwrap();
            world.apply(None, id, Change::Join(group));
        }
        world.set_last_login(id, self.idle.map(ago));
        world.changes = 0;
        UserKey::parse(world.user(id).key_text()).unwrap()
    }
}

impl Lab {
    /// Adds an account to `confluence-users` that was last seen so many days ago; none means never.
    pub fn add(&self, name: &str, idle_days: Option<i64>) -> UserKey {
        self.add_to(name, idle_days, &["confluence-users"])
    }

    /// Adds an account to these groups.
    pub fn add_to(&self, name: &str, idle_days: Option<i64>, groups: &[&str]) -> UserKey {
        self.newcomer(name).idle(idle_days).groups(groups).add()
    }

    /// An account that is about to be added: in the internal directory, in no group, without a login.
    pub fn newcomer<'a>(&'a self, name: &'a str) -> Newcomer<'a> {
        Newcomer { lab: self, name, idle: None, groups: &[], directory: 0, created: None, mail: None }
    }

    /// The account, whatever it is called now.
    pub fn id(&self, key: &UserKey) -> UserId {
        self.world().find_key(key.as_str()).unwrap()
    }

    /// The key of an account by name.
    pub fn key(&self, name: &str) -> UserKey {
        let world = self.world();
        UserKey::parse(world.user(world.find_user(name).unwrap()).key_text()).unwrap()
    }

    /// Changes an account behind the product's back.
    pub fn change(&self, key: &UserKey, change: Change) {
        let id = self.id(key);
        self.world().apply(None, id, change);
    }

    /// Puts an account into a group behind the product's back.
    pub fn join(&self, key: &UserKey, group: &str) {
        let group = self.world().find_group(group).unwrap();
        self.change(key, Change::Join(group));
    }

    /// Takes an account out of a group behind the product's back.
    pub fn leave(&self, key: &UserKey, group: &str) {
        let group = self.world().find_group(group).unwrap();
        self.change(key, Change::Leave(group));
    }

    /// Whether the account takes a seat.
    pub fn has_seat(&self, key: &UserKey) -> bool {
        let id = self.id(key);
        self.world().user(id).has_seat()
    }

    /// Direct groups of an account.
    pub fn groups(&self, key: &UserKey) -> Vec<String> {
        let id = self.id(key);
        let world = self.world();
        world.groups_of(id, false).iter().map(|group| world.group(*group).name.to_string()).collect()
    }

    /// What is true of everybody.
    pub fn facts(&self) -> Facts {
        let world = self.world();
        world
            .users()
            .map(|(id, user)| {
                let groups = world.groups_of(id, false);
                let groups = groups.iter().map(|group| world.group(*group).name.to_string()).collect();
                (user.key_text(), (user.username.to_string(), user.active, groups))
            })
            .collect()
    }

    /// A lower directory holds an account of the same name, with the same groups.
    pub fn shadow(&self, key: &UserKey, directory: u8, active: bool) {
        let id = self.id(key);
        let mut world = self.world();
        let (groups, created_ms) = (world.user(id).groups.clone(), world.user(id).created_ms);
        world.add_shadow(id, Shadow { directory: DirectoryId(directory), active, created_ms, groups });
    }

    /// The present name of an account.
    pub fn name(&self, key: &UserKey) -> String {
        let id = self.id(key);
        self.world().user(id).username.to_string()
    }

    /// Sets the last login of one account to so many days ago, without any other trace.
    pub fn was_here(&self, key: &UserKey, days: i64) {
        let id = self.id(key);
        let mut world = self.world();
        let at = world.now_ms() - TimeDelta::days(days).num_milliseconds();
        world.set_last_login(id, Some(at));
    }

    /// Seats used.
    pub fn seats_used(&self) -> u32 {
        self.world().seats_used()
    }

    /// Sets the licence so that so many seats are free.
    pub fn free_seats(&self, free: u32) {
        let mut world = self.world();
        world.max_users = Some(world.seats_used() + free);
    }
}
