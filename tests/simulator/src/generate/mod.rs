//! Seeded populations from a hundred to a million accounts, with the shapes of real sites.
//!
//! The same shape gives the same world, account by account. The order inside a population: the administrators, the
//! awkward names, the service accounts, then people.

mod names;
mod site;
mod space;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::knobs::Knobs;
use crate::world::{
    Action, Author, Clock, DAY_MS, DirectoryId, Grant, GroupId, Operation, Subject, User, UserId, World,
};
use names::{FIRST, LAST, ODD, SERVICES};
use site::{Place, directories, groups, team_count};

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many accounts; fewer than 100 are made 100.
    pub users: u32,
    /// The seed.
    pub seed: u64,
    /// The clock that the world will have; ages are counted back from its present moment.
    pub clock: Clock,
}

/// Logins that are older than this are no longer in the audit log.
const AUDIT_DAYS: i64 = 400;

/// Ages of the last login in days, and how many people in a thousand have it. `None` never logged in.
const BANDS: [(Option<Range<i64>>, u32); 8] = [
    (None, 60),
    (Some(0..7), 400),
    (Some(7..30), 180),
    (Some(30..90), 120),
    (Some(90..180), 80),
    (Some(180..365), 80),
    (Some(365..730), 50),
    (Some(730..2500), 30),
];

/// A site with its people.
pub fn population(shape: Shape) -> World {
    let total = shape.users.max(100);
    let mut world = World::new(Knobs::default(), shape.clock, directories());
    let mut maker = Maker {
        rng: ChaCha8Rng::seed_from_u64(shape.seed),
        now: shape.clock.now_ms(),
        teams: team_count(total),
        key_prefix: 0,
        users: Vec::with_capacity(total as usize),
        taken: HashMap::new(),
    };
    maker.key_prefix = u128::from(maker.rng.next_u64() | 0x2000_0000_0000_0000) << 64;
    maker.administrators((total / 500).clamp(2, 30));
    maker.awkward();
    maker.services((total / 100).clamp(5, 2000));
    while maker.users.len() < total as usize {
        maker.person();
    }
    let logins = maker.logins();
    // Nesting and permissions are there before the accounts, so that lists and seats are computed only once.
    world.grants = site::permissions();
    let individually = maker.users.iter().position(|user| &*user.username == "individual.grant");
    if let Some(id) = individually.and_then(|index| u32::try_from(index).ok()) {
        world
            .grants
            .push(Grant { operation: Operation::new("application", "use"), subject: Subject::User(UserId(id)) });
    }
    let groups = groups(maker.teams);
    let shadowed = |(user, id): (&User, u32)| {
        let id = UserId(id);
        (user.shadows > 0).then(|| (id, space::shadow(id, user, &groups)))
    };
    let shadows: Vec<_> = maker.users.iter().zip(0..).filter_map(shadowed).collect();
    world.load(maker.users, groups);
    for (id, shadow) in shadows {
        world.add_shadow(id, shadow);
    }
    space::spaces(&mut world);
    world.audit.load(logins);
    world.max_users = Some(licence_for(world.seats_used()));
    world.changes = 0;
    world
}

/// The smallest licence on the price list that is enough.
fn licence_for(seats: u32) -> u32 {
    const TIERS: [u32; 14] = [100, 250, 500, 1000, 2000, 3000, 4000, 5000, 6000, 8000, 10_000, 15_000, 20_000, 25_000];
    TIERS.into_iter().find(|tier| *tier >= seats).unwrap_or_else(|| seats.div_ceil(10_000).saturating_mul(10_000))
}

struct Maker {
    rng: ChaCha8Rng,
    now: i64,
    teams: u16,
    key_prefix: u128,
    users: Vec<User>,
    taken: HashMap<(usize, usize), u32>,
}

impl Maker {
    fn push(
        &mut self,
        username: &str,
        display_name: &str,
        directory: DirectoryId,
        created: i64,
        login: Option<i64>,
    ) -> &mut User {
        let username: Arc<str> = Arc::from(username);
        let lowered = username.to_lowercase();
        let lower = if lowered == *username { Arc::clone(&username) } else { Arc::from(lowered) };
        let number = self.users.len() as u128;
        let seconds = u128::from(u32::try_from(created / 1000).unwrap_or_default());
        self.users.push(User {
            username,
            lower,
            key: self.key_prefix | (seconds << 32) | number,
            display_name: display_name.into(),
            email: None,
            directory,
            shadows: 0,
            active: true,
            removed: false,
            created_ms: created,
            last_login_ms: login,
            groups: Vec::new(),
            seat: false,
        });
        let last = self.users.len().saturating_sub(1);
        #[expect(clippy::indexing_slicing, reason = "the entry was pushed a line above")]
        &mut self.users[last]
    }

    /// A moment so many days ago, not on the stroke of midnight.
    fn days_ago(&mut self, days: Range<i64>) -> i64 {
        self.now.saturating_sub(self.rng.random_range(days.start * DAY_MS..days.end * DAY_MS)).saturating_sub(60_000)
    }

    /// Made before the first login, at most ten years ago.
    fn created_before(&mut self, login: Option<i64>) -> i64 {
        let latest = login.unwrap_or(self.now);
        let oldest = self.now.saturating_sub(3650 * DAY_MS);
        if latest <= oldest { latest } else { self.rng.random_range(oldest..latest) }
    }

    fn band(&mut self) -> Option<i64> {
        let mut draw = self.rng.random_range(0..1000_u32);
        for (days, share) in BANDS {
            if draw < share {
                return days.map(|days| self.days_ago(days));
            }
            draw = draw.saturating_sub(share);
        }
        None
    }

    fn administrators(&mut self, count: u32) {
        for number in 0..count {
            let (name, full) = match number {
                0 => ("admin".to_owned(), "Site Administrator".to_owned()),
                _ => (format!("admin{number}"), format!("Administrator {number}")),
            };
            let login = self.days_ago(0..20);
            let created = self.now.saturating_sub(3000 * DAY_MS);
            // Only the first two hold the licence group as well: the others keep their seat by the administrators' group.
            let groups = if number < 2 { vec![Place::USERS, Place::ADMINS] } else { vec![Place::ADMINS] };
            self.push(&name, &full, Place::INTERNAL, created, Some(login)).groups = groups;
        }
    }

    fn awkward(&mut self) {
        for (number, (name, full)) in ODD.iter().enumerate() {
            let band = BANDS.get(number % BANDS.len()).and_then(|(days, _)| days.clone());
            let login = band.map(|days| self.days_ago(days));
            let created = login.unwrap_or(self.now).saturating_sub(400 * DAY_MS);
            let groups = if *name == "individual.grant" { vec![Place::JIRA] } else { vec![Place::USERS] };
            self.push(name, full, Place::INTERNAL, created, login).groups = groups;
        }
    }

    fn services(&mut self, count: u32) {
        for number in 0..count {
            let what = SERVICES.get(number as usize % SERVICES.len()).copied().unwrap_or("job");
            let round = number as usize / SERVICES.len();
            let name = if round == 0 { format!("svc-{what}") } else { format!("svc-{what}-{round}") };
            // Most programs come with tokens, which leave no login behind.
            let login = if self.rng.random_bool(0.7) { None } else { Some(self.days_ago(100..1500)) };
            let created = self.created_before(login);
            self.push(&name, &format!("Service {what}"), Place::INTERNAL, created, login).groups = vec![Place::USERS];
        }
    }

    fn person(&mut self) {
        let directory = match self.rng.random_range(0..1000) {
            0..450 => Place::LDAP,
            450..700 => Place::INTERNAL,
            700..970 => Place::CROWD,
            970..995 => Place::DELEGATING,
            _ => Place::RETIRED,
        };
        let (first, last) = (self.rng.random_range(0..FIRST.len()), self.rng.random_range(0..LAST.len()));
        let (given, family) = (FIRST.get(first).copied().unwrap_or(""), LAST.get(last).copied().unwrap_or(""));
        let round = self.taken.entry((first, last)).and_modify(|count| *count = count.saturating_add(1)).or_insert(0);
        let suffix = if *round == 0 { String::new() } else { round.to_string() };
        let name = match directory {
            Place::CROWD => format!("e{}", 100_000_usize.saturating_add(self.users.len())),
            Place::DELEGATING => format!("{given}.{family}{suffix}"),
            _ => format!("{given}.{family}{suffix}").to_lowercase(),
        };
        let full = format!("{given} {family}");
        let fate = self.rng.random_range(0..1000);
        // Leavers were here once, mostly some time ago.
        let login = if fate < 90 && self.rng.random_bool(0.9) { Some(self.days_ago(60..1500)) } else { self.band() };
        let created = if login.is_none() && self.rng.random_bool(0.3) {
            self.days_ago(0..14)
        } else {
            self.created_before(login)
        };
        let groups = self.memberships(fate, directory);
        let shadows = u8::from(directory != Place::RETIRED && self.rng.random_bool(0.01));
        let user = self.push(&name, &full, directory, created, login);
        user.active = fate >= 90;
        user.removed = (90..100).contains(&fate);
        user.groups = groups;
        user.shadows = shadows;
    }

    fn memberships(&mut self, fate: i32, directory: DirectoryId) -> Vec<GroupId> {
        let mut groups = Vec::with_capacity(4);
        // A leaver often keeps the licence group; one in four active accounts without it just reads mail about pages.
        let licensed = if fate < 90 { self.rng.random_bool(0.5) } else { fate >= 140 };
        if licensed {
            match self.rng.random_range(0..100) {
                0..82 => groups.push(Place::USERS),
                82..92 => groups.push(Place::CONTRACTORS),
                92..94 => groups.push(Place::CONTRACTORS_EMEA),
                94..97 => groups.extend([Place::USERS, Place::CONTRACTORS]),
                _ if directory == Place::LDAP => groups.push(Place::LDAP_READERS),
                _ => groups.push(Place::USERS),
            }
        }
        if directory == Place::LDAP {
            groups.push(Place::ALL_STAFF);
        }
        match self.rng.random_range(0..100) {
            0..40 => groups.push(Place::team(self.rng.random_range(0..self.teams))),
            40..55 => groups.push(Place::JIRA),
            55..60 => groups.push(Place::MARKETING),
            60..63 => groups.push(Place::SUPPORT),
            _ => {}
        }
        groups
    }

    fn logins(&self) -> Vec<(i64, Author, Action)> {
        let oldest = self.now.saturating_sub(AUDIT_DAYS * DAY_MS);
        let recent = |(user, id): (&User, u32)| {
            let at = user.last_login_ms.filter(|at| *at >= oldest)?;
            Some((at, Author::Anonymous, Action::Login(UserId(id))))
        };
        self.users.iter().zip(0..).filter_map(recent).collect()
    }
}
