//! Random accounts, policies and snapshots, dense where the rules have their edges.

use chrono::TimeDelta;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use seatkeeper_policy::{
    Account, Days, Decision, Directory, DirectoryWord, Evidence, Exemption, ExemptionSubject, GroupName, Instant,
    Match, Notice, Obstacle, Policy, Population, Presence, Provider, Rules, Snapshot, Source, Status, UserKey,
    Username,
    account::Sighting,
    decide,
    directory::DirectoryGuard,
    policy::{Cap, Measures},
    raw::RawPolicy,
    rules::{Members, Undeliverable, WarningRule},
    testing::{at, group, key, policy, snapshot},
};
use std::{collections::BTreeSet, sync::OnceLock};

/// The instant at which everything is judged.
pub fn noon() -> Instant {
    at("2026-11-22T12:00:00Z")
}

/// No login before this one is believed.
pub fn plausible(at: Instant) -> bool {
    at.timestamp() >= 1_072_915_200
}

/// Windows can only be made by way of a policy file, so here are some, each made once.
fn windows() -> &'static [Days] {
    static WINDOWS: OnceLock<Vec<Days>> = OnceLock::new();
    WINDOWS.get_or_init(|| {
        let one = |days: u32| {
            let text = format!("version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = {days}");
            let policy = Policy::try_from(toml::from_str::<RawPolicy>(&text).unwrap()).unwrap();
            policy.rules.inactive_after.unwrap()
        };
        [1, 14, 30, 35, 60, 90, 365].map(one).to_vec()
    })
}

/// One case, drawn from its number.
pub struct Draw(pub ChaCha8Rng);

impl Draw {
    pub fn one_in(&mut self, count: u32) -> bool {
        self.0.random_range(0..count) == 0
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.0.random_range(0..values.len())]
    }

    /// An instant: near the edge of a window, near now, anywhere in years, or impossible.
    pub fn when(&mut self) -> Instant {
        const DAY: i64 = 86_400;
        let near = [0, 1, 14, 30, 35, 60, 90, 365];
        let ago = match self.0.random_range(0..20) {
            0..9 => self.pick(&near) * DAY + self.0.random_range(-2..=2),
            9..17 => self.0.random_range(-5 * DAY..800 * DAY),
            17 => self.0.random_range(-310..=310),
            18 => self.0.random_range(-400 * DAY..0),
            _ => 365 * 50 * DAY,
        };
        noon() - TimeDelta::seconds(ago)
    }

    fn maybe<T>(&mut self, one_in: u32, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(one_in).then(|| draw(self))
    }

    fn evidence(&mut self) -> Evidence {
        const SOURCES: [Source; 7] = [
            Source::LoginEvent,
            Source::LastLogin,
            Source::AuditLog,
            Source::LoginInfo,
            Source::LastAuthenticated,
            Source::Import,
            Source::Contribution,
        ];
        let mut evidence = Evidence::default();
        for _ in 0..self.pick(&[0, 1, 1, 1, 2, 3]) {
            let sighting = self.sighting(&SOURCES);
            evidence.saw(sighting);
        }
        evidence.never = self.maybe(2, |draw| draw.pick(&[Source::LastLogin, Source::LoginInfo]));
        evidence
    }

    pub fn sighting(&mut self, sources: &[Source]) -> Sighting {
        Sighting { at: self.when(), source: self.pick(sources) }
    }

    pub fn obstacle(&mut self) -> Obstacle {
        match self.below(7) {
            0 => Obstacle::Individual,
            1 => Obstacle::OtherGroup(group("others")),
            2 => Obstacle::Inherited { group: group("confluence-users"), via: self.maybe(2, |_| group("staff")) },
            3 => Obstacle::ReadOnly { directory: "LDAP".into() },
            4 => Obstacle::Shadowed { directory: "Internal".into() },
            5 => Obstacle::TriedInVain { at: self.when(), detail: "204".into() },
            _ => Obstacle::ComesBack { taken: self.when() },
        }
    }

    fn notice(&mut self) -> Notice {
        let noticed = self.when();
        Notice { noticed, delivered: self.maybe(2, |draw| noticed.max(draw.when())), undeliverable: self.one_in(3) }
    }

    pub fn account(&mut self) -> Account {
        let number = self.below(500);
        let mut groups = BTreeSet::from([group("confluence-users")]);
        if self.one_in(3) {
            groups.insert(group("confluence-contractors"));
        }
        let marks = ["exempt-group", "staff"].into_iter().filter(|_| self.one_in(8)).map(group).collect();
        let status = match self.below(20) {
            0 => Status::Deactivated,
            1 => Status::ExternallyDeleted,
            2 => Status::Unlicensed,
            3 => Status::Unknown,
            _ => Status::Current,
        };
        Account {
            fixed: false,
            key: key(&format!("k{number}")),
            username: Username::parse(format!("user{number}")).unwrap(),
            display_name: String::new(),
            status,
            groups,
            marks,
            administrator: self.one_in(12),
            obstacles: if self.one_in(8) { vec![self.obstacle()] } else { Vec::new() },
            email: self.maybe(2, |draw| format!("u{number}@{}", draw.pick(&["example.com", "Example.org"]))),
            directory: self.maybe(2, |draw| draw.pick(&["LDAP", "Internal"]).to_owned()),
            created: self.maybe(4, Self::when),
            words: self.words(),
            evidence: self.evidence(),
            first_seen: if self.one_in(3) { noon() - TimeDelta::days(2_000) } else { self.when() },
            restored: self.maybe(5, Self::when),
            reenabled: self.maybe(8, Self::when),
            notice: self.maybe(2, Self::notice),
        }
    }

    fn words(&mut self) -> Vec<DirectoryWord> {
        const SAID: [Presence; 8] = [
            Presence::Active,
            Presence::Locked,
            Presence::Unknown,
            Presence::Disabled,
            Presence::Disabled,
            Presence::Disabled,
            Presence::Absent,
            Presence::Absent,
        ];
        let names = ["entra", "crowd", "gone from the policy"];
        let spoken: Vec<_> = names.into_iter().filter(|_| self.one_in(4)).collect();
        let word = |name: &str| DirectoryWord {
            directory: name.to_owned(),
            presence: self.pick(&SAID),
            since: if self.one_in(2) { noon() } else { self.when() },
        };
        spoken.into_iter().map(word).collect()
    }

    fn directory(&mut self, name: &str, provider: Provider) -> Directory {
        Directory {
            name: name.to_owned(),
            provider,
            matching: Match::Username,
            responsible: None,
            leavers: !self.one_in(4),
            absent_after: self.maybe(2, |draw| draw.pick(windows())),
            sign_ins: false,
            one_by_one: false,
            guard: DirectoryGuard { leavers_percent: 10, leavers_accounts: 10, drop_percent: 20, unknown_percent: 5 },
        }
    }

    fn rules(&mut self) -> Rules {
        let mut days = |usual: usize| if self.one_in(3) { self.pick(windows()) } else { windows()[usual] };
        let (inactive, never, young, restored) = (days(5), days(4), days(2), days(2));
        let inactive = (!self.one_in(10)).then_some(inactive);
        let never = (!self.one_in(4) || inactive.is_none()).then_some(never);
        Rules {
            inactive_after: inactive,
            never_logged_in_after: never,
            young,
            warm_up: self.maybe(4, |draw| draw.pick(windows())),
            restored_grace: restored,
            measures: Measures { disable: self.one_in(2), rename: self.one_in(2) },
            warning: self.maybe(3, |draw| WarningRule {
                grace: draw.pick(windows()),
                quiet: draw.one_in(2),
                undeliverable: draw.pick(&[Undeliverable::Wait, Undeliverable::Act]),
                subject: "subject".into(),
                text: "text".into(),
            }),
        }
    }

    fn population(&mut self, number: usize) -> Population {
        let mut members = Members::default();
        match self.below(4) {
            0 => members.groups.insert(group("staff")),
            1 => members.directories.insert("LDAP".into()),
            2 => members.mail_domains.insert("example.com".into()),
            _ => members.users.insert(format!("USER*{}", self.below(10))),
        };
        let (priority, rules) = (self.pick(&[1, 1, 2]), self.rules());
        Population { name: format!("p{number}"), priority, members, rules }
    }

    fn exemption(&mut self) -> Exemption {
        let subject = match self.below(3) {
            0 => ExemptionSubject::Group(group("exempt-group")),
            1 => ExemptionSubject::User(Username::parse(format!("USER{}", self.below(500))).unwrap()),
            _ => ExemptionSubject::Pattern(format!("user*{}", self.below(10))),
        };
        Exemption { subject, why: "w".into(), owner: "o".into(), expires: self.maybe(2, Self::when) }
    }

    pub fn policy(&mut self) -> Policy {
        let mut populations: Vec<_> = (0..self.pick(&[0, 0, 1, 2])).map(|number| self.population(number)).collect();
        populations.sort_by(|a, b| (b.priority, &a.name).cmp(&(a.priority, &b.name)));
        let [accounts, percent, percent_from] = [1..6, 1..101, 1..10].map(|range| self.0.random_range(range));
        let directories = if self.one_in(4) {
            Vec::new()
        } else {
            vec![self.directory("entra", Provider::Graph), self.directory("crowd", Provider::Crowd)]
        };
        Policy {
            rules: self.rules(),
            directories,
            populations,
            exemptions: (0..self.pick(&[0, 0, 1, 2])).map(|_| self.exemption()).collect(),
            cap: Cap { accounts, percent, percent_from },
            ..policy()
        }
    }

    /// Everybody once, as a snapshot has it.
    pub fn snapshot(&mut self) -> Snapshot {
        let mut met = BTreeSet::new();
        let mut accounts: Vec<_> = (0..self.below(12)).map(|_| self.account()).collect();
        accounts.retain(|account| met.insert(account.key.clone()));
        let administrators = accounts.iter().filter(|a| a.administrator).map(|a| a.key.clone()).collect();
        Snapshot { own: key("k7"), administrators, ..snapshot(accounts) }
    }
}

/// Judges everybody in a snapshot.
pub fn judged(policy: &Policy, snapshot: &Snapshot) -> Vec<Decision> {
    snapshot.accounts.iter().map(|account| decide(policy, account, &snapshot.own, noon())).collect()
}

/// Why an account must never be planned, told once more in other words than those of `decide`. `emergency` is the
/// floor of an emergency, in days.
pub fn protection(policy: &Policy, account: &Account, own: &UserKey, emergency: Option<u32>) -> Option<&'static str> {
    let now = noon();
    let rules = policy.governing(account).rules;
    let ago = |at: Instant, days: Days| now - at < TimeDelta::days(i64::from(days.get()));
    let member = |group: &GroupName| account.groups.contains(group) || account.marks.contains(group);
    let created = account.created.filter(|created| plausible(*created));
    let known_since = created.unwrap_or(account.first_seen).min(account.first_seen);
    let newest = account.evidence.sightings.iter().map(|sighting| sighting.at).max();
    let seen = account.evidence.sightings.iter().map(|sighting| sighting.at).filter(|at| plausible(*at));
    let existed_since = seen.min().unwrap_or(known_since).min(known_since);
    let says = |words: &[Presence]| {
        let known = account.words.iter().filter(|word| policy.directories.iter().any(|d| d.name == word.directory));
        known.filter(|word| words.contains(&word.presence)).count() > 0
    };
    let here = says(&[Presence::Active, Presence::Locked]);
    if !here && says(&[Presence::Unknown]) {
        return Some("a directory is silent");
    }
    let gone = |directory: &Directory, word: &DirectoryWord| match word.presence {
        Presence::Disabled => directory.leavers,
        Presence::Absent => directory.leavers && directory.absent_after.is_some_and(|after| !ago(word.since, after)),
        _ => false,
    };
    let left = account.words.iter().find(|word| {
        !here && policy.directories.iter().any(|directory| directory.name == word.directory && gone(directory, word))
    });
    let activity = left.is_none();
    let checks = [
        (account.key == *own, "own"),
        (account.status != Status::Current, "no seat"),
        (account.administrator, "administrator"),
        (policy.exemptions.iter().any(|e| e.covers(&account.username, member, now)), "exempt"),
        (account.restored.is_some_and(|at| ago(at, rules.restored_grace)), "restored"),
        (account.reenabled.is_some_and(|at| ago(at, rules.restored_grace)), "enabled again"),
        (rules.warm_up.is_some_and(|length| ago(account.first_seen, length)), "warming up"),
        (!account.obstacles.is_empty(), "obstacle"),
        (left.is_some_and(|word| account.evidence.sightings.iter().any(|s| s.at > word.since)), "left, and seen since"),
        (left.is_some() && ago(existed_since, rules.young), "left, and young"),
        (activity && newest.is_none() && account.evidence.never.is_none(), "unknown"),
        (activity && newest.is_none_or(|at| at >= known_since) && ago(known_since, rules.young), "young"),
        (activity && newest.is_some_and(|at| at > now || !plausible(at)), "impossible"),
        (
            activity && newest.is_some_and(|at| rules.inactive_after.is_none_or(|window| now - at <= window.delta())),
            "active",
        ),
        (activity && newest.is_none() && rules.never_logged_in_after.is_none(), "never left alone"),
        (
            activity && emergency.is_some_and(|days| newest.is_some_and(|at| now - at <= TimeDelta::days(days.into()))),
            "floor",
        ),
    ];
    checks.into_iter().find_map(|(holds, why)| holds.then_some(why))
}
