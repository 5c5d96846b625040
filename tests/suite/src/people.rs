//! People of a lab: adding some, changing them behind the product's back, and what is true of them.

use crate::lab::{Lab, arc};
use chrono::TimeDelta;
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::world::{Change, User, UserId};
use std::collections::BTreeMap;

/// Name, whether active, and direct groups of every account, by key.
pub type Facts = BTreeMap<String, (String, bool, Vec<String>)>;

impl Lab {
    /// Adds an account to `confluence-users` that was last seen so many days ago; none means never.
    pub fn add(&self, name: &str, idle_days: Option<i64>) -> UserKey {
        self.add_to(name, idle_days, &["confluence-users"])
    }

    /// Adds an account to these groups.
    pub fn add_to(&self, name: &str, idle_days: Option<i64>, groups: &[&str]) -> UserKey {
        let mut world = self.world();
        let model = world.find_user("sk-bot").map(|id| world.user(id).clone()).unwrap();
        let now = world.now_ms();
        let last_login_ms = idle_days.map(|days| now - TimeDelta::days(days).num_milliseconds());
        let number = u128::try_from(world.users().len()).unwrap();
        let mut user: User = model;
        user.username = arc(name);
        user.lower = arc(&name.to_lowercase());
        user.key = (0x4028_0000_0000_0000_u128 << 64) | number;
        user.display_name = format!("{name} of the lab").into();
        user.email = None;
        user.groups = Vec::new();
        user.last_login_ms = last_login_ms;
        let id = world.add_user(None, user).unwrap();
        for group in groups {
            let group = world.find_group(group).unwrap();
            world.apply(None, id, Change::Join(group));
        }
        world.set_last_login(id, last_login_ms);
        world.changes = 0;
        UserKey::parse(world.user(id).key_text()).unwrap()
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
