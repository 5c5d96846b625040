//! One simulated Confluence with one store, and time that stands until somebody waits.

use crate::{directory::LabDirectory, tap::give_way};
use chrono::{DateTime, TimeDelta, Utc};
use seatkeeper_engine::{
    ports::{Clock, ErrorClass},
    testing::MemoryStore,
};
use seatkeeper_simulator::{
    Config, Simulator,
    knobs::Knobs,
    world::{Clock as SiteClock, World},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    sync::{Arc, MutexGuard},
    time::Duration,
};

/// The policy of most tests: approve by hand, groups only, 90 days, a generous cap.
pub const POLICY: &str = r#"version = 1
mode = "approve"
licence-groups = ["confluence-users", "confluence-contractors"]
inactive.after-days = 90
never-logged-in.after-days = 60
cap = { accounts = 20, percent = 100 }
"#;

/// The first instant of every lab: noon, so that a test of an hour stays on one day.
pub const START: &str = "2026-11-22T12:00:00Z";

/// Turns that others get while somebody sleeps: more than any two calls of a [`crate::Tap`] take.
const TURNS_OF_A_SLEEP: u32 = 16;

/// A site of which everybody was active yesterday, with its store.
pub struct Lab {
    /// The site.
    pub sim: Simulator,
    /// The state of all components.
    pub store: MemoryStore,
    /// The site's clock, which all components share.
    pub clock: LabClock,
    /// Whether runners have an executor for renames.
    pub crowd: bool,
    /// Whether sweeps read the site's database.
    pub database: bool,
    /// Accounts in memory at a time, where a test wants other parts than usual.
    pub part: Option<u64>,
    /// Reading accounts from the database fails so, as long as it is set.
    pub database_fault: Cell<Option<ErrorClass>>,
    /// Outside directories, by the name that the policy gives them.
    pub directories: RefCell<BTreeMap<String, LabDirectory>>,
    /// Keys that begin so cannot be written: the store is full. An empty text means all.
    pub full: RefCell<Option<String>>,
    starts: Cell<u32>,
}

/// The site's clock as a port.
#[derive(Clone)]
pub struct LabClock(pub Simulator);

impl Default for Lab {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Lab {
    /// A site of sixty accounts with these knobs turned.
    pub fn with(knobs: &[(&str, &str)]) -> Self {
        Self::of(60, knobs)
    }

    /// A site of so many accounts with these knobs turned.
    pub fn of(users: u32, knobs: &[(&str, &str)]) -> Self {
        let mut all = Knobs::default();
        for (name, value) in knobs {
            all.set(name, value).unwrap();
        }
        let start: DateTime<Utc> = START.parse().unwrap();
        let clock = SiteClock::Standing { now_ms: start.timestamp_millis() };
        let sim = Simulator::new(Config { users, knobs: all, clock, ..Config::default() });
        let lab = Self {
            clock: LabClock(sim.clone()),
            store: MemoryStore::default(),
            crowd: false,
            database: false,
            part: None,
            full: RefCell::default(),
            directories: RefCell::default(),
            database_fault: Cell::default(),
            starts: Cell::new(0),
            sim,
        };
        lab.everybody_was_here(1);
        lab
    }

    /// The world; let go of it before the next request.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.sim.world()
    }

    /// Turns a knob.
    pub fn set(&self, name: &str, value: &str) {
        self.world().knobs.set(name, value).unwrap();
    }

    /// The present instant.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn pass(&self, time: TimeDelta) {
        self.world().clock.advance(time.num_seconds());
    }

    /// A name that no other runner has.
    pub fn next_runner(&self) -> String {
        self.starts.set(self.starts.get() + 1);
        format!("runner-{}", self.starts.get())
    }

    /// Everybody logged in so many days ago.
    pub fn everybody_was_here(&self, days: i64) {
        let mut world = self.world();
        let at = world.now_ms() - TimeDelta::days(days).num_milliseconds();
        let all: Vec<_> = world.users().map(|(id, _)| id).collect();
        for id in all {
            world.set_last_login(id, Some(at));
        }
    }
}

impl Clock for LabClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.world().now_ms()).unwrap()
    }

    async fn sleep(&self, how_long: Duration) {
        let end = (self.now() + TimeDelta::from_std(how_long).unwrap()).timestamp_millis();
        // Calls take a few turns at most, and even a short sleep is longer than that.
        for _ in 0..TURNS_OF_A_SLEEP {
            give_way().await;
        }
        if let SiteClock::Standing { now_ms } = &mut self.0.world().clock {
            *now_ms = (*now_ms).max(end);
        }
    }
}

/// A name that the simulator's interfaces and ours both take.
pub(crate) fn arc(text: &str) -> Arc<str> {
    Arc::from(text)
}
